/** The scheduler's writes, through the one write path. */
import type { Pod, PodCondition } from '../../api/kinds/pod/types.ts';
import type { ObjectClient, ObjectKey } from '../../api/object-client.ts';
import { pods } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import { podRef } from '../pod-names.ts';
import type { PodWriter } from './scheduler.ts';

export interface PodWriterDeps {
  readonly client: Pick<ObjectClient, 'patch' | 'delete'>;
  /** Binds a stored pod (`pods/binding`). */
  readonly bindPod: (key: ObjectKey, binding: { readonly nodeName: string; readonly uid?: string }) => Promise<unknown>;
  readonly clock: Clock;
}

export function createPodWriter({ client, bindPod, clock }: PodWriterDeps): PodWriter {
  const setStatus = async (pod: Pod, status: object): Promise<void> => {
    const { uid, namespace, name } = podRef(pod);
    const patch = { metadata: { uid }, status };
    await client.patch(pods, { namespace, name }, 'strategic', patch, { subresource: 'status' });
  };
  const condition = (pod: Pod, wanted: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>): PodCondition => {
    const before = pod.status.conditions?.find(({ type }) => type === wanted.type);
    const since = before?.status === wanted.status ? before?.lastTransitionTime : undefined;
    return { ...wanted, lastTransitionTime: since ?? formatTime(clock.now()) };
  };
  return {
    async bind(pod, nodeName) {
      const { uid, namespace, name } = podRef(pod);
      await bindPod({ namespace, name }, { nodeName, uid });
    },
    async report(pod, reason, message, nominatedNodeName) {
      await setStatus(pod, {
        conditions: [condition(pod, { type: 'PodScheduled', status: 'False', reason, message })],
        ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
      });
    },
    async evict(pod, reason, message) {
      const { uid, namespace, name } = podRef(pod);
      await setStatus(pod, {
        conditions: [condition(pod, { type: 'DisruptionTarget', status: 'True', reason, message })],
      });
      await client.delete(pods, { namespace, name }, { preconditions: { uid } });
    },
  };
}
