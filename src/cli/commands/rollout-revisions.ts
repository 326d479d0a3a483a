/** The revisions of a Deployment: the ReplicaSets that it has kept, by the number that it gave them. */
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { deployments, replicaSets } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import type { PodTemplate } from '../describe/pod-template.ts';
import { listAll } from './get.ts';

/** As much of a Deployment or ReplicaSet as revisions are about. */
export interface Rolling extends KubeObject {
  readonly spec: { readonly paused?: boolean; readonly template: PodTemplate };
}

export interface DeploymentRevisions {
  readonly deployment: Rolling;
  /** By revision, oldest first. */
  readonly revisions: ReadonlyMap<number, Rolling>;
}

/** Written by the controller on a Deployment and its ReplicaSets. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** The Deployment and its revisions. */
export async function readRevisions(key: ObjectKey, context: CommandContext): Promise<DeploymentRevisions> {
  const session = await context.session();
  const deployment = await session.client.get<Rolling>(deployments, key, context.signal);
  const sets = await listAll(replicaSetKind, key.namespace, { session, signal: context.signal, flags: {} });
  return { deployment, revisions: computeRevisions(deployment, sets as readonly Rolling[]) };
}

const replicaSetKind = { ...replicaSets, kind: 'ReplicaSet' };

/** Those of `sets` that `deployment` controls, by revision, oldest first; 0 for one that has no number yet. */
function computeRevisions(deployment: KubeObject, sets: readonly Rolling[]): ReadonlyMap<number, Rolling> {
  const own = sets.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === deployment.metadata.uid),
  );
  const numbered = own.map((set): [number, Rolling] => [
    Number(set.metadata.annotations?.[revisionAnnotation] ?? 0),
    set,
  ]);
  return new Map(numbered.sort(([a], [b]) => a - b));
}
