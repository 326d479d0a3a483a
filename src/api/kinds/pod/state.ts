/** What others read from the status of a pod. Pure. */
import type { Pod, PodCondition } from './types.ts';

/** Whether the pod will never run again. */
export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Whether nothing of the pod will run again. One that was never looked at has no status yet. */
export function isFinished(pod: Pod): boolean {
  return isTerminalPhase(pod.status?.phase);
}

export function readyCondition(pod: Pod): PodCondition | undefined {
  return pod.status.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}
