/** Which finished pods go when there are too many of them, as Kubernetes' pod garbage collector decides. Pure. */
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';

/**
 * Of the finished pods those to be deleted, so that `threshold` are left: evicted ones first, then the oldest. One that
 * somebody still needs stays, and counts all the same.
 *
 * @param threshold at least 1
 */
export function computeCollected(
  pods: readonly Pod[],
  threshold: number,
  isNeeded: (pod: Pod) => boolean,
): readonly Pod[] {
  const finished = pods.filter(isFinished);
  const surplus = finished.length - threshold;
  if (surplus <= 0) return [];
  return finished
    .filter((pod) => !hasOwnEnd(pod) && !isNeeded(pod))
    .sort(compare)
    .slice(0, surplus);
}

/**
 * Whether its end is somebody's business already: it is being deleted, or a finalizer holds it, by which a Job for
 * example says that it has not counted the pod yet.
 */
function hasOwnEnd({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || (metadata.finalizers ?? []).length > 0;
}

/** Evicted pods first: they are of no use to whoever made them. */
function compare(a: Pod, b: Pod): number {
  return (
    Number(isEvicted(b)) - Number(isEvicted(a)) ||
    compareTexts(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compareTexts(a.metadata.name, b.metadata.name)
  );
}

function isEvicted({ status }: Pod): boolean {
  return status.phase === 'Failed' && status.reason === 'Evicted';
}

/** RFC 3339 timestamps of one form are in the order of their texts. */
function compareTexts(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
