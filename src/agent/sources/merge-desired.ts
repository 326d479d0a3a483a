/**
 * What a live object must become so that it is as its source wants it, and keeps what others added.
 *
 * Three ways, as `kubectl apply`: what the source wants is set; what it wanted last time and no longer wants goes; the rest
 * (defaults, status, what users and controllers added) stays. Lists are merged as the field tables say.
 */
import { isObject, jsonEqual } from '../../api/json-value.ts';
import type { MessageType, Type } from '../../api/schema/field.ts';
import { findJsonField } from '../../api/schema/json-fields.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * @param live the object as it is; not changed
 * @param last the object as the source applied it last; empty when unknown
 * @param desired the object as the source wants it now
 */
export function mergeDesired(type: MessageType, live: Json, last: Json, desired: Json): Json {
  return mergeFields(live, last, desired, (name) => findJsonField(type, name)?.type);
}

function mergeValue(type: Type | undefined, live: unknown, last: unknown, desired: unknown): unknown {
  if (type?.kind === 'message' && isObject(live) && isObject(desired)) {
    return mergeDesired(type, live, isObject(last) ? last : {}, desired);
  }
  if (type?.kind === 'map' && isObject(live) && isObject(desired)) {
    return mergeFields(live, isObject(last) ? last : {}, desired, () => type.value);
  }
  if (type?.kind === 'list' && Array.isArray(live) && Array.isArray(desired)) {
    const { item, semantics } = type;
    const lastItems = Array.isArray(last) ? last : [];
    if (semantics.type === 'set')
      return mergeItems(live, lastItems, desired, jsonEqual, (_live, _last, wanted) => wanted);
    if (semantics.type === 'map') {
      const isSame = (a: unknown, b: unknown): boolean => hasSameKeys(semantics.keys, a, b);
      return mergeItems(live, lastItems, desired, isSame, (a, b, c) => mergeValue(item, a, b, c));
    }
  }
  return desired;
}

function mergeFields(live: Json, last: Json, desired: Json, typeOf: (name: string) => Type | undefined): Json {
  // Entries, not assignment: a ConfigMap may hold a key called __proto__.
  const merged = new Map(Object.entries(live));
  for (const name of Object.keys(last)) if (!Object.hasOwn(desired, name)) merged.delete(name);
  for (const [name, wanted] of Object.entries(desired)) {
    const lastValue = Object.hasOwn(last, name) ? last[name] : undefined;
    merged.set(name, mergeValue(typeOf(name), merged.get(name), lastValue, wanted));
  }
  return Object.fromEntries(merged);
}

/** The wanted items in the wanted order (that of init containers matters), then what others added. */
function mergeItems(
  live: readonly unknown[],
  last: readonly unknown[],
  desired: readonly unknown[],
  isSame: (a: unknown, b: unknown) => boolean,
  merge: (live: unknown, last: unknown, desired: unknown) => unknown,
): unknown[] {
  const find = (items: readonly unknown[], item: unknown): unknown => items.find((other) => isSame(other, item));
  const wanted = desired.map((item) => {
    const current = find(live, item);
    return current === undefined ? item : merge(current, find(last, item), item);
  });
  const added = live.filter((item) => find(desired, item) === undefined && find(last, item) === undefined);
  return [...wanted, ...added];
}

function hasSameKeys(keys: readonly string[], a: unknown, b: unknown): boolean {
  return isObject(a) && isObject(b) && keys.every((key) => jsonEqual(a[key], b[key]));
}
