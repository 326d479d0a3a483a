/**
 * Sends and receives on the links of this machine: one socket that hears the group on all of them, and one for each link
 * that speaks there. Several programs do so at once on one machine, a DNS-SD daemon among them: all share the port.
 */
import { createSocket, type Socket } from 'node:dgram';
import { mdnsGroup, mdnsPort } from './eliot-service.ts';
import { type Link, linkOf } from './links.ts';
import type { MulticastOptions, MulticastPort, Peer, UsableLinks } from './multicast-port.ts';

/** RFC 6762 section 11. */
const multicastTtl = 255;

export class MulticastSockets implements MulticastPort {
  readonly #options: MulticastOptions;
  readonly #speakers = new Map<string, { readonly link: Link; readonly socket: Socket }>();
  #hearer: Socket | undefined;
  #isClosed = false;

  constructor(options: MulticastOptions) {
    this.#options = options;
  }

  async setLinks(links: readonly Link[]): Promise<UsableLinks> {
    if (this.#isClosed) return { open: [], fresh: [] };
    const wanted = new Map(links.map((link) => [keyOf(link), link]));
    for (const [key, { socket, link }] of this.#speakers) {
      if (wanted.has(key)) continue;
      this.#speakers.delete(key);
      this.#leave(link);
      close(socket);
    }
    if (this.#options.mode === 'shared' && links.length > 0) await this.#hear();
    const fresh: string[] = [];
    for (const [key, link] of wanted) {
      const isNew = this.#join(link);
      const speaker = this.#speakers.get(key);
      if (speaker && !isNew) {
        this.#speakers.set(key, { ...speaker, link });
        continue;
      }
      // Its interface was away and came back: the socket speaks to one that is no more.
      if (speaker) close(speaker.socket);
      this.#speakers.delete(key);
      if (await this.#speak(key, link)) fresh.push(link.name);
    }
    return { open: [...this.#links()].map(({ name }) => name), fresh };
  }

  send(linkName: string, bytes: Buffer, to: Peer = { address: mdnsGroup, port: mdnsPort }): Promise<void> {
    const speaker = [...this.#speakers.values()].find(({ link }) => link.name === linkName);
    if (speaker === undefined) return Promise.resolve();
    const { socket, link } = speaker;
    return new Promise((resolve) => {
      socket.send(bytes, to.port, to.address, (error) => {
        if (error) this.#options.onError(error, link);
        resolve();
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const { socket } of this.#speakers.values()) close(socket);
    this.#speakers.clear();
    if (this.#hearer) close(this.#hearer);
    this.#hearer = undefined;
  }

  async #hear(): Promise<void> {
    if (this.#hearer !== undefined) return;
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    if (!(await this.#bind(socket, mdnsPort, '0.0.0.0'))) return;
    this.#hearer = socket;
    socket.on('message', (bytes, from) => {
      const link = linkOf(this.#links(), from.address);
      if (link) this.#options.onPacket(link, bytes, from);
    });
  }

  async #speak(key: string, link: Link): Promise<boolean> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const isShared = this.#options.mode === 'shared';
    // At the group: at the link's own address it would take what is sent to others of this machine that share the port.
    const [port, address] = isShared ? [mdnsPort, mdnsGroup] : [0, link.address];
    if (!(await this.#bind(socket, port, address, link))) return false;
    try {
      socket.setMulticastInterface(link.address);
      socket.setMulticastTTL(multicastTtl);
      // Others on this machine hear us too.
      socket.setMulticastLoopback(true);
    } catch (error) {
      this.#options.onError(error as Error, link);
      close(socket);
      return false;
    }
    if (!isShared) {
      socket.on('message', (bytes, from) => {
        // Whoever is not on the link has no business here (RFC 6762 section 11).
        if (linkOf([link], from.address)) this.#options.onPacket(link, bytes, from);
      });
    }
    this.#speakers.set(key, { link, socket });
    return true;
  }

  async #bind(socket: Socket, port: number, address: string, link?: Link): Promise<boolean> {
    const bound = await new Promise<boolean>((resolve) => {
      socket.once('error', (error) => {
        this.#options.onError(error, link);
        resolve(false);
      });
      socket.bind({ port, address }, () => resolve(true));
    });
    socket.removeAllListeners('error');
    socket.on('error', (error) => this.#options.onError(error, link));
    if (bound && !this.#isClosed) return true;
    close(socket);
    return false;
  }

  /** @returns whether it was not a member before */
  #join(link: Link): boolean {
    if (this.#hearer === undefined) return false;
    try {
      this.#hearer.addMembership(mdnsGroup, link.address);
      return true;
    } catch (error) {
      // A member already: the usual case.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') this.#options.onError(error as Error, link);
      return false;
    }
  }

  #leave(link: Link): void {
    try {
      this.#hearer?.dropMembership(mdnsGroup, link.address);
    } catch {
      // The interface took it along.
    }
  }

  *#links(): Iterable<Link> {
    for (const { link } of this.#speakers.values()) yield link;
  }
}

function keyOf({ name, address }: Link): string {
  return `${name} ${address}`;
}

function close(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It was never opened.
  }
}
