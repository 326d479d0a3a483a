/** What controllers read from a pod. Pure. */
import type { Pod, PodCondition } from '../../api/kinds/pod/types.ts';

/** Neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  const { phase } = pod.status;
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined;
}

/** On its way out, and not finished. */
export function isTerminating(pod: Pod): boolean {
  const { phase } = pod.status;
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp !== undefined;
}

export function readyCondition(pod: Pod): PodCondition | undefined {
  return pod.status.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Restarts of all its containers together. */
export function restartsOf(pod: Pod): number {
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
  return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}
