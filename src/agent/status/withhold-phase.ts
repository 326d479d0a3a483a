/**
 * A pod is not reported Succeeded or Failed while one of its containers may still run: what it holds exclusively (a port, a
 * device, a volume) would be taken for free (kubelet, status manager). Pure.
 */
import { isTerminalPhase } from '../../api/kinds/pod/state.ts';
import type { PodStatus } from '../../api/kinds/pod/types.ts';
import { mayBeRunning, type ObservedPod } from '../observed-pod.ts';

/** `status`, or with the phase, reason and message that were published before. */
export function withheldPhase(status: PodStatus, previous: PodStatus | undefined, observed: ObservedPod): PodStatus {
  if (!isTerminal(status) || isTerminal(previous) || !observed.containers.some(mayBeRunning)) return status;
  const { reason: _reason, message: _message, ...rest } = status;
  const { phase = 'Pending', reason, message } = previous ?? {};
  return {
    ...rest,
    phase,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** Whether nothing of the pod is to run again. */
export function isTerminal(status: PodStatus | undefined): boolean {
  return isTerminalPhase(status?.phase);
}
