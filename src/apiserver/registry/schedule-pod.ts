/** Binding pods to the node: at once when they are made, or later, when the scheduler found room. */
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { formatTime } from '../../lib/clock.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { decodeEntry, encodeObject } from './entry-codec.ts';
import { conflict, staleVersion } from './errors.ts';
import { objectKey } from './keys.ts';
import { loadObject } from './load.ts';

interface Condition {
  readonly type: string;
  readonly status?: string;
}

interface Spec {
  readonly nodeName?: string;
  readonly schedulingGates?: readonly unknown[];
}

const maxAttempts = 32;

/**
 * A new pod as it is stored: bound when it names a node or `place` finds room for it now, else without a node. With
 * scheduling gates it says from the beginning that it waits for them, as in Kubernetes.
 */
export function schedulePod(
  pod: KubeObject,
  place: (pod: KubeObject) => string | undefined,
  nowMs: number,
): KubeObject {
  const spec = pod['spec'] as Spec;
  if ((spec.schedulingGates ?? []).length > 0) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    return withScheduled(pod, { status: 'False', reason: 'SchedulingGated', message }, nowMs);
  }
  // One that names its node was not scheduled: its node says whether it runs there.
  if (spec.nodeName) return pod;
  const nodeName = place(pod);
  return nodeName === undefined ? pod : bound(pod, nodeName, nowMs);
}

/**
 * Binds a stored pod to a node, once.
 *
 * @throws StatusError NotFound, or Conflict when it is another pod, has a node already or is being deleted
 */
export async function bindPod(
  deps: RegistryDeps,
  kind: AnyKind,
  key: ObjectKey,
  binding: { readonly nodeName: string; readonly uid?: string },
): Promise<KubeObject> {
  const { nodeName, uid } = binding;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const { object: pod, revision } = await loadObject(deps, kind, key);
    const spec = pod['spec'] as Spec;
    if (uid && uid !== pod.metadata.uid) {
      const message = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`;
      throw conflict(kind, key.name, message);
    }
    if (pod.metadata.deletionTimestamp !== undefined) {
      throw conflict(kind, key.name, `pod ${key.name} is being deleted, cannot be assigned to a host`);
    }
    if (spec.nodeName) {
      throw conflict(kind, key.name, `pod ${key.name} is already assigned to node "${spec.nodeName}"`);
    }
    if ((spec.schedulingGates ?? []).length > 0) {
      throw conflict(kind, key.name, `pod ${key.name} has non-empty .spec.schedulingGates`);
    }
    const next = bound(pod, nodeName, deps.clock.now());
    const entry = await deps.store.put({ key: objectKey(kind, key), ...encodeObject(kind, next), expected: revision });
    if (entry !== 'Conflict') return decodeEntry(kind, entry);
  }
  throw staleVersion(kind, key.name);
}

function bound(pod: KubeObject, nodeName: string, nowMs: number): KubeObject {
  const next = withScheduled(pod, { status: 'True' }, nowMs);
  const { nominatedNodeName: _, ...status } = next['status'] as Readonly<Record<string, unknown>>;
  return {
    ...next,
    spec: { ...(pod['spec'] as object), nodeName },
    status,
  };
}

function withScheduled(
  pod: KubeObject,
  condition: { readonly status: string; readonly reason?: string; readonly message?: string },
  nowMs: number,
): KubeObject {
  const status = pod['status'] as { readonly conditions?: readonly Condition[] } | undefined;
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', ...condition, lastTransitionTime: formatTime(nowMs) };
  return { ...pod, status: { phase: 'Pending', ...status, conditions: [...others, scheduled] } };
}
