/** The ReplicaSets and pods of one Deployment, as its controller sees them. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { labelSelectorFromObject } from '../../api/labels.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { deployments, replicaSets as replicaSetsResource } from '../../api/resources.ts';
import type { ObjectSource } from '../object-source.ts';
import { computeClaims, executeClaims } from '../ownership/claims.ts';
import { controllerOf } from '../ownership/owner.ts';
import { findNewReplicaSet } from './template.ts';

export interface OwnedReplicaSets {
  /** Of the template as it is; undefined when there is none yet. */
  readonly newest: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** Also adopts ReplicaSets that the Deployment selects and nobody owns, and lets go of those that it no longer does. */
export async function claimReplicaSets(
  { client, replicaSets }: { readonly client: ObjectClient; readonly replicaSets: ObjectSource<ReplicaSet> },
  deployment: Deployment,
): Promise<OwnedReplicaSets> {
  const { namespace } = deployment.metadata;
  const candidates = replicaSets.list().filter(({ metadata }) => metadata.namespace === namespace);
  const claims = computeClaims(deployment, labelSelectorFromObject(deployment.spec.selector), candidates);
  const resource = { client, resource: replicaSetsResource, ownerResource: deployments };
  const owned = await executeClaims(resource, deployment, claims);
  const newest = findNewReplicaSet(deployment, owned);
  return { newest, old: owned.filter((each) => each !== newest) };
}

/** The pods that these ReplicaSets control. */
export function podsOf(pods: ObjectSource<Pod>, owners: readonly ReplicaSet[]): readonly Pod[] {
  const uids = new Set(owners.map(({ metadata }) => metadata.uid));
  return pods.list().filter((pod) => uids.has(controllerOf(pod)?.uid ?? ''));
}
