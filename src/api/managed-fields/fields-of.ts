/** All fields that a value sets, as a manager that applies it owns them. */
import { isObject } from '../json-value.ts';
import type { MessageType } from '../schema/field.ts';
import { type FieldSet, fieldSet } from './field-set.ts';
import { isUnit, type Place, partsOf } from './ownership-unit.ts';

/**
 * The leaves of `value`, and with them nulls, empty objects, keys of free maps and elements of lists: those
 * exist by themselves. Fields that the table does not know are left out.
 */
export function fieldsOf(type: MessageType, value: unknown): FieldSet {
  return membersOf({ type }, value);
}

function membersOf(place: Place, value: unknown): FieldSet {
  if (isUnit(place)) return fieldSet(true, []);
  const { type } = place;
  const children = [...partsOf(type, value)].map(([name, part]) => {
    const [first] = part.values;
    if (part.values.length > 1) return [name, fieldSet(true, [])] as const;
    const below = membersOf(part.place, first);
    const existsByItself = type.kind !== 'message' || first === null || (isObject(first) && isBare(first));
    return [name, fieldSet(below.member || existsByItself, below.children)] as const;
  });
  return fieldSet(false, children);
}

function isBare(value: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(value).length === 0;
}
