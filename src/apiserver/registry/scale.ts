/** The subresource `scale`: an object seen as the number of its replicas. */
import { type Scale, scaleKind } from '../../api/kinds/scale.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey, PatchType } from '../../api/object-client.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import { type Apply, applyObject, readConfiguration } from './apply.ts';
import { completeObject, validateObject } from './complete-object.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './context.ts';
import { decodeObject } from './decode-object.ts';
import { unknownPath } from './errors.ts';
import { loadObject } from './load.ts';
import { checkMatchesUrl } from './matches-url.ts';
import { patchObject } from './patch.ts';
import { updateObject } from './update.ts';

/** What a client sends to the subresource: a whole Scale, or a patch of one. */
export type ScaleChange =
  | { readonly type: 'replace'; readonly body: unknown }
  | { readonly type: Exclude<PatchType, 'apply'>; readonly body: unknown };

/** @throws StatusError NotFound */
export async function readScale(deps: RegistryDeps, kind: AnyKind, key: ObjectKey): Promise<Scale> {
  return scaleOf(kind, (await loadObject(deps, kind, key)).object);
}

/**
 * Writes the number of replicas, and nothing else, into the object.
 *
 * @returns the Scale as it then is
 * @throws StatusError NotFound, Conflict (stale resourceVersion or another uid), Invalid, BadRequest
 */
export async function changeScale(
  deps: RegistryDeps,
  kind: AnyKind,
  key: ObjectKey,
  { type, body }: ScaleChange,
  context: WriteContext,
): Promise<Scale> {
  const sent = type === 'replace' ? checkMatchesUrl(decodeObject(scaleKind, body, context), key) : undefined;
  const change = (current: KubeObject): KubeObject => {
    const scale = scaleOf(kind, current);
    const wanted = type === 'replace' ? (sent ?? scale) : patchObject(scaleKind, scale, type, body, context);
    return withScale(kind, current, completeObject(scaleKind, wanted));
  };
  const { object } = await updateObject(deps, kind, { key, subresource: 'scale', change }, context);
  return scaleOf(kind, object);
}

/**
 * Server-side apply of a Scale: its replicas are applied to the object, under the same manager as other writes of the
 * subresource. Errors as `changeScale`, and Conflict when others own the replicas.
 */
export async function applyScale(
  deps: RegistryDeps,
  kind: AnyKind,
  apply: Omit<Apply, 'subresource'>,
  context: WriteContext,
): Promise<Scale> {
  if (!kind.scale) throw unknownPath();
  const scale = readConfiguration(scaleKind, apply);
  validateObject(scaleKind, completeObject(scaleKind, scale));
  const { name, namespace, uid, resourceVersion } = scale.metadata;
  const { replicas } = (scale as { readonly spec?: { readonly replicas?: number } }).spec ?? {};
  const parent: KubeObject = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
  const body = replicas === undefined || replicas === null ? parent : kind.scale.write(parent, replicas);
  const { object } = await applyObject(deps, kind, { ...apply, subresource: 'scale', body }, context);
  return scaleOf(kind, object);
}

/** @throws StatusError NotFound for a kind without replicas */
function scaleOf(kind: AnyKind, object: KubeObject): Scale {
  if (!kind.scale) throw unknownPath();
  const { wanted, found, selector } = kind.scale.read(object);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    apiVersion: apiVersionOf(scaleKind),
    kind: scaleKind.kind,
    // Only what makes it the same object: labels and owners are the parent's.
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: wanted },
    status: { replicas: found, selector },
  };
}

/**
 * `current` with the replicas that `scale` wants. The preconditions of `scale` (uid, resourceVersion) go with it.
 *
 * @throws StatusError Invalid for a negative number, NotFound for a kind without replicas
 */
function withScale(kind: AnyKind, current: KubeObject, scale: KubeObject): KubeObject {
  if (!kind.scale) throw unknownPath();
  validateObject(scaleKind, scale);
  const { resourceVersion, uid } = scale.metadata;
  const { resourceVersion: _, ...metadata } = current.metadata;
  const scaled = kind.scale.write(current, (scale as Scale).spec.replicas ?? 0);
  return {
    ...scaled,
    metadata: { ...metadata, ...(resourceVersion ? { resourceVersion } : {}), ...(uid ? { uid } : {}) },
  };
}
