/** Which values have one owner as a whole, and what the others are made of. */
import { isObject } from '../json-value.ts';
import { isAtomicStruct } from '../schema/atomic-structs.ts';
import type { Field, Type } from '../schema/field.ts';
import { findJsonField } from '../schema/json-fields.ts';
import { elementsByName, fieldElement } from './path-elements.ts';

/** What is said of a value's place: its type, and whether the field marks it atomic. */
export type Place = Pick<Field, 'type' | 'atomic'>;

/** Parts of a value by path element; several under one name are duplicates in a list. */
export type Parts = ReadonlyMap<string, { readonly place: Place; readonly values: readonly unknown[] }>;

/** Whether a value at this place is owned as a whole. */
export function isUnit({ type, atomic }: Place): boolean {
  if (atomic === true) return true;
  switch (type.kind) {
    case 'scalar':
      return true;
    case 'list':
      return type.semantics.type === 'atomic';
    case 'message':
      return isAtomicStruct(type.name);
    case 'map':
      return false;
  }
}

/** The parts of a value that is no unit; none for null, for an empty value, and for one of the wrong JSON type. */
export function partsOf(type: Type, value: unknown): Parts {
  const parts = new Map<string, { place: Place; values: readonly unknown[] }>();
  if (type.kind === 'list' && Array.isArray(value)) {
    for (const [name, values] of elementsByName(type, value)) parts.set(name, { place: { type: type.item }, values });
  } else if (type.kind === 'map' && isObject(value)) {
    for (const key of Object.keys(value)) {
      parts.set(fieldElement(key), { place: { type: type.value }, values: [value[key]] });
    }
  } else if (type.kind === 'message' && isObject(value)) {
    for (const name of Object.keys(value)) {
      const place = findJsonField(type, name);
      if (place !== undefined && value[name] !== undefined) {
        parts.set(fieldElement(name), { place, values: [value[name]] });
      }
    }
  }
  return parts;
}
