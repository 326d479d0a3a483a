/**
 * Many points in time, one timer: calls back for each key when its time has come. For things that are due every
 * few seconds by the hundred (probes), each of which would otherwise hold a timer of its own.
 */
import type { Clock } from './clock.ts';

export class DueQueue<K> {
  readonly #clock: Clock;
  readonly #onDue: (key: K) => void;
  readonly #due = new Map<K, number>();
  #wake: (() => void) | undefined;
  #wakeAtMs = Infinity;

  /** @param onDue called once for each time that came, in the order of the times; must not throw */
  constructor(clock: Clock, onDue: (key: K) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Calls back at `atMs` of the clock that never jumps; the key's earlier wish is forgotten. */
  set(key: K, atMs: number): void {
    this.#due.set(key, atMs);
    if (atMs < this.#wakeAtMs) this.#wake?.();
  }

  has(key: K): boolean {
    return this.#due.has(key);
  }

  delete(key: K): void {
    this.#due.delete(key);
  }

  /** Works until `signal` aborts. Nothing wakes the process while nothing is due. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nowMs = this.#clock.monotonicMs();
      const ripe = [...this.#due].filter(([, atMs]) => atMs <= nowMs).sort(([, a], [, b]) => a - b);
      for (const [key] of ripe) {
        this.#due.delete(key);
        this.#onDue(key);
      }
      if (ripe.length === 0) await this.#sleep(signal);
    }
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const awake = new AbortController();
    const woken = Promise.withResolvers<void>();
    this.#wake = () => woken.resolve();
    signal.addEventListener('abort', this.#wake, { once: true });
    this.#wakeAtMs = Math.min(Infinity, ...this.#due.values());
    const timer = Number.isFinite(this.#wakeAtMs)
      ? this.#clock.sleep(Math.max(0, this.#wakeAtMs - this.#clock.monotonicMs()), awake.signal).then(
          () => woken.resolve(),
          () => undefined,
        )
      : undefined;
    await woken.promise;
    signal.removeEventListener('abort', this.#wake);
    this.#wake = undefined;
    this.#wakeAtMs = -Infinity;
    awake.abort();
    await timer;
  }
}
