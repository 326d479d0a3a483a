/** Makes and ends the pods of a ReplicaSet until there are as many as it wants. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods } from '../../api/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { Expectations } from '../expectations.ts';
import { isNamespaceEnding } from '../namespace-ending.ts';
import type { ObjectEvents } from '../object-events.ts';
import { queueKey } from '../object-key.ts';
import { controllerReference } from '../ownership/owner.ts';
import { rankForDeletion } from './rank-pods.ts';
import { slowStart } from './slow-start.ts';

/** Pods made or ended in one go, at most, as in Kubernetes. */
const burstReplicas = 500;

const component = 'replicaset-controller';

export interface ManageReplicasDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly events: ObjectEvents;
  readonly expectations: Expectations;
}

export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly error: unknown;
}

/**
 * @param active its pods that neither finished nor end
 * @returns what went wrong; undefined also when the namespace is going away, which is no failure
 */
export async function manageReplicas(
  deps: ManageReplicasDeps,
  replicaSet: ReplicaSet,
  active: readonly Pod[],
): Promise<ReplicaFailure | undefined> {
  const missing = replicaSet.spec.replicas - active.length;
  if (missing > 0) return createPods(deps, replicaSet, Math.min(missing, burstReplicas));
  if (missing < 0) {
    const ranked = rankForDeletion(active, deps.clock.now());
    return deletePods(deps, replicaSet, ranked.slice(0, Math.min(-missing, burstReplicas)));
  }
  return undefined;
}

/** A new pod of the ReplicaSet, as it is sent to the API. */
function podFromTemplate(replicaSet: ReplicaSet): object {
  const { metadata, spec } = replicaSet.spec.template;
  const { name = '', namespace = '' } = replicaSet.metadata;
  const { labels, annotations, finalizers } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(replicaSet)],
    },
    spec,
  };
}

async function createPods(
  { client, events, expectations }: ManageReplicasDeps,
  replicaSet: ReplicaSet,
  count: number,
): Promise<ReplicaFailure | undefined> {
  const key = queueKey(replicaSet.metadata);
  expectations.expectCreations(key, count);
  const { succeeded, failure } = await slowStart(count, async () => {
    try {
      const pod = await client.create<KubeObject>(pods, podFromTemplate(replicaSet) as KubeObject);
      const message = `Created pod: ${pod.metadata.name}`;
      events.recordFor(replicaSet, { type: 'Normal', reason: 'SuccessfulCreate', message, component });
    } catch (error) {
      if (!isNamespaceEnding(error)) {
        const message = `Error creating: ${messageOf(error)}`;
        events.recordFor(replicaSet, { type: 'Warning', reason: 'FailedCreate', message, component });
      }
      throw error;
    }
  });
  // Those that failed or were not tried will not be seen; the next look makes them.
  expectations.creationSeen(key, count - succeeded);
  if (failure === undefined || isNamespaceEnding(failure.error)) return undefined;
  return { reason: 'FailedCreate', error: failure.error };
}

async function deletePods(
  { client, events, expectations }: ManageReplicasDeps,
  replicaSet: ReplicaSet,
  surplus: readonly Pod[],
): Promise<ReplicaFailure | undefined> {
  const key = queueKey(replicaSet.metadata);
  const uidOf = (pod: Pod): string => pod.metadata.uid ?? '';
  expectations.expectDeletions(key, surplus.map(uidOf));
  const results = await Promise.allSettled(
    surplus.map(async (pod) => {
      const { name = '', namespace = '' } = pod.metadata;
      try {
        await client.delete(pods, { namespace, name }, { preconditions: { uid: uidOf(pod) } });
        const message = `Deleted pod: ${name}`;
        events.recordFor(replicaSet, { type: 'Normal', reason: 'SuccessfulDelete', message, component });
      } catch (error) {
        expectations.deletionSeen(key, uidOf(pod));
        // Somebody else was faster.
        if (isStatusError(error, 'NotFound', 'Conflict')) return;
        const message = `Error deleting: ${messageOf(error)}`;
        events.recordFor(replicaSet, { type: 'Warning', reason: 'FailedDelete', message, component });
        throw error;
      }
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  return failed && { reason: 'FailedDelete', error: failed.reason };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
