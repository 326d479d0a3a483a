/**
 * What the disruption budgets of a pod say about its eviction, by the rules and in the words of Kubernetes
 * (registry/core/pod/storage/eviction.go). Pure.
 */
import { isReady, isTerminalPhase } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import {
  disruptionAllowed,
  type PodDisruptionBudget,
  podDisruptionBudgetKind,
  withDisruptionAllowed,
} from '../../api/kinds/pod-disruption-budget.ts';
import { StatusError } from '../../lib/status-error.ts';
import { forbidden } from './errors.ts';

/** Evictions that were granted and that the controller has not yet seen, at most; else the map could grow for ever. */
const maxDisruptedPods = 2_000;
/** Seconds after which a budget that is new or was changed has been counted. */
const countedAfterSeconds = 10;

/** What is answered for a pod that several budgets select, with code 500 and no reason. */
export const ambiguousBudgets =
  'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';

const violation = "Cannot evict pod as it would violate the pod's disruption budget.";

/** Whether the pod may go without asking: nobody counts on it (any more, or yet). */
export function isFreeToGo({ metadata, status }: Pod): boolean {
  const { phase } = status;
  return isTerminalPhase(phase) || phase === 'Pending' || metadata.deletionTimestamp !== undefined;
}

/** Whether the pod could come to be counted on while it is being deleted. */
export function mayBecomeHealthy({ metadata, status }: Pod): boolean {
  return !isTerminalPhase(status.phase) && metadata.deletionTimestamp === undefined;
}

/** Whether the pod is not ready, and so takes nothing from this budget when it goes. */
export function takesNothing(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isReady(pod)) return false;
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  return status.desiredHealthy > 0 && status.currentHealthy >= status.desiredHealthy;
}

/**
 * The budget less one disruption, for this pod.
 *
 * @param now RFC 3339
 * @throws StatusError TooManyRequests when nothing may be taken now
 */
export function takeDisruption(budget: PodDisruptionBudget, podName: string, now: string): PodDisruptionBudget {
  const { metadata, status } = budget;
  const { name = '', generation = 0 } = metadata;
  if ((status.observedGeneration ?? 0) < generation) throw stillProcessed(name);
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbidden({ ...podDisruptionBudgetKind, resource: podDisruptionBudgetKind.singular }, name, why);
  }
  if (status.disruptionsAllowed <= 0) throw refusal(reasonOf(budget));
  const left = status.disruptionsAllowed - 1;
  const next = {
    ...status,
    disruptionsAllowed: left,
    disruptedPods: { ...status.disruptedPods, [podName]: now },
  };
  return { ...budget, status: left === 0 ? withDisruptionAllowed(next, now) : next };
}

/** The refusal for a budget that was not counted as it is now. */
export function stillProcessed(name: string): StatusError {
  return refusal(`The disruption budget ${name} is still being processed by the server.`, countedAfterSeconds);
}

function reasonOf({ metadata: { name }, status }: PodDisruptionBudget): string {
  const condition = status.conditions?.find(({ type }) => type === disruptionAllowed);
  const told = condition?.status === 'False' && condition.message !== '' ? condition : undefined;
  const refused = `The disruption budget ${name} does not allow evicting pods currently`;
  // Its counts mean nothing then.
  if (told?.reason === 'SyncFailed') return `${refused} because it failed sync: ${told.message}`;
  if (status.currentHealthy <= status.desiredHealthy) {
    return `The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`;
  }
  return told ? `${refused} (${told.reason}): ${told.message}` : refused;
}

function refusal(message: string, retryAfterSeconds?: number): StatusError {
  const causes = [{ reason: 'DisruptionBudget', message }];
  const details = retryAfterSeconds === undefined ? { causes } : { causes, retryAfterSeconds };
  return new StatusError('TooManyRequests', violation, { details });
}
