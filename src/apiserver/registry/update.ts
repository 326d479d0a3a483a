/**
 * Changing an object: the other half of the one write path (design D13). PUT, PATCH and
 * the subresources differ only in how the next object is made from the present one.
 */
import { jsonEqual } from '../../api/json-value.ts';
import { sameOwners } from '../../api/managed-fields/same-owners.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { validateObject } from './complete-object.ts';
import type { AnyKind, Loaded, RegistryDeps, WriteContext } from './context.ts';
import { decodeEntry, encodeObject } from './entry-codec.ts';
import { conflict, invalid, staleVersion } from './errors.ts';
import { objectKey } from './keys.ts';
import { loadObject } from './load.ts';
import { withManagedFields } from './managed-fields.ts';
import { mergeUpdate } from './merge-update.ts';
import { checkOneDefault } from './priority-classes.ts';
import { isReadyToGo } from './removal.ts';
import { checkRoleGrants } from './role-grants.ts';

/** Bound on read-modify-write; only reached when something writes the object without pause. */
const maxAttempts = 32;

export interface Update {
  readonly key: ObjectKey;
  /** `status`, `finalize`, … write only their own part; undefined writes everything else. */
  readonly subresource?: string;
  /** Makes what the client wants from the present object. Called again when somebody was faster. */
  readonly change: (current: KubeObject) => KubeObject | Promise<KubeObject>;
  /** `Apply`: `change` has decided who owns what. Default: whoever changes a field owns it. */
  readonly operation?: 'Apply';
}

export interface Updated {
  readonly object: KubeObject;
  /** The write completed a deletion that was under way, so the object is gone. */
  readonly removed: boolean;
}

/**
 * Applies `change` with compare-and-swap. A resourceVersion in the changed object must be the current
 * one; a change that changes nothing writes nothing.
 *
 * @throws StatusError NotFound, Conflict, Invalid, or what `change` throws
 */
export async function updateObject(
  deps: RegistryDeps,
  kind: AnyKind,
  update: Update,
  context: WriteContext,
): Promise<Updated> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const current = await loadObject(deps, kind, update.key);
    const wanted = await update.change(current.object);
    checkPreconditions(kind, current.object, wanted);
    const merged = mergeUpdate(kind, current.object, wanted, update.subresource);
    const { managedFields } = wanted.metadata;
    const updated = await store(deps, kind, { current, merged, managedFields }, update, context);
    if (updated !== 'Conflict') return updated;
  }
  throw staleVersion(kind, update.key.name);
}

function checkPreconditions(kind: AnyKind, current: KubeObject, wanted: KubeObject): void {
  const name = current.metadata.name ?? '';
  const { uid, resourceVersion } = wanted.metadata;
  if (uid && uid !== current.metadata.uid) {
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  }
  if (!resourceVersion) return;
  if (!/^\d+$/.test(resourceVersion)) {
    throw invalid(kind, name, [
      {
        field: 'metadata.resourceVersion',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(resourceVersion)}: must be an unsigned integer`,
      },
    ]);
  }
  if (resourceVersion !== '0' && resourceVersion !== current.metadata.resourceVersion) throw staleVersion(kind, name);
}

interface Step {
  readonly current: Loaded;
  readonly merged: KubeObject;
  /** What the client says about owners; undefined when it says nothing. */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

async function store(
  deps: RegistryDeps,
  kind: AnyKind,
  { current, merged, managedFields }: Step,
  update: Update,
  context: WriteContext,
): Promise<Updated | 'Conflict'> {
  const before = current.object.metadata.managedFields;
  const isSame = jsonEqual(comparable(merged), comparable(current.object));
  const unchanged = { object: current.object, removed: false };
  if (isSame && (managedFields === undefined || jsonEqual(managedFields, before))) return unchanged;
  const isNewIntent = kind.hasGeneration && hasNewIntent(kind, current.object, merged, update.subresource);
  const generation = (current.object.metadata.generation ?? 0) + 1;
  const changed = isNewIntent ? { ...merged, metadata: { ...merged.metadata, generation } } : merged;
  const next = withManagedFields(kind, {
    previous: current.object,
    next: managedFields === undefined ? changed : { ...changed, metadata: { ...changed.metadata, managedFields } },
    context,
    operation: update.operation ?? 'Update',
    ...(update.subresource ? { subresource: update.subresource } : {}),
    nowMs: deps.clock.now(),
  });
  if (isSame && sameOwners(next.metadata.managedFields, before)) return unchanged;
  validateObject(kind, next, current.object, update.subresource);
  await checkOneDefault(deps, kind, next);
  await checkRoleGrants(deps, kind, next, current.object, context);
  const removed = next.metadata.deletionTimestamp !== undefined && isReadyToGo(kind, next);
  if (context.dryRun) return { object: next, removed };
  const key = objectKey(kind, update.key);
  if (removed) {
    const entry = await deps.store.delete(key, current.revision);
    if (entry === 'Conflict') return 'Conflict';
    return { object: next, removed };
  }
  const entry = await deps.store.put({ key, ...changedParts(kind, current.object, next), expected: current.revision });
  return entry === 'Conflict' ? 'Conflict' : { object: decodeEntry(kind, entry), removed };
}

/** Only the part that differs, so that a status costs no write to flash. */
function changedParts(
  kind: AnyKind,
  previous: KubeObject,
  next: KubeObject,
): ReturnType<typeof encodeObject> & { keep?: boolean } {
  const before = encodeObject(kind, previous);
  const after = encodeObject(kind, next);
  const intent = after.intent === before.intent ? undefined : after.intent;
  const observation = after.observation === before.observation ? undefined : after.observation;
  const keep = observation !== undefined && kind.keepObservation?.(next, previous);
  return {
    ...(intent === undefined ? {} : { intent }),
    ...(observation === undefined ? {} : { observation }),
    ...(keep ? { keep } : {}),
  };
}

function comparable(object: KubeObject): KubeObject {
  const { managedFields: _, resourceVersion: __, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function hasNewIntent(
  { annotationsAreIntent = false }: AnyKind,
  previous: KubeObject,
  next: KubeObject,
  subresource: string | undefined,
): boolean {
  if (!jsonEqual(intentOf(next), intentOf(previous))) return true;
  if (!annotationsAreIntent || subresource === 'status') return false;
  return !jsonEqual(next.metadata.annotations ?? {}, previous.metadata.annotations ?? {});
}

function intentOf(object: KubeObject): unknown {
  const { metadata: _, status: __, ...rest } = object;
  return rest;
}
