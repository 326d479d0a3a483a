/** `policy/v1` PodDisruptionBudget: how many of a group of pods must stay when pods are evicted on purpose. */
import { labelSelectorFromObject, matchesLabels } from '../labels.ts';
import {
  defaulted,
  int32,
  int64,
  intOrString,
  listMap,
  map,
  message,
  type ObjectOf,
  object,
  scalars,
  string,
} from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { checkNonNegative, complaints } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { condition, validateConditions, withCondition } from './common/condition.ts';
import { validateLabelSelector } from './common/labels-validation.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';
import { labelSelector } from './common/references.ts';
import { checkShare, type Share, validateAtMostAll } from './common/share.ts';
import type { Pod } from './pod/types.ts';

const podDisruptionBudgetSpec = message('io.k8s.api.policy.v1.PodDisruptionBudgetSpec', {
  minAvailable: intOrString(1, {
    pointer: true,
    doc: 'How many of the pods must stay healthy, as a number or a percentage; not together with maxUnavailable.',
  }),
  selector: object(2, labelSelector, {
    patchStrategy: 'replace',
    doc: 'Which pods are meant: all of the namespace when it is empty, none when it is absent.',
  }),
  maxUnavailable: intOrString(3, {
    pointer: true,
    doc: 'How many of the pods may be missing, as a number or a percentage; not together with minAvailable.',
  }),
  unhealthyPodEvictionPolicy: string(4, {
    pointer: true,
    oneOf: ['AlwaysAllow', 'IfHealthyBudget'],
    doc: 'When pods that run and are not ready may be evicted: always, or (the default) while enough others are healthy.',
  }),
});

const podDisruptionBudgetStatus = message('io.k8s.api.policy.v1.PodDisruptionBudgetStatus', {
  observedGeneration: int64(1, {
    doc: 'The generation that this status is about. Until it is the newest, nothing is evicted.',
  }),
  disruptedPods: map(2, scalars.time, { doc: 'Pods whose eviction was granted and has not begun, and since when.' }),
  disruptionsAllowed: defaulted(int32(3, { doc: 'How many pods may be evicted now.' }), 0),
  currentHealthy: defaulted(int32(4, { doc: 'How many pods are healthy.' }), 0),
  desiredHealthy: defaulted(int32(5, { doc: 'How many pods must be healthy.' }), 0),
  expectedPods: defaulted(int32(6, { doc: 'How many pods there should be.' }), 0),
  conditions: listMap(7, condition, ['type']),
});

/** `policy/v1` PodDisruptionBudget. */
export const podDisruptionBudgetFields = message('io.k8s.api.policy.v1.PodDisruptionBudget', {
  metadata,
  spec: always(2, podDisruptionBudgetSpec, 'What is wanted.'),
  status: always(3, podDisruptionBudgetStatus, 'What was observed last.'),
});

export type PodDisruptionBudget = ObjectOfKind<typeof podDisruptionBudgetFields>;
export type PodDisruptionBudgetStatus = ObjectOf<typeof podDisruptionBudgetStatus>;

/** The one condition of a budget: whether a pod may be evicted now. */
export const disruptionAllowed = 'DisruptionAllowed';

/** The status with the condition that follows from its counts. @param now RFC 3339 */
export function withDisruptionAllowed(status: PodDisruptionBudgetStatus, now: string): PodDisruptionBudgetStatus {
  const isAllowed = status.disruptionsAllowed > 0;
  const conditions = withCondition(
    status.conditions,
    {
      type: disruptionAllowed,
      status: isAllowed ? 'True' : 'False',
      reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      // A zero is kept as none.
      ...(status.observedGeneration ? { observedGeneration: status.observedGeneration } : {}),
    },
    now,
  );
  return { ...status, conditions };
}

/** Whether the budget counts the pod: one of its namespace that its selector selects. */
export function selectsPod({ metadata: own, spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  if (own.namespace !== metadata.namespace) return false;
  return matchesLabels(labelSelectorFromObject(spec.selector), metadata.labels ?? {});
}

export const podDisruptionBudgetKind: KindDescription<typeof podDisruptionBudgetFields, PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], kind: 'PodDisruptionBudget' }],
  fields: podDisruptionBudgetFields,
  storage: 'split',
  initialStatus: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  hasGeneration: true,
  validate: validateBudget,
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [
    nameColumn,
    column('Min Available', 'string', 'How many of the pods must stay healthy.'),
    column('Max Unavailable', 'string', 'How many of the pods may be missing.'),
    column('Allowed Disruptions', 'integer', 'How many pods may be evicted now.'),
    ageColumn,
  ],
  row: (budget, nowMs) => [
    budget.metadata.name ?? '',
    textOf(budget.spec.minAvailable),
    textOf(budget.spec.maxUnavailable),
    budget.status.disruptionsAllowed,
    age(budget, nowMs),
  ],
  selectableFields: {},
};

function textOf(share: Share | undefined): string {
  return share === undefined ? 'N/A' : String(share);
}

function validateBudget({ metadata: meta, spec, status }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector } = spec;
  const hasBoth = minAvailable !== undefined && maxUnavailable !== undefined;
  const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;
  return [
    ...validateMetadata(meta, { namespaced: true }),
    ...(hasBoth ? [invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...validateShare('spec.minAvailable', minAvailable),
    ...validateShare('spec.maxUnavailable', maxUnavailable),
    ...validateLabelSelector(selector, 'spec.selector'),
    ...validateConditions(status.conditions, 'status.conditions'),
    ...counts.flatMap((key) => complaints(`status.${key}`, status[key], checkNonNegative(status[key]))),
  ];
}

function validateShare(field: string, share: Share | undefined): FieldError[] {
  if (share === undefined) return [];
  return [...complaints(field, share, checkShare(share)), ...validateAtMostAll(field, share)];
}
