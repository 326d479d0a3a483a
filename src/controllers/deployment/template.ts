/** Templates of a Deployment: which ReplicaSet belongs to which, and how it is named. Pure. */
import { createHash } from 'node:crypto';
import { isObject, jsonEqual } from '../../api/json-value.ts';
import type { Deployment } from '../../api/kinds/deployment.ts';
import { withoutStopSignals } from '../../api/kinds/pod/normalize.ts';
import type { PodTemplateSpec } from '../../api/kinds/pod/template.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { LabelSelectorObject } from '../../api/labels.ts';

/** Tells the pods of one template from those of another. */
const hashLabel = 'pod-template-hash';

/** Without vowels, so that no words come about; as Kubernetes names what it generates. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const hashLength = 10;

/**
 * A short name for a template, the same for equal ones. It names the ReplicaSet; whether two templates are equal is
 * decided by comparing them, so the hash may change between versions of Eliot.
 *
 * @param collisionCount how often the name was taken by something else
 */
export function templateHash(template: PodTemplateSpec, collisionCount: number): string {
  const digest = createHash('sha256').update(canonical(template)).update(String(collisionCount)).digest();
  return [...digest.subarray(0, hashLength)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** JSON with the keys in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/**
 * Whether both make the same pods. The label by which they are told apart does not count, nor what is dropped when either
 * is written next.
 */
export function isSameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return jsonEqual(comparable(a), comparable(b));
}

/** The ReplicaSet of the Deployment's template; the oldest, should there be more. */
export function findNewReplicaSet({ spec }: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return byCreation(replicaSets).find((replicaSet) => isSameTemplate(replicaSet.spec.template, spec.template));
}

/** The oldest first; by name within the same second. */
export function byCreation(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  const stampOf = ({ metadata }: ReplicaSet): string => `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`;
  return replicaSets.toSorted((a, b) => (stampOf(a) < stampOf(b) ? -1 : 1));
}

export function templateWithHash(template: PodTemplateSpec, hash: string): PodTemplateSpec {
  const labels = { ...template.metadata.labels, [hashLabel]: hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function selectorWithHash(selector: LabelSelectorObject, hash: string): LabelSelectorObject {
  return { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } };
}

function comparable(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _, ...labels } = template.metadata.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels }, spec: withoutStopSignals(template.spec) };
}
