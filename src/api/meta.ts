/**
 * What every object carries: `metav1.TypeMeta` and `metav1.ObjectMeta`, described once
 * and used by every kind's field table.
 */
import {
  bool,
  fieldsV1,
  int64,
  list,
  listMap,
  map,
  message,
  type ObjectOf,
  required,
  scalars,
  set,
  string,
  time,
} from './schema/field.ts';

const ownerReference = message('io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference', {
  apiVersion: required(string(5)),
  kind: required(string(1)),
  name: required(string(3)),
  uid: required(string(4)),
  controller: bool(6, { pointer: true }),
  blockOwnerDeletion: bool(7, { pointer: true }),
});

const managedFieldsEntry = message('io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry', {
  manager: string(1),
  operation: string(2),
  apiVersion: string(3),
  time: time(4),
  fieldsType: string(6),
  fieldsV1: fieldsV1(7),
  subresource: string(8),
});

/** `metav1.ObjectMeta`, by field number. */
export const objectMeta = message('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', {
  name: string(1, { doc: 'Name must be unique within a namespace. It cannot be changed.' }),
  generateName: string(2, { doc: 'A prefix from which the server makes a unique name when none is given.' }),
  namespace: string(3, { doc: 'The namespace within which the name must be unique.' }),
  selfLink: string(4),
  uid: string(5, { doc: 'The identity of this object in time and space, set by the server.' }),
  resourceVersion: string(6, { doc: 'The revision of the last change; send it back to refuse a lost update.' }),
  generation: int64(7, { doc: 'Grows when the desired state changes.' }),
  creationTimestamp: time(8),
  deletionTimestamp: time(9),
  deletionGracePeriodSeconds: int64(10, { pointer: true }),
  labels: map(11, scalars.string, { doc: 'Keys and values by which objects are organised and selected.' }),
  annotations: map(12, scalars.string, { doc: 'Keys and values that tools may keep; not selectable.' }),
  ownerReferences: listMap(13, ownerReference, ['uid'], { uniqueKeys: false }),
  finalizers: set(14, scalars.string, { doc: 'Must be empty before the object is removed.' }),
  managedFields: list(17, managedFieldsEntry),
});

/** `metav1.ListMeta`. */
export const listMeta = message('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta', {
  selfLink: string(1),
  resourceVersion: string(2),
  continue: string(3),
  remainingItemCount: int64(4, { pointer: true }),
});

export type ObjectMeta = ObjectOf<typeof objectMeta>;
export type OwnerReference = ObjectOf<typeof ownerReference>;
export type ManagedFieldsEntry = ObjectOf<typeof managedFieldsEntry>;
export type ListMeta = ObjectOf<typeof listMeta>;

/** Any object of any kind, as JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** A list answer: items of one kind and the revision at which they were read. */
export interface KubeList<T = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}
