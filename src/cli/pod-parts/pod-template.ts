/** The pod in an object: a Pod's own spec, or that of what keeps pods. */
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceKind } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError when there is none */
export function podSpecOf<Spec extends { readonly containers?: readonly object[] }>(
  object: KubeObject,
  { kind, name }: { readonly kind: ResourceKind; readonly name: string },
): Spec {
  const { spec } = object as KubeObject & { readonly spec?: Spec & { readonly template?: { spec?: Spec } } };
  const found = object.kind === 'Pod' ? spec : spec?.template?.spec;
  if (found?.containers !== undefined) return found;
  throw new UsageError(
    `${kind.resource}/${name} the object is not a pod or does not have a pod template: *${kind.version}.${kind.kind}`,
  );
}

/** The object with another spec of its pod. */
export function withPodSpec(object: KubeObject, podSpec: object): KubeObject {
  if (object.kind === 'Pod') return { ...object, spec: podSpec } as KubeObject;
  const { spec } = object as KubeObject & { readonly spec: { readonly template: object } };
  return { ...object, spec: { ...spec, template: { ...spec.template, spec: podSpec } } } as KubeObject;
}
