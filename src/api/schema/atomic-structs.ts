/** Messages that have one owner in `managedFields`: Kubernetes marks their Go types `structType=atomic`. */
const atomicStructs: ReadonlySet<string> = new Set([
  'io.k8s.api.core.v1.ConfigMapKeySelector',
  'io.k8s.api.core.v1.FileKeySelector',
  'io.k8s.api.core.v1.LocalObjectReference',
  'io.k8s.api.core.v1.NodeSelector',
  'io.k8s.api.core.v1.NodeSelectorTerm',
  'io.k8s.api.core.v1.ObjectFieldSelector',
  'io.k8s.api.core.v1.ObjectReference',
  'io.k8s.api.core.v1.ResourceFieldSelector',
  'io.k8s.api.core.v1.ScopeSelector',
  'io.k8s.api.core.v1.ScopedResourceSelectorRequirement',
  'io.k8s.api.core.v1.SecretKeySelector',
  'io.k8s.api.core.v1.SecretReference',
  'io.k8s.api.core.v1.TopologySelectorTerm',
  'io.k8s.api.core.v1.TypedLocalObjectReference',
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference',
]);

/** Whether the message of this OpenAPI name is owned as a whole. */
export function isAtomicStruct(typeName: string): boolean {
  return atomicStructs.has(typeName);
}
