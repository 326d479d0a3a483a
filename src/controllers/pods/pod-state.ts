/** What controllers read from a pod. Pure. */
import { isTerminalPhase } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';

/** Neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isTerminalPhase(pod.status.phase) && pod.metadata.deletionTimestamp === undefined;
}

/** On its way out, and not finished. */
export function isTerminating(pod: Pod): boolean {
  return !isTerminalPhase(pod.status.phase) && pod.metadata.deletionTimestamp !== undefined;
}

/** Restarts of all its containers together. */
export function restartsOf(pod: Pod): number {
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
  return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}
