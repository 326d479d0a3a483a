/** Making a new object: the first half of the one write path (design D13). */
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { admit, checkAdmission } from './admission.ts';
import { completeObject, validateObject } from './complete-object.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './context.ts';
import { decodeObject } from './decode-object.ts';
import { decodeEntry, encodeObject } from './entry-codec.ts';
import { alreadyExists, invalid } from './errors.ts';
import { generateName } from './generate-name.ts';
import { objectKey } from './keys.ts';
import { withManagedFields } from './managed-fields.ts';
import { withoutServerFields } from './merge-update.ts';
import { checkNamespaceTakesNew } from './namespace-lifecycle.ts';
import { checkOneDefault } from './priority-classes.ts';
import { withinQuota } from './quota.ts';
import { isPod } from './removal.ts';
import { checkRoleGrants } from './role-grants.ts';
import { schedulePod } from './schedule-pod.ts';

/** How often a generated name is tried again when it is taken, as Kubernetes does. */
const maxGeneratedNames = 8;

/**
 * @param namespace of the URL, for namespaced kinds
 * @param operation `Apply` when the body carries its owners
 * @returns the object as stored
 * @throws StatusError BadRequest, Invalid, NotFound (namespace), Forbidden (namespace terminating, admission, quota),
 *   AlreadyExists
 */
export async function createObject(
  deps: RegistryDeps,
  kind: AnyKind,
  namespace: string | undefined,
  body: unknown,
  context: WriteContext,
  operation: 'Update' | 'Apply' = 'Update',
): Promise<KubeObject> {
  const sent = decodeObject(kind, body, context);
  if (sent.metadata.resourceVersion) {
    throw new StatusError('BadRequest', 'resourceVersion should not be set on objects to be created');
  }
  const inNamespace = placeInNamespace(kind, sent, namespace);
  if (kind.namespaced) {
    await checkNamespaceTakesNew(deps, kind, inNamespace.metadata.namespace ?? '', sent.metadata.name ?? '');
  }
  const { name, generateName: prefix } = sent.metadata;
  if (name) return insert(deps, kind, inNamespace, context, operation);
  if (!prefix) {
    throw invalid(kind, '', [
      {
        field: 'metadata.name',
        reason: 'FieldValueRequired',
        message: 'Required value: name or generateName is required',
      },
    ]);
  }
  for (let attempt = 1; ; attempt += 1) {
    const generated = generateName(prefix, deps.newNameSuffix());
    try {
      return await insert(deps, kind, withMetadata(inNamespace, { name: generated }), context, operation);
    } catch (error) {
      const isTaken = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (!isTaken || attempt === maxGeneratedNames) throw error;
    }
  }
}

function withMetadata(object: KubeObject, changes: Partial<ObjectMeta>): KubeObject {
  return { ...object, metadata: { ...object.metadata, ...changes } };
}

function ownersOf({ metadata: { managedFields } }: KubeObject): Pick<ObjectMeta, 'managedFields'> {
  return managedFields === undefined ? {} : { managedFields };
}

function placeInNamespace(kind: AnyKind, object: KubeObject, namespace: string | undefined): KubeObject {
  const { namespace: sent, ...metadata } = object.metadata;
  if (!kind.namespaced) return { ...object, metadata };
  if (sent && namespace && sent !== namespace) {
    throw new StatusError(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  return withMetadata(object, { namespace: namespace ?? sent ?? '' });
}

async function insert(
  deps: RegistryDeps,
  kind: AnyKind,
  sent: KubeObject,
  context: WriteContext,
  operation: 'Update' | 'Apply',
): Promise<KubeObject> {
  const complete = completeObject(kind, freshObject(deps, kind, sent));
  const create = (other: AnyKind, namespace: string | undefined, body: unknown, as: WriteContext) =>
    createObject(deps, other, namespace, body, as);
  const admitted = await admit(deps, kind, complete, context, create);
  const started = kind.prepareForCreate?.(admitted) ?? admitted;
  validateObject(kind, started);
  await checkOneDefault(deps, kind, started);
  await checkAdmission(deps, kind, started);
  await checkRoleGrants(deps, kind, started, undefined, context);
  // What the server puts in beyond the defaults (the node, a service account) is nobody's.
  const asked = operation === 'Apply' ? withMetadata(complete, ownersOf(sent)) : complete;
  const change = { previous: undefined, next: asked, context, operation, nowMs: deps.clock.now() };
  const owners = ownersOf(withManagedFields(kind, change));
  return withinQuota(deps, kind, started, () =>
    withinPodQuota(deps, kind, started, context, () =>
      store(deps, kind, withMetadata(placed(deps, kind, started, context), owners), context),
    ),
  );
}

async function store(deps: RegistryDeps, kind: AnyKind, next: KubeObject, context: WriteContext): Promise<KubeObject> {
  const name = next.metadata.name ?? '';
  const key = objectKey(kind, { name, ...(next.metadata.namespace ? { namespace: next.metadata.namespace } : {}) });
  if (context.dryRun) {
    if (await deps.store.get(key)) throw alreadyExists(kind, name);
    return next;
  }
  const entry = await deps.store.put({ key, ...encodeObject(kind, next), expected: 0 });
  if (entry === 'Conflict') throw alreadyExists(kind, name);
  return decodeEntry(kind, entry);
}

/** Stores a new object by `store`; a pod takes a place of the device first, and gives it back when it is not stored. */
async function withinPodQuota<T>(
  deps: RegistryDeps,
  kind: AnyKind,
  object: KubeObject,
  context: WriteContext,
  store: () => Promise<T>,
): Promise<T> {
  if (!isPod(kind)) return store();
  const giveBack = deps.takePodPlace(object);
  let isStored = false;
  try {
    const stored = await store();
    isStored = !context.dryRun;
    return stored;
  } finally {
    if (!isStored) giveBack();
  }
}

/** What a client may say about a new object, with what the server says of each. */
function freshObject(deps: RegistryDeps, kind: AnyKind, sent: KubeObject): KubeObject {
  const { status, apiVersion, kind: kindName, metadata, ...fields } = sent;
  const keepsStatus = !kind.subresources.some((subresource) => subresource.name === 'status');
  return {
    apiVersion,
    kind: kindName,
    metadata: {
      ...withoutServerFields(metadata),
      uid: deps.newUid(),
      creationTimestamp: formatTime(deps.clock.now()),
      ...(kind.hasGeneration ? { generation: 1 } : {}),
    },
    ...fields,
    ...(keepsStatus && status !== undefined ? { status } : {}),
  };
}

/** A valid new pod with its node, when there is room. Nothing may come between this and its storing: it takes its room. */
function placed(deps: RegistryDeps, kind: AnyKind, object: KubeObject, context: WriteContext): KubeObject {
  if (!isPod(kind)) return object;
  // What is not stored takes no room.
  const place = context.dryRun ? () => undefined : deps.placePod;
  return schedulePod(object, place, deps.clock.now());
}
