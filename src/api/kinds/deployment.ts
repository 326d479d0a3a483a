/** `apps/v1` Deployment: keeps equal pods running and brings them from one template to the next. */
import { jsonEqual } from '../json-value.ts';
import { formatLabelSelector } from '../labels.ts';
import {
  bool,
  defaulted,
  int32,
  int64,
  intOrString,
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
import { defaultRollingUpdate, validateStrategy } from './deployment-strategy.ts';
import { normalizeTemplate, podTemplateSpec, validateLastingTemplate, validateOwnersSelector } from './pod/template.ts';
import { replicasScale, scaleSubresource } from './scale.ts';

const rollingUpdateDeployment = message('io.k8s.api.apps.v1.RollingUpdateDeployment', {
  maxUnavailable: intOrString(1, {
    pointer: true,
    doc: 'How many of the wanted pods may be missing during an update, as a number or a percentage; rounded down.',
  }),
  maxSurge: intOrString(2, {
    pointer: true,
    doc: 'How many pods more than wanted there may be during an update, as a number or a percentage; rounded up.',
  }),
});

const deploymentStrategy = message('io.k8s.api.apps.v1.DeploymentStrategy', {
  type: defaulted(string(1, { oneOf: ['Recreate', 'RollingUpdate'] }), 'RollingUpdate'),
  rollingUpdate: object(2, rollingUpdateDeployment),
});

const deploymentSpec = message('io.k8s.api.apps.v1.DeploymentSpec', {
  replicas: defaulted(int32(1, { pointer: true, doc: 'How many pods are wanted.' }), 1),
  selector: required(object(2, labelSelector, { doc: 'Which pods are its own; it cannot be changed.', atomic: true })),
  template: always(3, podTemplateSpec, 'What a pod is made from.'),
  strategy: defaulted(
    object(4, deploymentStrategy, { patchStrategy: 'retainKeys', doc: 'How pods are replaced by new ones.' }),
    () => ({}),
  ),
  minReadySeconds: int32(5, { doc: 'Seconds that a new pod must be ready before it counts as available.' }),
  revisionHistoryLimit: defaulted(
    int32(6, { pointer: true, doc: 'How many old ReplicaSets are kept to go back to.' }),
    10,
  ),
  paused: bool(7, { doc: 'Changes of the template wait until it is false.' }),
  progressDeadlineSeconds: defaulted(
    int32(9, { pointer: true, doc: 'Seconds without progress after which an update counts as failed.' }),
    600,
  ),
});

const deploymentCondition = message('io.k8s.api.apps.v1.DeploymentCondition', {
  type: required(string(1)),
  status: required(string(2)),
  lastUpdateTime: time(6),
  lastTransitionTime: time(7),
  reason: string(4),
  message: string(5),
});

const deploymentStatus = message('io.k8s.api.apps.v1.DeploymentStatus', {
  observedGeneration: int64(1, { doc: 'The generation that this status is about.' }),
  replicas: int32(2, { doc: 'How many pods there are that have not ended.' }),
  updatedReplicas: int32(3, { doc: 'How many of them are made from the template as it is.' }),
  readyReplicas: int32(7),
  availableReplicas: int32(4, { doc: 'How many have been ready for minReadySeconds.' }),
  unavailableReplicas: int32(5, { doc: 'How many are still missing.' }),
  terminatingReplicas: int32(9, { pointer: true, doc: 'How many more are ending.' }),
  conditions: listMap(6, deploymentCondition, ['type']),
  collisionCount: int32(8, { pointer: true, doc: 'How often the name of a new ReplicaSet was taken.' }),
});

/** `apps/v1` Deployment. */
export const deploymentFields = message('io.k8s.api.apps.v1.Deployment', {
  metadata,
  spec: always(2, deploymentSpec, 'What is wanted.'),
  status: always(3, deploymentStatus, 'What was observed last.'),
});

export type Deployment = ObjectOfKind<typeof deploymentFields>;
export type DeploymentStatus = ObjectOf<typeof deploymentStatus>;
export type DeploymentCondition = ObjectOf<typeof deploymentCondition>;

export const deploymentKind: KindDescription<typeof deploymentFields, Deployment> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [scaleSubresource, { name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Deployment' }],
  fields: deploymentFields,
  storage: 'split',
  initialStatus: {},
  hasGeneration: true,
  // As in Kubernetes: they are copied to its ReplicaSets.
  annotationsAreIntent: true,
  scale: replicasScale,
  normalize: (deployment) => ({
    ...deployment,
    spec: {
      ...deployment.spec,
      strategy: defaultRollingUpdate(deployment.spec.strategy),
      template: normalizeTemplate(deployment.spec.template),
    },
  }),
  metadataKeptByStatus: ['labels'],
  validate: validateDeployment,
  validateUpdate: (next, previous) => [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(jsonEqual(next.spec.selector, previous.spec.selector)
      ? []
      : [invalidValue('spec.selector', next.spec.selector, 'field is immutable')]),
    ...((next.status.collisionCount ?? 0) < (previous.status.collisionCount ?? 0)
      ? [invalidValue('status.collisionCount', next.status.collisionCount ?? 0, 'cannot be decremented')]
      : []),
  ],
  columns: [
    nameColumn,
    column('Ready', 'string', 'How many pods are ready, of how many that are wanted.'),
    column('Up-to-date', 'integer', 'How many pods are made from the template as it is.'),
    column('Available', 'integer', 'How many pods have been ready for long enough.'),
    ageColumn,
    ...containerColumns,
  ],
  row: (deployment, nowMs) => {
    const { spec, status, metadata: meta } = deployment;
    return [
      meta.name ?? '',
      `${status.readyReplicas ?? 0}/${spec.replicas}`,
      status.updatedReplicas ?? 0,
      status.availableReplicas ?? 0,
      age(deployment, nowMs),
      ...containerCells(spec.template.spec.containers),
      orNone(formatLabelSelector(spec.selector)),
    ];
  },
  selectableFields: {},
};

function validateDeployment({ metadata: meta, spec, status }: Deployment): FieldError[] {
  const { replicas, minReadySeconds = 0, revisionHistoryLimit: history, progressDeadlineSeconds: deadline } = spec;
  return [
    ...validateMetadata(meta, { namespaced: true }),
    ...complaints('spec.replicas', replicas, checkNonNegative(replicas)),
    ...validateOwnersSelector(spec.selector, 'spec.selector'),
    ...validateLastingTemplate(spec.template, spec.selector, 'spec.template'),
    ...validateStrategy(spec.strategy, 'spec.strategy'),
    ...complaints('spec.minReadySeconds', minReadySeconds, checkNonNegative(minReadySeconds)),
    ...complaints('spec.revisionHistoryLimit', history, checkNonNegative(history)),
    ...complaints('spec.progressDeadlineSeconds', deadline, [
      ...checkNonNegative(deadline),
      ...(deadline <= minReadySeconds ? ['must be greater than minReadySeconds'] : []),
    ]),
    ...validateReplicaCounts(status, 'updatedReplicas'),
    ...complaints(
      'status.unavailableReplicas',
      status.unavailableReplicas,
      checkNonNegative(status.unavailableReplicas ?? 0),
    ),
  ];
}
