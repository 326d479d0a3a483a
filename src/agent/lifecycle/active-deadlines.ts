/**
 * `activeDeadlineSeconds`: how long a pod may be active on the node, counted from `status.startTime`, running or not. The
 * count is kept on the clock that never jumps: a wall clock that was wrong at the start fails nobody.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { podRef } from '../pod-names.ts';

/** In the kubelet's words (active_deadline.go). */
const exceeded = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const;

export interface DeadlineVerdict {
  readonly reason: string;
  readonly message: string;
  readonly event: { readonly type: 'Normal'; readonly reason: string; readonly message: string };
}

export class ActiveDeadlines {
  readonly #clock: Clock;
  /** By pod uid, its start on the clock that never jumps. */
  readonly #startedMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When the pod is to be failed, on the clock that never jumps; undefined when never, or when it has not begun. */
  dueMs(pod: Pod): number | undefined {
    const { activeDeadlineSeconds } = pod.spec;
    const startedMs = this.#startOf(pod);
    if (activeDeadlineSeconds === undefined || startedMs === undefined) return undefined;
    return startedMs + activeDeadlineSeconds * 1000;
  }

  /** Why the pod is to be failed now, if it is. */
  verdict(pod: Pod): DeadlineVerdict | undefined {
    const dueMs = this.dueMs(pod);
    if (dueMs === undefined || this.#clock.monotonicMs() < dueMs) return undefined;
    return { ...exceeded, event: { type: 'Normal', ...exceeded } };
  }

  forget(uid: string): void {
    this.#startedMs.delete(uid);
  }

  #startOf(pod: Pod): number | undefined {
    const { uid } = podRef(pod);
    const known = this.#startedMs.get(uid);
    if (known !== undefined) return known;
    const startMs = Date.parse(String(pod.status?.startTime ?? ''));
    if (Number.isNaN(startMs)) return undefined;
    const startedMs = this.#clock.monotonicMs() - Math.max(0, this.#clock.now() - startMs);
    this.#startedMs.set(uid, startedMs);
    return startedMs;
  }
}
