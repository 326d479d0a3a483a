/**
 * The scheduler of a device with one node: a new pod is bound at once. It keeps the words
 * by which clients know that a pod was scheduled.
 */
import type { KubeObject } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';

/** The pod bound to the node; a pod that names a node keeps that name. */
export function schedulePod(pod: KubeObject, nodeName: string, nowMs: number): KubeObject {
  const spec = pod['spec'] as { readonly nodeName?: string } | undefined;
  const status = pod['status'] as { readonly conditions?: readonly { readonly type: string }[] } | undefined;
  const others = (status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  return {
    ...pod,
    spec: { ...spec, nodeName: spec?.nodeName || nodeName },
    status: {
      phase: 'Pending',
      ...status,
      conditions: [
        ...others,
        {
          type: 'PodScheduled',
          status: 'True',
          lastTransitionTime: formatTime(nowMs),
        },
      ],
    },
  };
}
