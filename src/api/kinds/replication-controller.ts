/**
 * `v1.ReplicationController`: never any. `kubectl get all` and old clients list it and must get an empty list,
 * so it can be read and not written.
 */
import {
  defaulted,
  int32,
  int64,
  listMap,
  map,
  message,
  object,
  required,
  scalars,
  string,
  time,
} from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, containerCells, containerColumns, nameColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';
import { podTemplateSpec } from './pod/template.ts';

const replicationControllerSpec = message('io.k8s.api.core.v1.ReplicationControllerSpec', {
  replicas: defaulted(int32(1, { pointer: true }), 1),
  minReadySeconds: int32(4),
  selector: map(2, scalars.string, { atomic: true }),
  template: object(3, podTemplateSpec),
});

const replicationControllerCondition = message('io.k8s.api.core.v1.ReplicationControllerCondition', {
  type: required(string(1)),
  status: required(string(2)),
  lastTransitionTime: time(3),
  reason: string(4),
  message: string(5),
});

const replicationControllerStatus = message('io.k8s.api.core.v1.ReplicationControllerStatus', {
  replicas: defaulted(int32(1), 0),
  fullyLabeledReplicas: int32(2),
  readyReplicas: int32(4),
  availableReplicas: int32(5),
  observedGeneration: int64(3),
  conditions: listMap(6, replicationControllerCondition, ['type']),
});

/** `v1.ReplicationController`. */
export const replicationControllerFields = message('io.k8s.api.core.v1.ReplicationController', {
  metadata,
  spec: always(2, replicationControllerSpec),
  status: always(3, replicationControllerStatus),
});

export type ReplicationController = ObjectOfKind<typeof replicationControllerFields>;

export const replicationControllerKind: KindDescription<typeof replicationControllerFields, ReplicationController> = {
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  subresources: [],
  fields: replicationControllerFields,
  storage: 'none',
  hasGeneration: true,
  validate: () => [],
  validateUpdate: () => [],
  columns: [
    nameColumn,
    column('Desired', 'integer', 'How many pods are wanted.'),
    column('Current', 'integer', 'How many pods there are.'),
    column('Ready', 'integer', 'How many pods are ready.'),
    ageColumn,
    ...containerColumns,
  ],
  row: (controller, nowMs) => {
    const { spec, status, metadata: meta } = controller;
    const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
    return [
      meta.name ?? '',
      spec.replicas,
      status.replicas,
      status.readyReplicas ?? 0,
      age(controller, nowMs),
      ...containerCells(spec.template?.spec.containers),
      selector.sort().join(',') || '<none>',
    ];
  },
  selectableFields: {},
};
