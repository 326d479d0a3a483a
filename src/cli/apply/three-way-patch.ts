/**
 * The patch of a client-side apply: from what was applied last (`original`), what is wanted now
 * (`modified`) and what the server has (`current`). Pure.
 *
 * What is wanted and differs is set; what was applied last and is no longer wanted is deleted; what
 * others have set stays. Which lists are merged by key is read from the kind's field table; without
 * one (a kind we do not know) the same answer is a JSON merge patch. The rules are those of
 * k8s.io/apimachinery's three-way strategic merge patch, with two differences that lose nothing:
 * what the server does not have is not deleted once more, and a list whose merge key is not unique
 * (a port served over TCP and UDP) is replaced whole instead of being mixed up.
 */
import { getOwn, isObject, type JsonObject, jsonEqual, setOwn } from '../../api/json-value.ts';
import type { Field, ListSemantics, MessageType, Type } from '../../api/schema/field.ts';
import { findJsonField } from '../../api/schema/json-fields.ts';

export interface ThreeWay {
  /** Undefined when nothing was applied before. */
  readonly original: unknown;
  readonly modified: unknown;
  readonly current: unknown;
}

/** The patch; empty when nothing is to be changed. `type` is undefined for a kind without a field table. */
export function threeWayPatch(type: MessageType | undefined, objects: ThreeWay): JsonObject {
  return diffObject(type, objects, false);
}

function diffObject(type: Type | undefined, objects: ThreeWay, retainKeys: boolean): JsonObject {
  const original = isObject(objects.original) ? objects.original : {};
  const modified = isObject(objects.modified) ? objects.modified : {};
  const current = isObject(objects.current) ? objects.current : {};
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(modified)) {
    diffField(
      fieldOf(type, key),
      key,
      { original: getOwn(original, key), modified: modified[key], current: getOwn(current, key) },
      patch,
    );
  }
  for (const key of Object.keys(original)) {
    if (!Object.hasOwn(modified, key) && isThere(getOwn(current, key))) setOwn(patch, key, null);
  }
  // The members of a union exclude each other: setting one must drop the one that is there.
  if (retainKeys && Object.keys(patch).length > 0) patch['$retainKeys'] = Object.keys(modified).sort();
  return patch;
}

interface KnownField {
  readonly type: Type | undefined;
  readonly retainKeys: boolean;
  /** A patch replaces it whole. */
  readonly replaces: boolean;
}

function fieldOf(type: Type | undefined, name: string): KnownField {
  if (type?.kind === 'map') return { type: type.value, retainKeys: false, replaces: false };
  const field: Field | undefined = type?.kind === 'message' ? findJsonField(type, name) : undefined;
  const strategy = field?.patchStrategy;
  return { type: field?.type, retainKeys: strategy === 'retainKeys', replaces: strategy === 'replace' };
}

function diffField(field: KnownField, key: string, values: ThreeWay, patch: Record<string, unknown>): void {
  const { modified, current } = values;
  if (modified === null) {
    if (isThere(current)) setOwn(patch, key, null);
    return;
  }
  if (!isThere(current)) {
    setOwn(patch, key, modified);
    return;
  }
  if (isObject(modified) && isObject(current) && field.type?.kind !== 'scalar' && !field.replaces) {
    const inner = diffObject(field.type, values, field.retainKeys);
    if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    return;
  }
  if (Array.isArray(modified) && Array.isArray(current) && field.type?.kind === 'list') {
    const original = Array.isArray(values.original) ? values.original : [];
    diffList(field.type.semantics, field, key, { original, modified, current }, patch);
    return;
  }
  if (!jsonEqual(modified, current)) setOwn(patch, key, modified);
}

interface ThreeLists {
  readonly original: readonly unknown[];
  readonly modified: readonly unknown[];
  readonly current: readonly unknown[];
}

function diffList(
  semantics: ListSemantics,
  field: KnownField,
  key: string,
  lists: ThreeLists,
  patch: Record<string, unknown>,
): void {
  switch (semantics.type) {
    case 'atomic':
      if (!jsonEqual(lists.modified, lists.current)) setOwn(patch, key, lists.modified);
      break;
    case 'set':
      diffSet(key, lists, patch);
      break;
    case 'map':
      diffKeyedList(semantics.mergeKey, field, key, lists, patch);
      break;
  }
}

function diffSet(key: string, { original, modified, current }: ThreeLists, patch: Record<string, unknown>): void {
  const added = modified.filter((item) => !current.includes(item));
  const removed = original.filter((item) => !modified.includes(item) && current.includes(item));
  if (added.length === 0 && removed.length === 0) return;
  if (added.length > 0) setOwn(patch, key, added);
  if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed;
  patch[`$setElementOrder/${key}`] = modified;
}

function diffKeyedList(
  mergeKey: string,
  field: KnownField,
  key: string,
  { original, modified, current }: ThreeLists,
  patch: Record<string, unknown>,
): void {
  const wanted = byMergeKey(modified, mergeKey);
  const there = byMergeKey(current, mergeKey);
  if (wanted === undefined || there === undefined) {
    if (!jsonEqual(modified, current)) setOwn(patch, key, [{ $patch: 'replace' }, ...modified]);
    return;
  }
  const before = byMergeKey(original, mergeKey) ?? new Map<unknown, JsonObject>();
  const item = field.type?.kind === 'list' ? field.type.item : undefined;
  const changes: JsonObject[] = [];
  for (const [value, element] of wanted) {
    const present = there.get(value);
    if (present === undefined) {
      changes.push(element);
      continue;
    }
    const inner = diffObject(
      item,
      { original: before.get(value), modified: element, current: present },
      field.retainKeys,
    );
    if (Object.keys(inner).length > 0) changes.push({ ...inner, [mergeKey]: value });
  }
  for (const value of before.keys()) {
    if (!wanted.has(value) && there.has(value)) changes.push({ $patch: 'delete', [mergeKey]: value });
  }
  if (changes.length > 0) setOwn(patch, key, changes);
  if (changes.length > 0 || !sameOrder([...wanted.keys()], [...there.keys()])) {
    patch[`$setElementOrder/${key}`] = [...wanted.keys()].map((value) => ({ [mergeKey]: value }));
  }
}

/** Elements by their key, in order; undefined when one has none or two have the same. */
function byMergeKey(list: readonly unknown[], mergeKey: string): ReadonlyMap<unknown, JsonObject> | undefined {
  const elements = new Map<unknown, JsonObject>();
  for (const element of list) {
    const value = isObject(element) ? getOwn(element, mergeKey) : undefined;
    if (!isObject(element) || !isThere(value) || elements.has(value)) return undefined;
    elements.set(value, element);
  }
  return elements;
}

/** Whether those of `wanted` that are there already stand in the wanted order. */
function sameOrder(wanted: readonly unknown[], there: readonly unknown[]): boolean {
  const present = there.filter((value) => wanted.includes(value));
  return jsonEqual(
    wanted.filter((value) => present.includes(value)),
    present,
  );
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}
