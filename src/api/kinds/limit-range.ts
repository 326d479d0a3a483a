/** `v1.LimitRange`: what each pod and container of a namespace gets when it asks for nothing, and the bounds of what it may ask for. */
import { list, map, message, type ObjectOf, required, scalars, string } from '../schema/field.ts';
import { allVerbs, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { createdAtColumn, nameColumn } from './common/columns.ts';
import { validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';
import { validateLimitRange } from './limit-range-validation.ts';

const limitRangeItem = message('io.k8s.api.core.v1.LimitRangeItem', {
  type: required(string(1, { doc: 'What is bounded: Container, Pod or PersistentVolumeClaim.' })),
  max: map(2, scalars.quantity, { doc: 'The most that may be asked for, by resource.' }),
  min: map(3, scalars.quantity, { doc: 'The least that must be asked for, by resource.' }),
  default: map(4, scalars.quantity, { doc: 'Limits of a container that names none; max when not given.' }),
  defaultRequest: map(5, scalars.quantity, {
    doc: 'Requests of a container that names none; default, else min, when not given.',
  }),
  maxLimitRequestRatio: map(6, scalars.quantity, { doc: 'How many times its request a limit may be at most.' }),
});

const limitRangeSpec = message('io.k8s.api.core.v1.LimitRangeSpec', {
  limits: list(1, limitRangeItem, { doc: 'The bounds, one entry for each type.' }),
});

/** `v1.LimitRange`. */
export const limitRangeFields = message('io.k8s.api.core.v1.LimitRange', {
  metadata,
  spec: always(2, limitRangeSpec, 'The bounds.'),
});

export type LimitRange = ObjectOfKind<typeof limitRangeFields>;
export type LimitRangeItem = ObjectOf<typeof limitRangeItem>;

export const limitRangeKind: KindDescription<typeof limitRangeFields, LimitRange> = {
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  singular: 'limitrange',
  shortNames: ['limits'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  fields: limitRangeFields,
  storage: 'intent',
  hasGeneration: false,
  normalize: (limitRange) => ({
    ...limitRange,
    spec: {
      ...limitRange.spec,
      ...(limitRange.spec.limits ? { limits: limitRange.spec.limits.map(withDefaults) } : {}),
    },
  }),
  validate: validateLimitRange,
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [nameColumn, createdAtColumn],
  row: ({ metadata: { name = '', creationTimestamp = '' } }) => [name, creationTimestamp],
  selectableFields: {},
};

/** SetDefaults_LimitRangeItem: a container gets no more than max and no less than min, also when it asks for nothing. */
function withDefaults(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== 'Container') return item;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  return {
    ...item,
    ...(Object.keys(limits).length > 0 ? { default: limits } : {}),
    ...(Object.keys(requests).length > 0 ? { defaultRequest: requests } : {}),
  };
}
