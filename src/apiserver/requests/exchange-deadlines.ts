import type { Duplex } from 'node:stream';
import { exchangeTimeoutMs } from '../../api/pairing/exchange.ts';
import type { Clock } from '../../lib/clock.ts';

/** Ends the connections of those who send the first message of an exchange and then nothing more. */
export class ExchangeDeadlines {
  readonly #clock: Clock;
  readonly #waiting = new WeakMap<Duplex, AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The first message is answered: from now on its sender has `exchangeTimeoutMs` for the second one. */
  start(socket: Duplex): void {
    const patience = new AbortController();
    this.#waiting.set(socket, patience);
    socket.once('close', () => patience.abort());
    void this.#clock.sleep(exchangeTimeoutMs, patience.signal).then(
      () => socket.destroy(),
      () => {},
    );
  }

  /** The second message has begun to come; its body has a limit of its own, and its answer ends the connection. */
  stop(socket: Duplex): void {
    this.#waiting.get(socket)?.abort();
  }
}
