/** What a write changed, field by field. */
import { isObject, jsonEqual } from '../json-value.ts';
import type { MessageType } from '../schema/field.ts';
import { type FieldSet, fieldSet } from './field-set.ts';
import { isUnit, type Place, partsOf } from './ownership-unit.ts';

/** Three sets without a common path. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/**
 * From `before` to `after`. A part that appears or goes counts itself as well as its fields; a part
 * that is empty on both sides is compared as a whole.
 */
export function compareFields(type: MessageType, before: unknown, after: unknown): Comparison {
  return compareValue({ type }, before, after);
}

function compareValue(place: Place, before: unknown, after: unknown): Comparison {
  if (isUnit(place) || (isBare(before) && isBare(after))) return compareWhole(before, after);
  const older = partsOf(place.type, before);
  const newer = partsOf(place.type, after);
  const comparisons = [...new Set([...older.keys(), ...newer.keys()])].map((name) => {
    const part = newer.get(name) ?? older.get(name);
    return [name, compareParts(part?.place ?? place, older.get(name)?.values, newer.get(name)?.values)] as const;
  });
  const collect = (member: boolean, pick: keyof Comparison): FieldSet =>
    fieldSet(
      member,
      comparisons.map(([name, comparison]) => [name, comparison[pick]] as const),
    );
  return {
    added: collect(before === undefined, 'added'),
    modified: collect(false, 'modified'),
    removed: collect(after === undefined, 'removed'),
  };
}

/** Duplicates under one name cannot be told apart and are compared together. */
function compareParts(
  place: Place,
  before: readonly unknown[] | undefined,
  after: readonly unknown[] | undefined,
): Comparison {
  if ((before?.length ?? 0) > 1 || (after?.length ?? 0) > 1) return compareWhole(before, after);
  return compareValue(place, before?.[0], after?.[0]);
}

function compareWhole(before: unknown, after: unknown): Comparison {
  const changed = before !== undefined && after !== undefined && !jsonEqual(before, after);
  return {
    added: fieldSet(before === undefined && after !== undefined, []),
    modified: fieldSet(changed, []),
    removed: fieldSet(after === undefined && before !== undefined, []),
  };
}

function isBare(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
