/** What a disruption budget comes to: counts of its pods, and how many of them may be evicted (disruption.go). Pure. */
import { shareOf } from '../../api/kinds/common/share.ts';
import { isReady } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import {
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  withDisruptionAllowed,
} from '../../api/kinds/pod-disruption-budget.ts';

/** How long a pod whose eviction was granted counts as gone although nothing ends it (upstream's DeletionTimeout). */
const deletionTimeoutMs = 120_000;

/** Whether the number of pods that there should be is asked of those who made them, rather than counted. */
export function needsScale({ spec: { minAvailable, maxUnavailable } }: PodDisruptionBudget): boolean {
  return maxUnavailable !== undefined || typeof minAvailable === 'string';
}

export interface BudgetFacts {
  /** Pods that the budget selects. */
  readonly pods: readonly Pod[];
  /** What their owners want together; read only when `needsScale` says so. */
  readonly scale: number;
  /** Milliseconds since the eviction of a pod was granted. */
  readonly sinceGrantMs: (podName: string, grantedAt: string) => number;
  /** RFC 3339, for a condition that changes. */
  readonly now: string;
}

export interface ComputedBudget {
  readonly status: PodDisruptionBudgetStatus;
  /** Pods whose eviction was granted and did not begin in time. */
  readonly notDeleted: readonly Pod[];
  /** Milliseconds until the first of the others is given up; undefined: there are none. */
  readonly againAfterMs: number | undefined;
}

export function computeBudget(budget: PodDisruptionBudget, facts: BudgetFacts): ComputedBudget {
  const { pods, now } = facts;
  const { waiting, notDeleted, againAfterMs } = grantedPods(budget, facts);
  const isHealthy = (pod: Pod): boolean =>
    pod.metadata.deletionTimestamp === undefined && !waiting.has(pod.metadata.name ?? '') && isReady(pod);
  const currentHealthy = pods.filter(isHealthy).length;
  const { expectedPods, desiredHealthy } = expectation(budget, facts);
  // A budget without pods allows nothing: its first ones may appear before they are counted.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { generation } = budget.metadata;
  const { conditions } = budget.status;
  const status: PodDisruptionBudgetStatus = {
    ...(generation ? { observedGeneration: generation } : {}),
    ...(waiting.size > 0 ? { disruptedPods: Object.fromEntries(waiting) } : {}),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    ...(conditions ? { conditions } : {}),
  };
  return { status: withDisruptionAllowed(status, now), notDeleted, againAfterMs };
}

/** Those whose eviction was granted and that do not end yet, with the time of the grant. */
function grantedPods({ status }: PodDisruptionBudget, { pods, sinceGrantMs }: BudgetFacts) {
  const granted = status.disruptedPods ?? {};
  const waiting = new Map<string, string>();
  const notDeleted: Pod[] = [];
  let againAfterMs: number | undefined;
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata;
    const grantedAt = granted[name];
    if (grantedAt === undefined || deletionTimestamp !== undefined) continue;
    const leftMs = deletionTimeoutMs - sinceGrantMs(name, grantedAt);
    if (leftMs < 0) notDeleted.push(pod);
    else {
      waiting.set(name, grantedAt);
      // One more, so that the time is over then and not just then.
      againAfterMs = Math.min(againAfterMs ?? Number.POSITIVE_INFINITY, leftMs + 1);
    }
  }
  return { waiting, notDeleted, againAfterMs };
}

/** Percentages are rounded up: of three pods, `50%` are two. */
function expectation(
  { spec }: PodDisruptionBudget,
  { pods, scale }: BudgetFacts,
): { readonly expectedPods: number; readonly desiredHealthy: number } {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - shareOf(maxUnavailable, scale, Math.ceil)) };
  }
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  if (typeof minAvailable === 'number') return { expectedPods: pods.length, desiredHealthy: minAvailable };
  return { expectedPods: scale, desiredHealthy: shareOf(minAvailable, scale, Math.ceil) };
}
