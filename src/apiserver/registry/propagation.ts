/**
 * How the deletion of an object treats what belongs to it: as finalizers that the garbage collector takes away
 * (Kubernetes' deletionFinalizersForGarbageCollection).
 */
import type { KubeObject } from '../../api/meta.ts';
import type { DeleteOptions } from '../../api/object-client.ts';
import type { AnyKind } from './context.ts';

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/**
 * The object with the finalizers that the policy asks for. Without a policy those stay that it has; Kubernetes'
 * default for every kind that is served here is to delete in the background. Events own nothing.
 */
export function withPropagation(
  kind: AnyKind,
  object: KubeObject,
  { propagationPolicy: policy }: DeleteOptions,
): KubeObject {
  if (policy === undefined || (kind.group === '' && kind.resource === 'events')) return object;
  const before = object.metadata.finalizers ?? [];
  const others = before.filter((finalizer) => finalizer !== orphan && finalizer !== foreground);
  const added = policy === 'Orphan' ? [orphan] : policy === 'Foreground' ? [foreground] : [];
  const finalizers = [...others, ...added];
  if (finalizers.length === before.length && finalizers.every((each) => before.includes(each))) return object;
  const { finalizers: _, ...metadata } = object.metadata;
  return { ...object, metadata: finalizers.length > 0 ? { ...metadata, finalizers } : metadata };
}
