/**
 * Strategic merge patch: a merge patch that knows which lists are merged by key.
 *
 * The rules are those of k8s.io/apimachinery's `strategicpatch`: `$patch: delete|replace`
 * (and `merge`, which is what happens anyway), `$retainKeys`, `$setElementOrder/<list>`,
 * `$deleteFromPrimitiveList/<list>`, null deletes. Merge keys come from the field tables.
 * Pure: neither the original nor the patch is changed.
 */
import { isObject, type JsonObject, setOwn, shallowCopy } from '../json-value.ts';
import type { ListSemantics, MessageType, Type } from './field.ts';
import { findJsonField } from './json-fields.ts';
import { badPatch, type Directives, plainValue, readDirectives } from './strategic-directives.ts';
import { deleteElements, mergeKeyedList, mergeSet, orderElements } from './strategic-list.ts';

/**
 * The object after the patch. Fields that the table does not know are merged like free maps, so that
 * decoding the result can name them.
 *
 * @throws StatusError `BadRequest` for a malformed patch or directive, `Invalid` when an element of a
 *   keyed list lacks its key
 */
export function strategicMerge<T>(type: MessageType, original: T, patch: unknown): T {
  if (!isObject(patch)) throw badPatch('the patch is not an object');
  return mergeObject(type, isObject(original) ? original : {}, patch) as T;
}

/** `type` is undefined for unknown fields; what they hold merges like a free map. */
function mergeObject(type: Type | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  const directives = readDirectives(patch);
  if (directives.patch === 'delete') return {};
  if (directives.patch === 'replace') return plainValue(Object.fromEntries(directives.fields)) as JsonObject;

  const result = retained(original, directives.retainKeys);
  for (const [name, value] of directives.fields) mergeField(type, name, value, result);
  deleteFromLists(directives, result);
  orderLists(type, directives, original, result);
  return result;
}

function mergeField(parent: Type | undefined, name: string, value: unknown, result: Record<string, unknown>): void {
  const type = fieldType(parent, name);
  const before = Object.hasOwn(result, name) ? result[name] : undefined;
  if (value === null) {
    delete result[name];
  } else if (isReplaced(parent, name)) {
    setOwn(result, name, plainValue(value));
  } else if (type?.kind === 'scalar') {
    // Raw values are not looked into: a patch replaces them whole.
    setOwn(result, name, value);
  } else if (Array.isArray(value)) {
    setOwn(result, name, Array.isArray(before) ? mergeList(type, before, value, name) : plainValue(value));
  } else if (isObject(value)) {
    if (isObject(before)) setOwn(result, name, mergeObject(type, before, value));
    else if (value['$patch'] === 'delete') delete result[name];
    else setOwn(result, name, mergeObject(type, {}, value));
  } else {
    setOwn(result, name, value);
  }
}

function mergeList(
  type: Type | undefined,
  before: readonly unknown[],
  patch: readonly unknown[],
  name: string,
): unknown {
  const semantics = type?.kind === 'list' ? type.semantics : undefined;
  if (type?.kind !== 'list' || semantics === undefined || semantics.type === 'atomic') return plainValue(patch);
  if (semantics.type === 'set') return mergeSet(before, patch);
  const merge = (element: JsonObject, change: JsonObject): JsonObject => mergeObject(type.item, element, change);
  return mergeKeyedList({ before, patch, key: semantics.mergeKey, name, merge });
}

function deleteFromLists({ deletions }: Directives, result: Record<string, unknown>): void {
  for (const [name, values] of deletions) {
    const list = Object.hasOwn(result, name) ? result[name] : undefined;
    if (Array.isArray(list)) setOwn(result, name, deleteElements(list, values));
  }
}

function orderLists(
  type: Type | undefined,
  { elementOrders, fields }: Directives,
  original: JsonObject,
  result: Record<string, unknown>,
): void {
  for (const [name, order] of elementOrders) {
    const list = Object.hasOwn(result, name) ? result[name] : undefined;
    if (!Array.isArray(list)) continue;
    const before = Object.hasOwn(original, name) ? original[name] : undefined;
    const given = fields.find(([field]) => field === name)?.[1];
    const semantics = listSemantics(fieldType(type, name));
    const ordered = orderElements({
      list,
      order,
      before: Array.isArray(before) ? before : [],
      given: Array.isArray(given) ? given : [],
      key: semantics?.type === 'map' ? semantics.mergeKey : undefined,
      name,
    });
    setOwn(result, name, ordered);
  }
}

function retained(original: JsonObject, retainKeys: readonly unknown[] | undefined): Record<string, unknown> {
  const copy = shallowCopy(original);
  if (retainKeys === undefined) return copy;
  for (const key of Object.keys(copy)) if (!retainKeys.includes(key)) delete copy[key];
  return copy;
}

function fieldType(type: Type | undefined, name: string): Type | undefined {
  if (type?.kind === 'message') return findJsonField(type, name)?.type;
  return type?.kind === 'map' ? type.value : undefined;
}

function isReplaced(type: Type | undefined, name: string): boolean {
  return type?.kind === 'message' && findJsonField(type, name)?.patchStrategy === 'replace';
}

function listSemantics(type: Type | undefined): ListSemantics | undefined {
  return type?.kind === 'list' ? type.semantics : undefined;
}
