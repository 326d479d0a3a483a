/** What a container's status says about one runtime container. */
import type { ContainerState } from '../../api/kinds/pod/types.ts';
import { formatTime } from '../../lib/clock.ts';
import type { ObservedContainer } from '../observed-pod.ts';

/** Why a container does not run yet, in the kubelet's words: `CrashLoopBackOff`, `ErrImagePull`, … */
export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

/** `containerd://<id>`, as `status.containerStatuses[].containerID`. */
export function containerIdText(id: string): string {
  return `containerd://${id}`;
}

/** The state of a container that the runtime knows; undefined when it has not started and has not ended. */
export function containerStateOf(
  container: ObservedContainer,
  message: string | undefined,
): ContainerState | undefined {
  switch (container.state) {
    case 'Running':
      return { running: { startedAt: formatTime(container.startedAtMs) } };
    case 'Exited':
      return { terminated: terminatedStateOf(container, message) };
    case 'Created':
      return undefined;
    case 'Unknown':
      return {
        terminated: {
          ...terminatedStateOf(
            { ...container, exitCode: 137 },
            'The container could not be located when the pod was terminated',
          ),
          reason: 'ContainerStatusUnknown',
        },
      };
  }
}

/** @param message what the container wrote into its termination log; the runtime's own message otherwise */
export function terminatedStateOf(
  container: ObservedContainer,
  message: string | undefined,
): NonNullable<ContainerState['terminated']> {
  const text = message || container.message;
  return {
    exitCode: container.exitCode,
    reason: terminationReason(container),
    ...(text ? { message: text } : {}),
    // One that never started has no times of its own (kubelet: the zero time, shown as null).
    startedAt: formatTime(container.startedAtMs || container.createdAtMs),
    finishedAt: formatTime(container.finishedAtMs || container.createdAtMs),
    containerID: containerIdText(container.id),
  };
}

/**
 * The kubelet's reason of an end. `OOMKilled` needs both the mark and code 137: when only a child was killed,
 * the runtime marks the container too and it ends later with a code of its own (runtime-facts 2).
 */
function terminationReason(container: ObservedContainer): string {
  if (container.reason === 'OOMKilled') {
    if (container.exitCode === 137) return 'OOMKilled';
    return container.exitCode === 0 ? 'Completed' : 'Error';
  }
  if (container.reason) return container.reason;
  return container.exitCode === 0 ? 'Completed' : 'Error';
}
