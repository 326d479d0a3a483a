/** `metadata.managedFields`: who owns which field, kept from the first write on (design D13). */

import { updateManagedFields } from '../../api/managed-fields/update-managed-fields.ts';
import type { KubeObject } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import type { AnyKind, WriteContext } from './context.ts';

interface Change {
  readonly previous: KubeObject | undefined;
  readonly next: KubeObject;
  readonly context: Pick<WriteContext, 'fieldManager'>;
  readonly subresource?: string;
  readonly nowMs: number;
}

/** `next` with the owners after this write. */
export function withManagedFields(kind: AnyKind, change: Change): KubeObject {
  const { previous, next, context, subresource, nowMs } = change;
  const managedFields = updateManagedFields({
    type: kind.fields,
    previous,
    next,
    manager: context.fieldManager,
    operation: 'Update',
    ...(subresource ? { subresource } : {}),
    time: formatTime(nowMs),
  });
  return { ...next, metadata: { ...next.metadata, managedFields } };
}
