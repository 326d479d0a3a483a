/** Which observations of a pod must outlive a power cut (design D5). */
import { isTerminalPhase } from './state.ts';
import type { ContainerStatus, Pod } from './types.ts';

/**
 * True when the pod has just finished (it must not start again after the next boot), or when a container ended or
 * was started again (restart counts and the last termination are what `kubectl describe` explains a crash with).
 */
export function keepPodObservation(next: Pod, previous: Pod | undefined): boolean {
  if (isTerminalPhase(next.status.phase) && next.status.phase !== previous?.status.phase) return true;
  return terminationsOf(next) !== (previous === undefined ? '[]' : terminationsOf(previous));
}

/** What is kept of the containers, as text that is equal when they are. */
function terminationsOf({ status }: Pod): string {
  const statuses: readonly ContainerStatus[] = [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return JSON.stringify(
    statuses
      .filter(({ restartCount, state, lastState }) => restartCount > 0 || state?.terminated || lastState?.terminated)
      .map(({ name, restartCount, state, lastState }) => [
        name,
        restartCount,
        state?.terminated,
        lastState?.terminated,
      ]),
  );
}
