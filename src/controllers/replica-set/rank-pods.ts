/**
 * Which pods of a ReplicaSet go first when there are too many: those that are missed least
 * (Kubernetes' ActivePodsWithRanks). Pure.
 */

import { isReady, readyCondition } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';

/** A number by which users say which pods they would rather lose: lower first. */
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** The pods, the first to go first. @param nowMs wall clock */
export function rankForDeletion(pods: readonly Pod[], nowMs: number): Pod[] {
  return pods.toSorted((a, b) => compare(a, b, nowMs));
}

function compare(a: Pod, b: Pod, nowMs: number): number {
  return (
    byNumber(a, b, (pod) => (pod.spec.nodeName ? 1 : 0)) ||
    byNumber(a, b, (pod) => phaseRank[pod.status.phase ?? ''] ?? 1) ||
    byNumber(a, b, (pod) => (isReady(pod) ? 1 : 0)) ||
    byNumber(a, b, deletionCost) ||
    compareReadyTimes(a, b, nowMs) ||
    byNumber(b, a, (pod) => maxRestarts(pod.status.containerStatuses)) ||
    byNumber(b, a, (pod) => maxRestarts(pod.status.initContainerStatuses)) ||
    compareTimes(a.metadata.creationTimestamp, b.metadata.creationTimestamp, nowMs, a, b)
  );
}

function byNumber(a: Pod, b: Pod, read: (pod: Pod) => number): number {
  return read(a) - read(b);
}

/** 0 for one that says none, or none that can be read. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? '';
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function compareReadyTimes(a: Pod, b: Pod, nowMs: number): number {
  if (!isReady(a) || !isReady(b)) return 0;
  return compareTimes(readyCondition(a)?.lastTransitionTime, readyCondition(b)?.lastTransitionTime, nowMs, a, b);
}

/**
 * Later times first, and none before any. Ages of the same power of two count as equal; then the uid decides, which
 * is as good as chance: else the newest would always go, and a fault in them would hide.
 */
function compareTimes(a: string | undefined, b: string | undefined, nowMs: number, podA: Pod, podB: Pod): number {
  if (a === b) return 0;
  if (!a || !b) return a ? 1 : -1;
  const byMagnitude = magnitude(nowMs - Date.parse(a)) - magnitude(nowMs - Date.parse(b));
  if (byMagnitude !== 0) return byMagnitude;
  return (podA.metadata.uid ?? '') < (podB.metadata.uid ?? '') ? -1 : 1;
}

function magnitude(ageMs: number): number {
  // Nanoseconds, as Kubernetes measures them.
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}

function maxRestarts(statuses: readonly { readonly restartCount: number }[] = []): number {
  return statuses.reduce((most, { restartCount }) => Math.max(most, restartCount), 0);
}
