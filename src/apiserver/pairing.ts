/** The port through which strangers become known (docs/adr/0040); the agent does the pairing, the server the HTTP. */
import type { CodeAnswer, CodeRequest, ProvenMessage } from '../api/pairing/exchange.ts';

/** The TLS connection of a stranger. */
export interface PairingConnection {
  /** One object for one connection: an exchange lives and dies with it. */
  readonly id: object;
  /** What TLS says of this very connection (`bindingLabel`). */
  readonly binding: Buffer;
  /** Address of the other side, for people. */
  readonly peer: string;
}

export interface Pairing {
  /**
   * Opens a code, for root on the device itself.
   *
   * @throws StatusError TooManyRequests while codes are locked, Invalid for a name or a group that cannot be one
   */
  openCode(request: CodeRequest): CodeAnswer;
  /**
   * First message of an exchange; the answer says nothing of whether a code is open.
   *
   * @throws StatusError BadRequest when `share` is none, or the connection had its exchange
   */
  beginExchange(connection: PairingConnection, share: Buffer): Buffer;
  /**
   * Second and last message.
   *
   * @throws StatusError Unauthorized, always in the same words, unless the other side had an open code; Invalid when it had,
   *   but its request cannot be signed
   */
  finishExchange(connection: PairingConnection, message: ProvenMessage, signal: AbortSignal): Promise<ProvenMessage>;
  /** Takes note that a stranger at `peer` was not listened to, because too many were there. */
  turnedAway(peer: string): void;
}
