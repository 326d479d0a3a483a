/** Names of what lies inside a value: fields by name, list elements by their key or value. */
import { isObject, type JsonObject } from '../json-value.ts';
import type { ListType, Type } from '../schema/field.ts';
import { findJsonField } from '../schema/json-fields.ts';

/** A field of a message or a key of a map. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/**
 * The elements of a set or keyed list by path element. More than one under a name means that the
 * list holds duplicates, which Kubernetes tolerates in some lists (`env`).
 */
export function elementsByName(type: ListType, list: readonly unknown[]): Map<string, unknown[]> {
  const elements = new Map<string, unknown[]>();
  for (const element of list) {
    const name = elementName(type, element);
    const sameName = elements.get(name);
    if (sameName === undefined) elements.set(name, [element]);
    else sameName.push(element);
  }
  return elements;
}

/** The path element of one element of a set or keyed list. */
export function elementName({ item, semantics }: ListType, element: unknown): string {
  if (semantics.type !== 'map' || !isObject(element)) return `v:${JSON.stringify(element)}`;
  const keys = [...semantics.keys]
    .sort()
    .map((key) => [key, keyOf(item, element, key)] as const)
    .filter(([, value]) => value !== undefined);
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

/** What an element has under one of its keys; one that is left out has its default (`protocol: TCP`). */
export function keyOf(item: Type, element: JsonObject, key: string): unknown {
  const given = Object.hasOwn(element, key) ? element[key] : undefined;
  if (given !== undefined || item.kind !== 'message') return given;
  const field = findJsonField(item, key);
  return field?.type.kind === 'scalar' ? field.makeDefault?.(element) : undefined;
}
