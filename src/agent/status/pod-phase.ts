/** The phase of a pod, from the states of its containers, by the kubelet's rules (getPhase). Pure. */
import type { ContainerStatus, Pod } from '../../api/kinds/pod/types.ts';
import { isSidecar } from '../pod-names.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/**
 * @param isTerminal nothing of the pod may run again (it is being deleted and its containers have ended), so
 *   that containers which a restart policy would start again count as what they are
 */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isTerminal: boolean,
): PodPhase {
  const init = initProgress(pod, initStatuses);
  const hasStarted = statuses.some(({ state, lastState }) => !state?.waiting || lastState?.terminated);
  if (init === 'Failed') return 'Failed';
  if (init === 'Incomplete' && !hasStarted) return isTerminal ? 'Failed' : 'Pending';

  let waiting = 0;
  let running = 0;
  let stopped = 0;
  let succeeded = 0;
  for (const { state, lastState } of statuses) {
    if (state?.running) running++;
    else if (state?.terminated) {
      stopped++;
      if (state.terminated.exitCode === 0) succeeded++;
    } else if (lastState?.terminated) stopped++;
    else waiting++;
  }

  if (isTerminal && running === 0) return stopped > 0 && succeeded === statuses.length ? 'Succeeded' : 'Failed';
  if (waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  switch (pod.spec.restartPolicy) {
    case 'Never':
      return stopped === succeeded ? 'Succeeded' : 'Failed';
    case 'OnFailure':
      return stopped === succeeded ? 'Succeeded' : 'Running';
    default:
      return 'Running';
  }
}

function initProgress(pod: Pod, statuses: readonly ContainerStatus[]): 'Done' | 'Incomplete' | 'Failed' {
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    const state = status?.state;
    if (isSidecar(container)) {
      if (state?.running ? status?.started !== true : !state?.terminated) return 'Incomplete';
      continue;
    }
    if (!state?.terminated) return 'Incomplete';
    if (state.terminated.exitCode !== 0) return pod.spec.restartPolicy === 'Never' ? 'Failed' : 'Incomplete';
  }
  return 'Done';
}
