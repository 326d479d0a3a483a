/** Messages that are sent to or answered by resources, and are no resource themselves. */
import { listMeta } from '../meta.ts';
import { bool, int32, int64, list, message, type ObjectOf, object, scalars, string } from '../schema/field.ts';
import { always, metadata } from './common/object-fields.ts';
import { objectReference } from './common/references.ts';

const preconditions = message('io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions', {
  uid: string(1, { pointer: true }),
  resourceVersion: string(2, { pointer: true }),
});

/** `metav1.DeleteOptions`: the body of a DELETE, in any group and version. */
export const deleteOptions = message('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions', {
  gracePeriodSeconds: int64(1, { pointer: true, doc: 'Seconds before the object is deleted; 0 deletes at once.' }),
  preconditions: object(2, preconditions),
  orphanDependents: bool(3, { pointer: true, doc: 'Deprecated; use propagationPolicy.' }),
  propagationPolicy: string(4, { pointer: true, oneOf: ['Background', 'Foreground', 'Orphan'] }),
  dryRun: list(5, scalars.string),
  ignoreStoreReadErrorWithClusterBreakingPotential: bool(6, { pointer: true }),
});

/** `policy/v1` Eviction: the body of a POST to `pods/NAME/eviction`. */
export const eviction = message('io.k8s.api.policy.v1.Eviction', {
  metadata,
  deleteOptions: object(2, deleteOptions),
});

/** `v1` Binding: the body of a POST to `pods/NAME/binding`, by which a scheduler says where a pod runs. */
export const binding = message('io.k8s.api.core.v1.Binding', {
  metadata,
  target: always(2, objectReference),
});

const statusCause = message('io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause', {
  reason: string(1),
  message: string(2),
  field: string(3),
});

const statusDetails = message('io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails', {
  name: string(1),
  group: string(2),
  kind: string(3),
  uid: string(6),
  causes: list(4, statusCause),
  retryAfterSeconds: int32(5),
});

/** `metav1.Status`: the answer to a request that failed, and to some that did not. */
export const status = message('io.k8s.apimachinery.pkg.apis.meta.v1.Status', {
  metadata: always(1, listMeta),
  status: string(2, { doc: 'Success or Failure.' }),
  message: string(3),
  reason: string(4),
  details: object(5, statusDetails),
  code: int32(6),
});

export type DeleteOptionsBody = ObjectOf<typeof deleteOptions>;
export type Eviction = ObjectOf<typeof eviction>;
export type Status = ObjectOf<typeof status>;
