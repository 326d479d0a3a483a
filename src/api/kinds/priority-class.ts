/** `scheduling.k8s.io/v1` PriorityClass: a name for how important pods are. */

import { bool, defaulted, int32, message, string } from '../schema/field.ts';
import { forbidden, invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { metadata } from './common/object-fields.ts';

/** `scheduling.k8s.io/v1` PriorityClass. */
export const priorityClassFields = message('io.k8s.api.scheduling.v1.PriorityClass', {
  metadata,
  value: defaulted(int32(2, { doc: 'The priority of its pods: the higher, the more important.' }), 0),
  globalDefault: bool(3, { doc: 'Whether pods that name no class are of this one.' }),
  description: string(4, { doc: 'What it is for, in words for people.' }),
  preemptionPolicy: defaulted(
    string(5, {
      pointer: true,
      oneOf: ['Never', 'PreemptLowerPriority'],
      doc: 'Whether its pods may push others away: PreemptLowerPriority or Never.',
    }),
    'PreemptLowerPriority',
  ),
});

export type PriorityClass = ObjectOfKind<typeof priorityClassFields>;

/** HighestUserDefinablePriority of Kubernetes: what is above belongs to the system. */
const highestUserValue = 1_000_000_000;
const systemPrefix = 'system-';

/** Those that every Kubernetes has; they always exist. Names, values and descriptions are facts of its API. */
export const systemPriorityClasses: readonly {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}[] = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

export const priorityClassKind: KindDescription<typeof priorityClassFields, PriorityClass> = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  fields: priorityClassFields,
  storage: 'intent',
  // As in Kubernetes it is always 1: nothing that counts can change.
  hasGeneration: false,
  prepareForCreate: (priorityClass) => ({ ...priorityClass, metadata: { ...priorityClass.metadata, generation: 1 } }),
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    column('Value', 'integer', 'The priority of its pods.'),
    column('Global-Default', 'boolean', 'Whether pods that name no class are of this one.'),
    ageColumn,
    column('PreemptionPolicy', 'string', 'Whether its pods may push others away.'),
  ],
  row: (priorityClass, nowMs) => [
    priorityClass.metadata.name ?? '',
    priorityClass.value,
    priorityClass.globalDefault ?? false,
    age(priorityClass, nowMs),
    priorityClass.preemptionPolicy,
  ],
  selectableFields: {},
};

/**
 * The class of pods that name none; undefined: there is none. Two writers at once can make two defaults; then, as in
 * Kubernetes, the one with the lowest value counts.
 */
export function defaultPriorityClass(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes.filter(({ globalDefault }) => globalDefault).sort((a, b) => a.value - b.value)[0];
}

function validate({ metadata: meta, value, globalDefault }: PriorityClass): FieldError[] {
  const { name = '' } = meta;
  const errors = validateMetadata(meta, { namespaced: false });
  if (!name.startsWith(systemPrefix)) {
    if (value <= highestUserValue) return [...errors];
    return [...errors, forbidden('value', `maximum allowed value of a user defined priority is ${highestUserValue}`)];
  }
  const why = systemComplaint(name, value, globalDefault ?? false);
  if (why === undefined) return [...errors];
  return [
    ...errors,
    forbidden(
      'metadata.name',
      `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`,
    ),
  ];
}

function systemComplaint(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = systemPriorityClasses.find((each) => each.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateUpdate(next: PriorityClass, previous: PriorityClass): FieldError[] {
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(next.value === previous.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...(next.preemptionPolicy === previous.preemptionPolicy
      ? []
      : [invalidValue('preemptionPolicy', next.preemptionPolicy, 'field is immutable')]),
  ];
}
