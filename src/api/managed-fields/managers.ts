/** `metadata.managedFields`, decoded: who owns which fields since when. */
import type { ManagedFieldsEntry } from '../meta.ts';
import { type FieldSet, isEmpty } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';

export type Operation = 'Apply' | 'Update';

export interface Manager {
  readonly manager: string;
  readonly operation: Operation;
  /** The version in which the fields are named. */
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339, whole seconds; undefined in entries written by hand. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** One entry each: who writes the same way again adds to the same entry. An applier has one, whatever its version. */
export function sameManager(left: Manager, right: Manager): boolean {
  return (
    left.manager === right.manager &&
    left.operation === right.operation &&
    left.subresource === right.subresource &&
    (left.operation === 'Apply' || left.apiVersion === right.apiVersion)
  );
}

/** The managers that the entries mean; undefined when one of them is malformed. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Manager[] | undefined {
  const managers = entries.map(decodeManager);
  return managers.every((manager) => manager !== undefined) ? managers : undefined;
}

function decodeManager(entry: ManagedFieldsEntry): Manager | undefined {
  const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsType } = entry;
  if ((operation !== 'Apply' && operation !== 'Update') || (fieldsType !== 'FieldsV1' && fieldsType !== undefined)) {
    return undefined;
  }
  const fields = decodeFields(entry.fieldsV1 ?? {});
  return fields === undefined ? undefined : { manager, operation, apiVersion, subresource, time, fields };
}

/** The entries, sorted as Kubernetes sorts them; managers that own nothing have none. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  return managers
    .filter(({ fields }) => !isEmpty(fields))
    .sort(compareManagers)
    .map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: encodeFields(fields),
      ...(subresource === '' ? {} : { subresource }),
    }));
}

/** Appliers first, then the oldest first. */
function compareManagers(left: Manager, right: Manager): number {
  return (
    compareText(left.operation, right.operation) ||
    compareText(left.time ?? '', right.time ?? '') ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}

/** Times compare as text: they all are UTC with four-digit years. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
