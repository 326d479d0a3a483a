/** Writes the ReplicaSets of a Deployment: makes the newest, scales, marks, and clears away old ones. */

import { jsonEqual } from '../../api/json-value.ts';
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { replicaSets } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { ObjectEvents } from '../object-events.ts';
import { controllerReference, isControlledBy } from '../ownership/owner.ts';
import { type Annotations, byRevision, maxRevision, newestAnnotations, sizeAnnotations } from './annotations.ts';
import type { ScaleStep } from './scale-step.ts';
import { isSameTemplate, selectorWithHash, templateHash, templateWithHash } from './template.ts';

export const component = 'deployment-controller';

export interface ReplicaSetWriterDeps {
  readonly client: ObjectClient;
  readonly events: ObjectEvents;
}

/** What making the newest ReplicaSet came to. */
export type Created =
  | { readonly kind: 'Created'; readonly replicaSet: ReplicaSet }
  /** The name is taken by something else: the next try counts one collision more. */
  | { readonly kind: 'NameTaken' };

/** The ReplicaSet of the template as it is, with so many replicas. @throws StatusError what the API refuses it for */
export async function createNewReplicaSet(
  { client, events }: ReplicaSetWriterDeps,
  deployment: Deployment,
  old: readonly ReplicaSet[],
  replicas: number,
): Promise<Created> {
  const { metadata, spec, status } = deployment;
  const hash = templateHash(spec.template, status.collisionCount ?? 0);
  const template = templateWithHash(spec.template, hash);
  const name = `${metadata.name}-${hash}`;
  const sent = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: template.metadata.labels ?? {},
      annotations: {
        ...newestAnnotations(deployment, {}, maxRevision(old) + 1n),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: selectorWithHash(spec.selector, hash),
      template,
    },
  };
  try {
    const created = await client.create<ReplicaSet>(replicaSets, sent as unknown as ReplicaSet);
    if (replicas > 0) recordScaling(events, deployment, created, 0, replicas);
    return { kind: 'Created', replicaSet: created };
  } catch (error) {
    if (!isStatusError(error, 'AlreadyExists')) throw error;
    const existing = await client.get<ReplicaSet>(replicaSets, { namespace: metadata.namespace ?? '', name });
    // Made by an earlier look, whose change is still on its way here.
    const isOurs = isControlledBy(existing, deployment) && isSameTemplate(existing.spec.template, spec.template);
    return isOurs ? { kind: 'Created', replicaSet: existing } : { kind: 'NameTaken' };
  }
}

/** The newest ReplicaSet with the annotations and minReadySeconds that the Deployment has now. */
export async function updateNewReplicaSet(
  { client }: ReplicaSetWriterDeps,
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): Promise<ReplicaSet> {
  const before = newest.metadata.annotations ?? {};
  const annotations = newestAnnotations(deployment, before, maxRevision(old) + 1n);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (jsonEqual(annotations, before) && (newest.spec.minReadySeconds ?? 0) === minReadySeconds) return newest;
  return client.update<ReplicaSet>(replicaSets, {
    ...newest,
    metadata: { ...newest.metadata, annotations },
    spec: { ...newest.spec, minReadySeconds },
  });
}

/**
 * Takes a step; the ReplicaSet as it is then.
 *
 * @throws StatusError Conflict when the ReplicaSet is newer than the copy: the step was computed from old facts
 */
export async function executeScaleStep(
  { client, events }: ReplicaSetWriterDeps,
  deployment: Deployment,
  { replicaSet, replicas }: ScaleStep,
): Promise<ReplicaSet> {
  const before = replicaSet.metadata.annotations ?? {};
  const annotations: Annotations = { ...before, ...sizeAnnotations(deployment) };
  const current = replicaSet.spec.replicas;
  if (current === replicas && jsonEqual(annotations, before)) return replicaSet;
  const scaled = await client.update<ReplicaSet>(replicaSets, {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
    spec: { ...replicaSet.spec, replicas },
  });
  if (current !== replicas) recordScaling(events, deployment, scaled, current, replicas);
  return scaled;
}

/** Adds an annotation, durably. @throws StatusError Conflict when the ReplicaSet is newer than the copy */
export function annotateReplicaSet(
  { client }: Pick<ReplicaSetWriterDeps, 'client'>,
  replicaSet: ReplicaSet,
  key: string,
  value: string,
): Promise<ReplicaSet> {
  const annotations = { ...replicaSet.metadata.annotations, [key]: value };
  return client.update<ReplicaSet>(replicaSets, {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
  });
}

/** Deletes the oldest of the ReplicaSets that are idle, but for as many as the Deployment keeps. */
export async function deleteOldReplicaSets(
  { client }: ReplicaSetWriterDeps,
  deployment: Deployment,
  old: readonly ReplicaSet[],
): Promise<void> {
  const idle = old.filter(({ metadata, spec, status }) => {
    const isSeen = (metadata.generation ?? 0) <= (status.observedGeneration ?? 0);
    return spec.replicas === 0 && status.replicas === 0 && isSeen && metadata.deletionTimestamp === undefined;
  });
  const surplus = Math.max(0, idle.length - deployment.spec.revisionHistoryLimit);
  for (const { metadata } of byRevision(idle).slice(0, surplus)) {
    const { name = '', namespace = '', uid = '' } = metadata;
    try {
      await client.delete(
        replicaSets,
        { namespace, name },
        { propagationPolicy: 'Background', preconditions: { uid } },
      );
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
    }
  }
}

function recordScaling(
  events: ObjectEvents,
  deployment: Deployment,
  { metadata: { name } }: ReplicaSet,
  from: number,
  to: number,
): void {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  events.recordFor(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message, component });
}
