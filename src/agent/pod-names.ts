/** How a pod is named in logs, events and messages. */
import type { Pod } from '../api/kinds/pod/types.ts';

/** What identifies a pod, also when its object is gone. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export function podRef(pod: Pod): PodRef {
  const { uid = '', namespace = '', name = '' } = pod.metadata;
  return { uid, namespace, name };
}

/** `default/web`, for logs. */
export function podLogName(ref: Pick<PodRef, 'namespace' | 'name'>): string {
  return `${ref.namespace}/${ref.name}`;
}

/** `web_default(0a1b…)`, as the kubelet names a pod in its messages. */
export function podMessageName(ref: PodRef): string {
  return `${ref.name}_${ref.namespace}(${ref.uid})`;
}

/** Every container of the spec that the agent runs: init containers first, in order; ephemeral ones last. */
export function allContainers(pod: Pod): readonly Pod['spec']['containers'][number][] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...(pod.spec.ephemeralContainers ?? [])];
}

/** An init container that goes on running beside the others. */
export function isSidecar(container: Pod['spec']['containers'][number]): boolean {
  return container.restartPolicy === 'Always';
}
