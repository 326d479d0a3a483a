/**
 * Who owns the fields after a create, update or patch.
 *
 * Whoever changes a field owns it from then on, and no one else does: an update never conflicts.
 * The comparison is that of Kubernetes' structured-merge-diff; server-side apply builds on the
 * same sets (`compare-fields.ts`).
 */
import type { KubeObject, ManagedFieldsEntry } from '../meta.ts';
import type { MessageType } from '../schema/field.ts';
import { bareObject } from './bare-object.ts';
import { capManagers } from './cap-managers.ts';
import { compareFields } from './compare-fields.ts';
import { difference, type FieldSet, isEmpty, union } from './field-set.ts';
import { withoutServerKept, withoutUnwritten } from './ignored-fields.ts';
import { decodeManagers, encodeManagers, type Manager, sameManager } from './managers.ts';

export interface ManagedFieldsUpdate {
  readonly type: MessageType;
  /** The object before the write; undefined when it is created. */
  readonly previous: KubeObject | undefined;
  readonly next: KubeObject;
  /** Who writes: the request's fieldManager. */
  readonly manager: string;
  readonly operation: 'Update';
  /** As in the URL; undefined for the object itself. */
  readonly subresource?: string | undefined;
  /** Time of the write, RFC 3339 in whole seconds. */
  readonly time: string;
}

/**
 * The new `metadata.managedFields`. Entries that `next` brings replace those of `previous` unless they
 * are missing or malformed; `[{}]` forgets all owners. A write that changes nothing changes no entry.
 */
export function updateManagedFields(update: ManagedFieldsUpdate): ManagedFieldsEntry[] {
  const { type, previous, next, subresource = '' } = update;
  const { added, modified, removed } = compareFields(type, { ...bareObject(type), ...previous }, next);
  const owned = (set: FieldSet): FieldSet => withoutServerKept(withoutUnwritten(set, subresource));
  const taken = owned(union(added, modified));
  const gone = withoutUnwritten(removed, subresource);

  const managers = startingManagers(update).map((manager) => ({
    ...manager,
    fields: withoutServerKept(difference(difference(manager.fields, taken), gone)),
  }));
  return encodeManagers(capManagers(withTaken(managers, update, taken).filter(({ fields }) => !isEmpty(fields))));
}

/** A status write cannot bring entries of its own: it is about the status only. */
function startingManagers({ previous, next, subresource = '' }: ManagedFieldsUpdate): readonly Manager[] {
  const brought = subresource === '' ? (next.metadata.managedFields ?? []) : [];
  if (isReset(brought)) return [];
  const managers = decodeManagers(brought);
  if (managers !== undefined && managers.length > 0) return managers;
  return decodeManagers(previous?.metadata.managedFields ?? []) ?? [];
}

function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  const [first] = entries;
  return entries.length === 1 && first !== undefined && Object.keys(first).length === 0;
}

function withTaken(managers: readonly Manager[], update: ManagedFieldsUpdate, taken: FieldSet): readonly Manager[] {
  if (isEmpty(taken)) return managers;
  const { manager, operation, next, subresource = '', time } = update;
  const writer: Manager = { manager, operation, apiVersion: next.apiVersion, subresource, time, fields: taken };
  const before = managers.find((other) => sameManager(other, writer));
  if (before === undefined) return [...managers, writer];
  const fields = union(before.fields, taken);
  return managers.map((other) => (other === before ? { ...writer, fields } : other));
}
