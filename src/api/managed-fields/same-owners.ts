/** Whether a write changes who owns what. */
import { jsonEqual } from '../json-value.ts';
import type { ManagedFieldsEntry } from '../meta.ts';

/** Whether both say the same, times and order apart: a write that only renews a time is none. */
export function sameOwners(
  left: readonly ManagedFieldsEntry[] | undefined,
  right: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  const timeless = (entries: readonly ManagedFieldsEntry[] = []): readonly ManagedFieldsEntry[] =>
    entries.map(({ time: _, ...entry }) => entry);
  const others = timeless(right);
  return (
    (left?.length ?? 0) === others.length &&
    timeless(left).every((entry) => others.some((other) => jsonEqual(entry, other)))
  );
}
