/**
 * How long a ReplicaSet waits before it makes a pod in place of one that failed. Most are replaced at once; but a pod
 * that the node refuses (a sysctl that is not allowed, a node that it names and does not fit) fails as soon as it is
 * made, and each of its successors too: without a pause there would be thousands.
 *
 * Bounded: one entry a ReplicaSet with pods that failed.
 */
import type { Clock } from '../../lib/clock.ts';

const baseMs = 1_000;
const maxMs = 300_000;

interface Failures {
  readonly count: number;
  readonly sinceMs: number;
}

export class ReplacementBackOff {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #byOwner = new Map<string, Failures>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** A pod failed. Those that fail during a pause do not prolong it. */
  failed(owner: string): void {
    if (this.leftMs(owner) > 0) return;
    const count = (this.#byOwner.get(owner)?.count ?? 0) + 1;
    this.#byOwner.set(owner, { count, sinceMs: this.#clock.monotonicMs() });
  }

  /** Milliseconds until a pod may be made; 0 for now. The first replacement is made at once. */
  leftMs(owner: string): number {
    const failures = this.#byOwner.get(owner);
    if (failures === undefined || failures.count < 2) return 0;
    const pauseMs = Math.min(baseMs * 2 ** (failures.count - 2), maxMs);
    return Math.max(0, failures.sinceMs + pauseMs - this.#clock.monotonicMs());
  }

  /** A pod became ready, or the ReplicaSet is gone. */
  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
