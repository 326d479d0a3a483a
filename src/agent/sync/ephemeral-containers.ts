/**
 * Ephemeral containers: added to a pod that runs, started once, never again (the kubelet's
 * ephemeralContainersToStart). They neither keep a pod alive nor make it finish. Pure.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerId, SandboxStatus } from '../../runtime/runtime.ts';
import { containersNamed, type ObservedPod } from '../observed-pod.ts';
import type { PodAction } from './compute-pod-actions.ts';

/** Starts those of which nothing is known yet; one that was being made when the agent died is started now. */
export function ephemeralActions(pod: Pod, observed: ObservedPod, sandbox: SandboxStatus | undefined): PodAction[] {
  if (sandbox === undefined) return [];
  return (pod.spec.ephemeralContainers ?? []).flatMap(({ name }): PodAction[] => {
    const [known] = containersNamed(observed, name);
    if (known) {
      const isUnstarted = known.state === 'Created' && known.sandboxId === sandbox.id;
      return isUnstarted ? [{ kind: 'StartCreated', container: name, id: known.id }] : [];
    }
    // What the runtime forgot has run all the same.
    const reported = pod.status?.ephemeralContainerStatuses?.find((status) => status.name === name);
    if (reported?.containerID) return [];
    return [{ kind: 'CreateContainer', container: name, attempt: 0, restartCount: 0, backOffCount: 0 }];
  });
}

/** The container whose processes the named ephemeral container is to see; `Missing` when there is none yet. */
export function pidTargetOf(pod: Pod, name: string, observed: ObservedPod): ContainerId | 'Missing' | undefined {
  const target = pod.spec.ephemeralContainers?.find((container) => container.name === name)?.targetContainerName;
  if (!target) return undefined;
  return containersNamed(observed, target)[0]?.id ?? 'Missing';
}
