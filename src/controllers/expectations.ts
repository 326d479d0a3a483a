/**
 * What a controller has done and not yet seen in its local copy. Until it has, it must not count again: it would
 * make, or end, the same pod twice (client-go's ControllerExpectations).
 *
 * Bounded: one entry an owner; a wish that never comes true is forgotten after five minutes.
 */
import type { Clock } from '../lib/clock.ts';

const forgetAfterMs = 300_000;

interface Expectation {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

export class Expectations {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #byOwner = new Map<string, Expectation>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** True when everything was seen, or waiting for it has taken too long. */
  areMet(owner: string): boolean {
    const expected = this.#byOwner.get(owner);
    if (expected === undefined) return true;
    const isSeen = expected.creations <= 0 && expected.deletions.size === 0;
    return isSeen || this.#clock.monotonicMs() - expected.sinceMs > forgetAfterMs;
  }

  /** Before creating `count` objects, none of them seen yet. */
  expectCreations(owner: string, count: number): void {
    this.#byOwner.set(owner, { creations: count, deletions: new Set(), sinceMs: this.#clock.monotonicMs() });
  }

  /** Before deleting the objects with these uids. */
  expectDeletions(owner: string, uids: readonly string[]): void {
    this.#byOwner.set(owner, { creations: 0, deletions: new Set(uids), sinceMs: this.#clock.monotonicMs() });
  }

  /** `count` objects have appeared, or will not, since creating them failed. */
  creationSeen(owner: string, count = 1): void {
    const expected = this.#byOwner.get(owner);
    if (expected !== undefined) expected.creations -= count;
  }

  /** The object ends, or will not, since deleting it failed. Repeatable. */
  deletionSeen(owner: string, uid: string): void {
    this.#byOwner.get(owner)?.deletions.delete(uid);
  }

  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
