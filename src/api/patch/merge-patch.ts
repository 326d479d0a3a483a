/** JSON merge patch, RFC 7386. */
import { isObject, setOwn, shallowCopy } from '../json-value.ts';

/** The document after the patch: null deletes a key, objects merge, anything else replaces. Changes no input. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = isObject(document) ? shallowCopy(document) : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else setOwn(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
