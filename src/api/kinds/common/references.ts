/** Messages that several kinds use: references to other objects and label selectors. */
import { list, map, message, type ObjectOf, required, scalars, string } from '../../schema/field.ts';

/** `v1.LocalObjectReference`: an object of the same namespace, by name. */
export const localObjectReference = message('io.k8s.api.core.v1.LocalObjectReference', {
  name: string(1, { doc: 'Name of the referent.' }),
});

/** `v1.ObjectReference`: any object of the cluster. */
export const objectReference = message('io.k8s.api.core.v1.ObjectReference', {
  kind: string(1),
  namespace: string(2),
  name: string(3),
  uid: string(4),
  apiVersion: string(5),
  resourceVersion: string(6),
  fieldPath: string(7, { doc: 'A part of the object, for example spec.containers{name}.' }),
});

export const labelSelectorRequirement = message('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement', {
  key: required(string(1)),
  operator: required(string(2)),
  values: list(3, scalars.string),
});

/** `metav1.LabelSelector`; all requirements must hold. */
export const labelSelector = message('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector', {
  matchLabels: map(1, scalars.string),
  matchExpressions: list(2, labelSelectorRequirement),
});

export type LocalObjectReference = ObjectOf<typeof localObjectReference>;
export type ObjectReference = ObjectOf<typeof objectReference>;
