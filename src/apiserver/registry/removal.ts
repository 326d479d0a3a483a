/** When an object that is being deleted may be taken out of the store. */
import type { KubeObject } from '../../api/meta.ts';
import type { AnyKind } from './context.ts';

/** True when no finalizer holds the object and its grace period, if it has one, is zero. */
export function isReadyToGo(kind: AnyKind, object: KubeObject): boolean {
  return (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 && !hasFinalizers(kind, object);
}

/** Finalizers of the object, and for a namespace those of its content (`spec.finalizers`). */
export function hasFinalizers(kind: AnyKind, object: KubeObject): boolean {
  if ((object.metadata.finalizers ?? []).length > 0) return true;
  if (!isNamespace(kind)) return false;
  const spec = object['spec'] as { readonly finalizers?: readonly string[] } | undefined;
  return (spec?.finalizers ?? []).length > 0;
}

export function isNamespace(kind: Pick<AnyKind, 'group' | 'resource'>): boolean {
  return kind.group === '' && kind.resource === 'namespaces';
}

export function isPod(kind: Pick<AnyKind, 'group' | 'resource'>): boolean {
  return kind.group === '' && kind.resource === 'pods';
}
