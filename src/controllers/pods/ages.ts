/**
 * How long something has been as it is, by a clock that never jumps.
 *
 * Timestamps in objects are wall-clock time, which on a device may be decades off and jump (design D6). They are
 * trusted once, when first seen; from then on the monotonic clock counts.
 */
import type { Clock } from '../../lib/clock.ts';

interface Seen {
  readonly stamp: string;
  readonly atMonotonicMs: number;
  readonly ageMs: number;
}

export class Ages {
  readonly #clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Pick<Clock, 'now' | 'monotonicMs'>) {
    this.#clock = clock;
  }

  /**
   * Milliseconds since `stamp`, at least 0.
   *
   * @param id what it is about; another stamp of the same id counts anew
   * @param stamp RFC 3339
   * @param trust `first`: time that passed before it was first seen counts; `none`: it does not
   */
  ageMs(id: string, stamp: string, trust: 'first' | 'none' = 'first'): number {
    const { now, monotonicMs } = { now: this.#clock.now(), monotonicMs: this.#clock.monotonicMs() };
    let seen = this.#seen.get(id);
    if (seen === undefined || seen.stamp !== stamp) {
      const sinceMs = now - Date.parse(stamp);
      // Another stamp for a known id was written just now.
      const isTrusted = trust === 'first' && seen === undefined && sinceMs > 0;
      seen = { stamp, atMonotonicMs: monotonicMs, ageMs: isTrusted ? sinceMs : 0 };
      this.#seen.set(id, seen);
    }
    return seen.ageMs + monotonicMs - seen.atMonotonicMs;
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}
