/** Names of what lies inside a value: fields by name, list elements by their key or value. */
import { isObject } from '../json-value.ts';
import type { ListType } from '../schema/field.ts';

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

function elementName({ semantics }: ListType, element: unknown): string {
  if (semantics.type !== 'map' || !isObject(element)) return `v:${JSON.stringify(element)}`;
  const keys = [...semantics.keys].sort().filter((key) => element[key] !== undefined);
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, element[key]])))}`;
}
