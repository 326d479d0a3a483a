import type { Clock } from './clock.ts';

/** Lets one waiter sleep until somebody rings; a ring while nobody waits is remembered. */
export class Alarm {
  #hasRung = false;
  #wake: () => void = () => {};

  readonly ring = (): void => {
    this.#hasRung = true;
    this.#wake();
  };

  /** Resolves at the next ring, at once when there was one since the last call, at the latest after `ms`. */
  async wait(clock: Clock, ms: number): Promise<void> {
    if (!this.#hasRung) {
      const awake = new AbortController();
      const rung = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([rung, clock.sleep(ms, awake.signal).catch(() => {})]);
      awake.abort();
    }
    this.#hasRung = false;
  }
}
