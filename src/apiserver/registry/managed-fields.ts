/** `metadata.managedFields`: who owns which field, kept from the first write on (design D13). */

import { updateManagedFields } from '../../api/managed-fields/update-managed-fields.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import type { AnyKind, WriteContext } from './context.ts';

interface Change {
  readonly previous: KubeObject | undefined;
  readonly next: KubeObject;
  readonly context: Pick<WriteContext, 'fieldManager'>;
  /** `Apply`: `next` carries its owners already. */
  readonly operation: 'Update' | 'Apply';
  readonly subresource?: string;
  readonly nowMs: number;
}

/** `next` with the owners after this write. */
export function withManagedFields(kind: AnyKind, change: Change): KubeObject {
  const { previous, next, context, operation, subresource, nowMs } = change;
  if (operation === 'Apply') return withOwners(next, next.metadata.managedFields ?? []);
  const managedFields = updateManagedFields({
    type: kind.fields,
    previous,
    next,
    manager: context.fieldManager,
    operation,
    ...(subresource ? { subresource } : {}),
    time: formatTime(nowMs),
  });
  return withOwners(next, managedFields);
}

/** An object that nobody owns anything of has no such list. */
function withOwners(object: KubeObject, managedFields: readonly ManagedFieldsEntry[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}
