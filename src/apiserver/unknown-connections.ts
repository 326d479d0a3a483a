/**
 * Connections of which nobody knows yet whose they are: from the first packet until a certificate or a token is
 * recognised. They have a bound and a time limit of their own, so that strangers take no place away from those who are known,
 * however many there are.
 *
 * What holds for those who are about to come in: one connection from a network of its own is kept, whatever others do from fewer
 * networks than there are places. Against more of them those end first that keep silent, and then it is chance: whoever comes
 * in within a second ends with each newcomer by one to the number of places, and may try again.
 */
import type { Clock } from '../lib/clock.ts';
import type { Socket } from './authn.ts';
import { networkOf } from './network-of.ts';

/**
 * One listener keeps so many. A client that is known leaves them as soon as its handshake is over, some milliseconds; all pods
 * of a full device may begin at once.
 */
const maxUnknown = 128;
/** For the handshake and the head of the first request. What is asked then has limits of its own. */
const silenceMs = 10_000;
/** A handshake is over by then on all but the worst links. */
const handshakeMs = 1_000;

interface Unknown {
  /** Of both ends; kept, for a socket that has ended has none. */
  readonly key: string;
  /** Its address. */
  readonly peer: string;
  readonly network: string;
  readonly sinceMs: number;
  readonly socket: Socket;
  readonly heard: AbortController;
}

export class UnknownConnections {
  readonly #clock: Clock;
  /** From 0 up to 1. */
  readonly #random: () => number;
  /** By their both ends, the oldest first: TLS hands over another object than the one that was accepted. */
  readonly #open = new Map<string, Unknown>();

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Counts a connection that was just accepted. When there are too many, one of whoever has most of them ends: of the
   * network with the most, and in it of the address with the most.
   */
  admit(socket: Socket): void {
    const key = endsOf(socket);
    const heard = new AbortController();
    const peer = socket.remoteAddress ?? '';
    this.#open.set(key, { key, peer, network: networkOf(peer), sinceMs: this.#clock.monotonicMs(), socket, heard });
    socket.once('close', () => {
      // The same ends may be those of a new connection by now.
      if (this.#open.get(key)?.socket === socket) this.#forget(key);
    });
    void this.#clock.sleep(silenceMs, heard.signal).then(
      () => socket.destroy(),
      () => {},
    );
    if (this.#open.size > maxUnknown) this.#endOne();
  }

  /** A request has come over it: it is not silent. */
  hear(socket: Socket): void {
    this.#open.get(endsOf(socket))?.heard.abort();
  }

  /** It is known whose it is: it is bound no longer. */
  recognise(socket: Socket): void {
    this.#forget(endsOf(socket));
  }

  /** Ends all of them. */
  close(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  #forget(key: string): void {
    this.#open.get(key)?.heard.abort();
    this.#open.delete(key);
  }

  #endOne(): void {
    const ofNetwork = ofMost([...this.#open.values()], ({ network }) => network);
    const candidates = ofMost(ofNetwork, ({ peer }) => peer);
    const nowMs = this.#clock.monotonicMs();
    // Whoever comes in is through before that. All else alike, only chance cannot be made use of.
    const silent = candidates.find(({ sinceMs }) => nowMs - sinceMs >= handshakeMs);
    const ended = silent ?? candidates[Math.floor(this.#random() * candidates.length)];
    if (ended === undefined) return;
    this.#forget(ended.key);
    ended.socket.destroy();
  }
}

/** Those of whom there are most alike, in their order. */
function ofMost(connections: readonly Unknown[], kindOf: (connection: Unknown) => string): readonly Unknown[] {
  const counts = new Map<string, number>();
  for (const each of connections) counts.set(kindOf(each), (counts.get(kindOf(each)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return connections.filter((each) => counts.get(kindOf(each)) === most);
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
