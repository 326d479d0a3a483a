/** What others read from the status of a pod. Pure. */
import type { Pod, PodCondition } from './types.ts';

/** Whether the pod will never run again. */
export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function readyCondition(pod: Pod): PodCondition | undefined {
  return pod.status.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}
