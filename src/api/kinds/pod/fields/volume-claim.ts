/** Volumes that are claimed: an existing claim, or a claim made for the life of the pod. */
import { objectMeta } from '../../../meta.ts';
import { bool, defaulted, list, map, message, object, required, scalars, string } from '../../../schema/field.ts';
import { always } from '../../common/object-fields.ts';
import { labelSelector } from '../../common/references.ts';

export const persistentVolumeClaimVolumeSource = message('io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource', {
  claimName: required(string(1)),
  readOnly: bool(2),
});

const volumeResourceRequirements = message('io.k8s.api.core.v1.VolumeResourceRequirements', {
  limits: map(1, scalars.quantity),
  requests: map(2, scalars.quantity),
});

const typedLocalObjectReference = message('io.k8s.api.core.v1.TypedLocalObjectReference', {
  apiGroup: string(1, { pointer: true }),
  kind: required(string(2)),
  name: required(string(3)),
});

const typedObjectReference = message('io.k8s.api.core.v1.TypedObjectReference', {
  apiGroup: string(1, { pointer: true }),
  kind: required(string(2)),
  name: required(string(3)),
  namespace: string(4, { pointer: true }),
});

const persistentVolumeClaimSpec = message('io.k8s.api.core.v1.PersistentVolumeClaimSpec', {
  accessModes: list(1, scalars.string),
  selector: object(4, labelSelector, { atomic: true }),
  resources: always(2, volumeResourceRequirements),
  volumeName: string(3),
  storageClassName: string(5, { pointer: true }),
  volumeMode: defaulted(string(6, { pointer: true }), 'Filesystem'),
  dataSource: object(7, typedLocalObjectReference, { atomic: true }),
  dataSourceRef: object(8, typedObjectReference),
  volumeAttributesClassName: string(9, { pointer: true }),
});

const persistentVolumeClaimTemplate = message('io.k8s.api.core.v1.PersistentVolumeClaimTemplate', {
  metadata: always(1, objectMeta),
  spec: always(2, persistentVolumeClaimSpec),
});

export const ephemeralVolumeSource = message('io.k8s.api.core.v1.EphemeralVolumeSource', {
  volumeClaimTemplate: object(1, persistentVolumeClaimTemplate),
});
