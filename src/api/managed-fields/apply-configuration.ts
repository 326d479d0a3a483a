/**
 * Server-side apply, without store and wire: what becomes of an object when a manager says what it wants of it.
 *
 * The rules are those of Kubernetes' structured-merge-diff. A manager owns the fields of its last configuration;
 * changing what others own is a conflict unless forced; saying the same as they do is shared ownership; a field that
 * it stops naming goes, unless somebody else owns it too. The configuration is not defaulted: nobody owns a default.
 */
import type { KubeObject, ManagedFieldsEntry } from '../meta.ts';
import type { MessageType } from '../schema/field.ts';
import { applyConflict } from './apply-conflict.ts';
import { compareFields } from './compare-fields.ts';
import { difference, emptySet, type FieldSet, intersection, isEmpty, union } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { withoutServerKept, withoutUnwritten } from './ignored-fields.ts';
import { decodeManagers, encodeManagers, type Manager, sameManager } from './managers.ts';
import { mergeApplied } from './merge-applied.ts';
import { removeFields, withParents } from './remove-fields.ts';
import { updateManagedFields } from './update-managed-fields.ts';

export interface Application {
  readonly type: MessageType;
  /** The object as it is stored; undefined when the apply creates it. */
  readonly live: KubeObject | undefined;
  /** What the manager wants; canonical values, nulls and zeros as they were sent, nothing defaulted. */
  readonly applied: KubeObject;
  readonly manager: string;
  /** Take what others own. */
  readonly force: boolean;
  /** What may be taken from others without force. */
  readonly mayTake?: (() => FieldSet) | undefined;
  /** As in the URL; undefined for the object itself. */
  readonly subresource?: string | undefined;
  /** Metadata that a write to `status` leaves alone. Default: none. */
  readonly metadataKeptByStatus?: readonly string[] | undefined;
  /** Time of the write, RFC 3339 in whole seconds. */
  readonly time: string;
  /** The object as it would be read back: nulls and zero values gone. */
  readonly normalize: (object: KubeObject) => KubeObject;
  /** The object with its defaults, for telling what changes: a value with one owner may hold a default in it. */
  readonly complete: (object: KubeObject) => KubeObject;
}

/** What owns the fields of an object that had no owners when it was first applied to, as Kubernetes calls it. */
const beforeFirstApply = 'before-first-apply';

/**
 * The object that results, normalized, neither defaulted nor checked; its `metadata.managedFields` are the new ones.
 *
 * @throws StatusError Conflict with a cause for each field that others own
 */
export function applyConfiguration(application: Application): KubeObject {
  const { type, live, applied, subresource = '', time } = application;
  const applier: Manager = {
    manager: application.manager,
    operation: 'Apply',
    apiVersion: applied.apiVersion,
    subresource,
    time,
    fields: withoutUnwritten(fieldsOf(type, applied), subresource, application.metadataKeptByStatus),
  };
  if (live === undefined) return withOwners(application.normalize(applied), [applier]);

  const owners = ownersOf(application, live);
  const last = owners.find((owner) => sameManager(owner, applier));
  const others = owners.filter((owner) => owner !== last);

  // Also what is not owned, as a struct that holds nothing but an empty list.
  const mentioned = compareFields(type, {}, applied).added;
  const kept = others.reduce((set, { fields }) => union(set, withParents(type, fields)), mentioned);
  const abandoned = difference(withParents(type, last?.fields ?? emptySet), kept);
  const merged = removeFields(type, mergeApplied(type, live, applied), abandoned) as KubeObject;
  const next = application.normalize(merged);

  const { changed, removed } = changesOf(application, live, merged, next);
  if (!application.force) checkConflicts(application, others, changed);
  const remaining = others.map((owner) => ({
    ...owner,
    fields: difference(difference(owner.fields, changed), removed),
  }));
  return withOwners(next, [applier, ...remaining]);
}

function checkConflicts({ mayTake }: Application, others: readonly Manager[], changed: FieldSet): void {
  const found = others.map((owner) => ({ owner, fields: intersection(owner.fields, changed) }));
  if (found.every(({ fields }) => isEmpty(fields))) return;
  const allowed = mayTake?.() ?? emptySet;
  const conflicts = found.map(({ owner, fields }) => ({ owner, fields: difference(fields, allowed) }));
  if (conflicts.some(({ fields }) => !isEmpty(fields))) throw applyConflict(conflicts);
}

function ownersOf({ type, subresource, time }: Application, live: KubeObject): readonly Manager[] {
  const known = decodeManagers(live.metadata.managedFields ?? []) ?? [];
  if (known.length > 0) return known;
  const next = { ...live, metadata: { ...live.metadata, managedFields: [] } };
  const update = { type, previous: undefined, next, manager: beforeFirstApply, subresource, time } as const;
  return decodeManagers(updateManagedFields({ ...update, operation: 'Update' })) ?? [];
}

/**
 * What the apply changes in the object as it will be stored. A null or zero that is applied where nothing was changes
 * nothing; where something was it takes it from its owners as another value does.
 */
function changesOf(
  { type, subresource = '', metadataKeptByStatus, complete }: Application,
  live: KubeObject,
  merged: KubeObject,
  next: KubeObject,
): { readonly changed: FieldSet; readonly removed: FieldSet } {
  const { added, modified, removed } = compareFields(type, live, complete(next));
  const emptied = intersection(compareFields(type, live, merged).modified, removed);
  return {
    changed: withoutUnwritten(union(union(added, modified), emptied), subresource, metadataKeptByStatus),
    removed: withoutUnwritten(removed, subresource, metadataKeptByStatus),
  };
}

function withOwners(object: KubeObject, managers: readonly Manager[]): KubeObject {
  const managedFields: ManagedFieldsEntry[] = encodeManagers(
    managers.map((manager) => ({ ...manager, fields: withoutServerKept(manager.fields) })),
  );
  return { ...object, metadata: { ...object.metadata, managedFields } };
}
