/** How Multicast DNS is heard and spoken; `multicast-sockets.ts` does it. */
import type { Link } from './links.ts';

export interface Peer {
  readonly address: string;
  readonly port: number;
}

export interface MulticastOptions {
  /**
   * `shared`: hears and speaks at the port of Multicast DNS. `private`: at a port of its own, where only answers to its
   * questions come, sent to it alone (RFC 6762 section 6.7).
   */
  readonly mode: 'shared' | 'private';
  /** Called for each packet from one of the links. */
  readonly onPacket: (link: Link, bytes: Buffer, from: Peer) => void;
  /** Something did not work: a socket could not be opened, a packet not be sent. It may be called often. */
  readonly onError: (error: Error, link?: Link) => void;
}

/** Names of links. */
export interface UsableLinks {
  readonly open: readonly string[];
  readonly fresh: readonly string[];
}

export interface MulticastPort {
  /**
   * Uses exactly these links, and joins the group again where an interface was away meanwhile.
   *
   * @returns names of the links that can be used, and of those among them that were opened or joined anew: what was said
   *   there before was not heard
   */
  setLinks(links: readonly Link[]): Promise<UsableLinks>;
  /**
   * To the group on a link, or to one peer there. Resolves when the kernel has it, also when that failed.
   *
   * @param link its name
   */
  send(link: string, bytes: Buffer, to?: Peer): Promise<void>;
  /** Repeatable. */
  close(): void;
}
