/**
 * Deleting an object. Most kinds go at once. A pod is first marked, so that the agent can
 * stop it within its grace period; an object with finalizers is marked until they are gone.
 * Either way the one who ends the wait takes it out of the store.
 */
import { isTerminalPhase } from '../../api/kinds/pod/state.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { DeleteOptions, ObjectKey } from '../../api/object-client.ts';
import { formatTime } from '../../lib/clock.ts';
import { systemUser, type UserInfo } from '../identity.ts';
import type { AnyKind, Loaded, RegistryDeps } from './context.ts';
import { decodeEntry, encodeObject } from './entry-codec.ts';
import { conflict, staleVersion } from './errors.ts';
import { checkImageUnused, isImage } from './image-in-use.ts';
import { objectKey } from './keys.ts';
import { loadObject } from './load.ts';
import { checkNamespaceMayGo } from './namespace-lifecycle.ts';
import { checkPriorityClassMayGo } from './priority-classes.ts';
import { withPropagation } from './propagation.ts';
import { hasFinalizers, isNamespace, isPod } from './removal.ts';

const defaultGraceSeconds = 30;
const maxAttempts = 32;

export interface Deleted {
  /** The object as it is now, or as it last was. */
  readonly object: KubeObject;
  /** False while its grace period runs or a finalizer holds it. */
  readonly removed: boolean;
}

/**
 * Starts the deletion, or shortens one under way: a grace period never grows.
 *
 * @param user who deletes it; default: the daemon itself
 * @throws StatusError NotFound, Conflict (a precondition does not hold), Forbidden (an object that must stay)
 */
export async function deleteObject(
  deps: RegistryDeps,
  kind: AnyKind,
  key: ObjectKey,
  options: DeleteOptions,
  user: UserInfo = systemUser('system:apiserver'),
): Promise<Deleted> {
  if (isNamespace(kind)) checkNamespaceMayGo(key.name);
  checkPriorityClassMayGo(kind, key.name);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const current = await loadObject(deps, kind, key);
    checkDeletePreconditions(kind, current.object, options);
    if (isImage(kind)) await checkImageUnused(deps, kind, current.object);
    const object = withPropagation(kind, current.object, options);
    const graceSeconds = graceOf(kind, object, options);
    const deleted = await deps.deletionStep({ kind, object: current.object, options, user }, () =>
      graceSeconds === 0 && !hasFinalizers(kind, object)
        ? remove(deps, kind, key, current, options)
        : mark(deps, kind, key, { ...current, object }, current.object, graceSeconds, options),
    );
    if (deleted !== 'Conflict') return deleted;
  }
  throw staleVersion(kind, key.name);
}

/** @throws StatusError Conflict when the object is not the one, or not the version, that is to be deleted */
export function checkDeletePreconditions(kind: AnyKind, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { name = '', uid: currentUid, resourceVersion: currentVersion } = object.metadata;
  if (uid !== undefined && uid !== currentUid) {
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${currentUid}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== currentVersion) {
    throw conflict(
      kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${currentVersion}`,
    );
  }
}

/** Seconds that a pod gets to end; zero for every other kind and for a pod of which nothing runs. */
function graceOf(kind: AnyKind, object: KubeObject, options: DeleteOptions): number {
  if (!isPod(kind)) return 0;
  const spec = object['spec'] as { readonly terminationGracePeriodSeconds?: number; readonly nodeName?: string };
  const { phase } = (object['status'] ?? {}) as { readonly phase?: string };
  if (!spec.nodeName || isTerminalPhase(phase)) return 0;
  const asked = options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
  // A negative grace means one second, as Kubernetes reads it since 1.22.
  return asked < 0 ? 1 : asked;
}

async function remove(
  deps: RegistryDeps,
  kind: AnyKind,
  key: ObjectKey,
  current: Loaded,
  options: DeleteOptions,
): Promise<Deleted | 'Conflict'> {
  if (!options.dryRun) {
    const entry = await deps.store.delete(objectKey(kind, key), current.revision);
    if (entry === 'Conflict') return 'Conflict';
  }
  return { object: current.object, removed: true };
}

async function mark(
  deps: RegistryDeps,
  kind: AnyKind,
  key: ObjectKey,
  current: Loaded,
  stored: KubeObject,
  graceSeconds: number,
  options: DeleteOptions,
): Promise<Deleted | 'Conflict'> {
  const marked = isPod(kind)
    ? markPod(current.object, graceSeconds, deps.clock.now(), options)
    : markOther(kind, current.object, deps.clock.now());
  if (marked === stored || options.dryRun) return { object: marked, removed: false };
  const entry = await deps.store.put({
    key: objectKey(kind, key),
    ...encodeObject(kind, marked),
    isDeletion: true,
    expected: current.revision,
  });
  return entry === 'Conflict' ? 'Conflict' : { object: decodeEntry(kind, entry), removed: false };
}

function markPod(pod: KubeObject, graceSeconds: number, nowMs: number, options: DeleteOptions): KubeObject {
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0, generation } = pod.metadata;
  if (deletionTimestamp === undefined) return withDeletion(pod, nowMs + graceSeconds * 1000, graceSeconds, generation);
  if (options.gracePeriodSeconds === undefined || graceSeconds >= grace) return pod;
  const startedMs = Date.parse(deletionTimestamp) - grace * 1000;
  return withDeletion(pod, startedMs + graceSeconds * 1000, graceSeconds, generation);
}

function markOther(kind: AnyKind, object: KubeObject, nowMs: number): KubeObject {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const marked = withDeletion(object, nowMs, 0, object.metadata.generation);
  if (!isNamespace(kind)) return marked;
  const status = object['status'] as Readonly<Record<string, unknown>> | undefined;
  return { ...marked, status: { ...status, phase: 'Terminating' } };
}

function withDeletion(
  object: KubeObject,
  atMs: number,
  graceSeconds: number,
  generation: number | undefined,
): KubeObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: formatTime(atMs),
      deletionGracePeriodSeconds: graceSeconds,
      // Asking for its end is a change of what is wanted.
      ...(generation === undefined ? {} : { generation: generation + 1 }),
    },
  };
}
