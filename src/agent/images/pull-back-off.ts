/** How long a pod waits after a failed pull before it tries the same image again. In memory, as the kubelet's. */
import type { Clock } from '../../lib/clock.ts';

/** As the kubelet: 10 s, doubling to 5 min; forgotten after twice the longest wait. */
const firstMs = 10_000;
const longestMs = 300_000;

export interface HeldBack {
  readonly delayMs: number;
  readonly untilMonotonicMs: number;
  /** What went wrong. */
  readonly error: string;
}

export class PullBackOff {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, HeldBack>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The back-off that still runs; undefined when a pull may begin. */
  current(key: string): HeldBack | undefined {
    const held = this.#byKey.get(key);
    return held && this.#clock.monotonicMs() < held.untilMonotonicMs ? held : undefined;
  }

  failed(key: string, error: string): HeldBack {
    const now = this.#clock.monotonicMs();
    const previous = this.#byKey.get(key);
    const delayMs = previous ? Math.min(previous.delayMs * 2, longestMs) : firstMs;
    const held = { delayMs, untilMonotonicMs: now + delayMs, error };
    for (const [other, { untilMonotonicMs }] of this.#byKey) {
      if (now - untilMonotonicMs > 2 * longestMs) this.#byKey.delete(other);
    }
    this.#byKey.set(key, held);
    return held;
  }

  succeeded(key: string): void {
    this.#byKey.delete(key);
  }
}
