/** PATCH: how the next object is made from the present one and what the client sent. */
import type { KubeObject } from '../../api/meta.ts';
import type { PatchType } from '../../api/object-client.ts';
import { applyJsonPatch } from '../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../api/patch/merge-patch.ts';
import { strategicMerge } from '../../api/schema/strategic-merge.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { AnyKind, WriteContext } from './context.ts';
import { decodeObject } from './decode-object.ts';

/** An apply is more than a patch: see `apply.ts`. */
type PlainPatchType = Exclude<PatchType, 'apply'>;

/**
 * The patched object, decoded as strictly as a whole one would be.
 *
 * @throws StatusError BadRequest (no such patch), Invalid (it cannot be applied)
 */
export function patchObject(
  kind: AnyKind,
  current: KubeObject,
  type: PlainPatchType,
  patch: unknown,
  context: WriteContext,
): KubeObject {
  return decodeObject(kind, patchedDocument(kind, current, type, patch), context);
}

function patchedDocument(kind: AnyKind, current: KubeObject, type: PlainPatchType, patch: unknown): unknown {
  switch (type) {
    case 'json':
      return applyJsonPatch(current, patch);
    case 'merge':
      return applyMergePatch(current, asObject(patch));
    case 'strategic': {
      // apiVersion and kind are no fields of the table; a patch may repeat them.
      const { apiVersion, kind: kindName, ...fields } = current;
      const { apiVersion: patchVersion = apiVersion, kind: patchKind = kindName, ...patchFields } = asObject(patch);
      const merged = strategicMerge(kind.fields, fields, patchFields) as Readonly<Record<string, unknown>>;
      return { apiVersion: patchVersion, kind: patchKind, ...merged };
    }
  }
}

function asObject(patch: unknown): Readonly<Record<string, unknown>> {
  if (typeof patch === 'object' && patch !== null && !Array.isArray(patch)) {
    return patch as Readonly<Record<string, unknown>>;
  }
  throw new StatusError('BadRequest', 'the patch must be an object');
}
