/** `apps/v1` ReplicaSet: keeps a number of equal pods. */

import { jsonEqual } from '../json-value.ts';
import { formatLabelSelector } from '../labels.ts';
import {
  defaulted,
  int32,
  int64,
  listMap,
  message,
  type ObjectOf,
  object,
  required,
  string,
  time,
} from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { checkNonNegative, complaints } from './common/checks.ts';
import { age, ageColumn, column, containerCells, containerColumns, nameColumn, orNone } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';
import { labelSelector } from './common/references.ts';
import { validateReplicaCounts } from './common/replica-counts.ts';
import { normalizeTemplate, podTemplateSpec, validateLastingTemplate, validateOwnersSelector } from './pod/template.ts';
import { replicasScale, scaleSubresource } from './scale.ts';

const replicaSetSpec = message('io.k8s.api.apps.v1.ReplicaSetSpec', {
  replicas: defaulted(int32(1, { pointer: true, doc: 'How many pods are wanted.' }), 1),
  minReadySeconds: int32(4, { doc: 'Seconds that a pod must be ready before it counts as available.' }),
  selector: required(object(2, labelSelector, { doc: 'Which pods are its own; it cannot be changed.', atomic: true })),
  template: always(3, podTemplateSpec, 'What a pod is made from.'),
});

const replicaSetCondition = message('io.k8s.api.apps.v1.ReplicaSetCondition', {
  type: required(string(1)),
  status: required(string(2)),
  lastTransitionTime: time(3),
  reason: string(4),
  message: string(5),
});

const replicaSetStatus = message('io.k8s.api.apps.v1.ReplicaSetStatus', {
  replicas: defaulted(int32(1, { doc: 'How many pods there are that have not ended.' }), 0),
  fullyLabeledReplicas: int32(2, { doc: 'How many of them have all labels of the template.' }),
  readyReplicas: int32(4),
  availableReplicas: int32(5, { doc: 'How many have been ready for minReadySeconds.' }),
  terminatingReplicas: int32(7, { pointer: true, doc: 'How many more are ending.' }),
  observedGeneration: int64(3, { doc: 'The generation that this status is about.' }),
  conditions: listMap(6, replicaSetCondition, ['type']),
});

/** `apps/v1` ReplicaSet. */
export const replicaSetFields = message('io.k8s.api.apps.v1.ReplicaSet', {
  metadata,
  spec: always(2, replicaSetSpec, 'What is wanted.'),
  status: always(3, replicaSetStatus, 'What was observed last.'),
});

export type ReplicaSet = ObjectOfKind<typeof replicaSetFields>;
export type ReplicaSetStatus = ObjectOf<typeof replicaSetStatus>;
export type ReplicaSetCondition = ObjectOf<typeof replicaSetCondition>;

export const replicaSetKind: KindDescription<typeof replicaSetFields, ReplicaSet> = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [scaleSubresource, { name: 'status', verbs: ['get', 'patch', 'update'], kind: 'ReplicaSet' }],
  fields: replicaSetFields,
  storage: 'split',
  initialStatus: { replicas: 0 },
  hasGeneration: true,
  scale: replicasScale,
  normalize: (replicaSet) => ({
    ...replicaSet,
    spec: { ...replicaSet.spec, template: normalizeTemplate(replicaSet.spec.template) },
  }),
  validate: validateReplicaSet,
  validateUpdate: (next, previous) => [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(jsonEqual(next.spec.selector, previous.spec.selector)
      ? []
      : [invalidValue('spec.selector', next.spec.selector, 'field is immutable')]),
  ],
  columns: [
    nameColumn,
    column('Desired', 'integer', 'How many pods are wanted.'),
    column('Current', 'integer', 'How many pods there are.'),
    column('Ready', 'integer', 'How many pods are ready.'),
    ageColumn,
    ...containerColumns,
  ],
  row: (replicaSet, nowMs) => {
    const { spec, status, metadata: meta } = replicaSet;
    return [
      meta.name ?? '',
      spec.replicas,
      status.replicas,
      status.readyReplicas ?? 0,
      age(replicaSet, nowMs),
      ...containerCells(spec.template.spec.containers),
      orNone(formatLabelSelector(spec.selector)),
    ];
  },
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
};

function validateReplicaSet({ metadata: meta, spec, status }: ReplicaSet): FieldError[] {
  return [
    ...validateMetadata(meta, { namespaced: true }),
    ...complaints('spec.replicas', spec.replicas, checkNonNegative(spec.replicas)),
    ...complaints('spec.minReadySeconds', spec.minReadySeconds, checkNonNegative(spec.minReadySeconds ?? 0)),
    ...validateOwnersSelector(spec.selector, 'spec.selector'),
    ...validateLastingTemplate(spec.template, spec.selector, 'spec.template'),
    ...validateReplicaCounts(status, 'fullyLabeledReplicas'),
  ];
}
