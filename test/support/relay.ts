/** A TCP relay on loopback that counts what passes, and can cut connections after so many bytes. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Relay {
  /** Bytes from clients to the server, and back. */
  sentBytes = 0;
  receivedBytes = 0;
  /** How many connections were cut. */
  cuts = 0;
  /** After so many bytes more from clients the connection is reset, once. */
  cutAfterBytes: number | undefined;
  /** Called at each cut; says after how many bytes the next one comes. */
  onCut: () => number | undefined = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param port of the server on this machine */
  static async start(port: number): Promise<Relay> {
    const server = createServer((client) => relay.#join(client, port));
    const relay = new Relay(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket, port: number): void {
    const server = connect({ host: '127.0.0.1', port });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (piece: Buffer) => {
        if (from === server) this.receivedBytes += piece.length;
        const part = from === client ? this.#allowed(piece) : piece;
        if (!to.write(part)) from.pause();
        if (part.length < piece.length) {
          // What was written gets there: the cut comes after it.
          to.end();
          client.resetAndDestroy();
        }
      });
      to.on('drain', () => from.resume());
    }
  }

  #allowed(piece: Buffer): Buffer {
    const left = this.cutAfterBytes;
    const part = left === undefined ? piece : piece.subarray(0, left);
    this.sentBytes += part.length;
    if (left === undefined) return part;
    this.cutAfterBytes = left - part.length;
    if (part.length < piece.length) {
      this.cuts += 1;
      this.cutAfterBytes = this.onCut();
    }
    return part;
  }
}
