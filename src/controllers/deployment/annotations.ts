/** What a Deployment's controller keeps in annotations of its ReplicaSets: revisions and sizes, as Kubernetes does. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import { rollingUpdateLimits } from '../../api/kinds/deployment-strategy.ts';

export type Annotations = Readonly<Record<string, string>>;

/** Which revision of the Deployment a ReplicaSet is; on the Deployment, which one is wanted now. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
/** Earlier revisions of a ReplicaSet that came back, joined by commas. */
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
/** `spec.replicas` of the Deployment when the ReplicaSet was last scaled. */
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
/** The same with the surge. */
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Why this ReplicaSet was given up; as long as it stands, it is not tried again. */
export const failedAnnotation = 'rollback.eliot.run/failed';
/** Since when this ReplicaSet is trusted: it was complete for the whole bake time. */
export const provenAnnotation = 'rollback.eliot.run/proven';

/** These say something of one object and are not handed on from Deployment to ReplicaSet. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  // What a source of desired state applied last: as long as the object itself.
  'eliot.run/source-applied',
  'deprecated.deployment.rollback.to',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  failedAnnotation,
  provenAnnotation,
]);

/** How long the history of revisions may become, in characters. */
const maxHistoryLength = 2_000;

type Annotated = { readonly metadata: { readonly annotations?: Annotations } };

/** 0 when there is none that can be read. Larger than a JavaScript number holds, as Kubernetes allows. */
export function revisionOf({ metadata }: Annotated): bigint {
  const text = metadata.annotations?.[revisionAnnotation] ?? '';
  return /^\d{1,19}$/.test(text) ? BigInt(text) : 0n;
}

/** The oldest revision first. */
export function byRevision<T extends Annotated>(objects: readonly T[]): T[] {
  return objects.toSorted((a, b) => {
    const [left, right] = [revisionOf(a), revisionOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** The highest revision among them; 0 for none. */
export function maxRevision(objects: readonly Annotated[]): bigint {
  const newest = byRevision(objects).at(-1);
  return newest === undefined ? 0n : revisionOf(newest);
}

/** How many replicas the Deployment wanted when this ReplicaSet was last scaled; undefined when it does not say. */
export function desiredReplicasOf(replicaSet: Annotated): number | undefined {
  return readCount(replicaSet, desiredAnnotation);
}

export function maxReplicasOf(replicaSet: Annotated): number | undefined {
  return readCount(replicaSet, maxAnnotation);
}

/** What a ReplicaSet says of the size of its Deployment. */
export function sizeAnnotations({ spec }: Deployment): Annotations {
  const { maxSurge } = rollingUpdateLimits(spec.strategy, spec.replicas);
  return { [desiredAnnotation]: String(spec.replicas), [maxAnnotation]: String(spec.replicas + maxSurge) };
}

/**
 * The annotations of the newest ReplicaSet: those of the Deployment, and its revision, which never falls. A
 * ReplicaSet that comes back under a higher revision remembers the old one.
 */
export function newestAnnotations(deployment: Deployment, existing: Annotations, revision: bigint): Annotations {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  const annotations = { ...existing, ...Object.fromEntries(inherited) };
  const before = revisionOf({ metadata: { annotations: existing } });
  if (before >= revision) return annotations;
  const history = existing[historyAnnotation];
  const longer = history ? `${history},${before}` : String(before);
  return {
    ...annotations,
    [revisionAnnotation]: String(revision),
    ...(before > 0n && longer.length <= maxHistoryLength ? { [historyAnnotation]: longer } : {}),
  };
}

function readCount({ metadata }: Annotated, key: string): number | undefined {
  const text = metadata.annotations?.[key] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
