/** `v1.ResourceQuota`: how much all objects of a namespace may take together. What counts how is in `src/api/quota/`. */
import { list, map, message, type ObjectOf, object, required, scalars, string } from '../schema/field.ts';
import { allVerbs, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';
import { validateResourceQuota, validateResourceQuotaUpdate } from './resource-quota-validation.ts';

const scopedResourceSelectorRequirement = message('io.k8s.api.core.v1.ScopedResourceSelectorRequirement', {
  scopeName: required(string(1, { doc: 'The scope, for example PriorityClass.' })),
  operator: required(string(2, { doc: 'In, NotIn, Exists or DoesNotExist.' })),
  values: list(3, scalars.string, { doc: 'For In and NotIn: the names of the scope.' }),
});

const scopeSelector = message('io.k8s.api.core.v1.ScopeSelector', {
  matchExpressions: list(1, scopedResourceSelectorRequirement, { doc: 'Requirements; all must be met.' }),
});

const resourceQuotaSpec = message('io.k8s.api.core.v1.ResourceQuotaSpec', {
  hard: map(1, scalars.quantity, { doc: 'The most there may be, by resource.' }),
  scopes: list(2, scalars.string, { doc: 'Which pods count; those that are in every one of them.' }),
  scopeSelector: object(3, scopeSelector, { atomic: true, doc: 'Which pods count, by scope and its names.' }),
});

const resourceQuotaStatus = message('io.k8s.api.core.v1.ResourceQuotaStatus', {
  hard: map(1, scalars.quantity, { doc: 'The bounds that are in force.' }),
  used: map(2, scalars.quantity, { doc: 'What there is now, by resource.' }),
});

/** `v1.ResourceQuota`. */
export const resourceQuotaFields = message('io.k8s.api.core.v1.ResourceQuota', {
  metadata,
  spec: always(2, resourceQuotaSpec, 'The bounds.'),
  status: always(3, resourceQuotaStatus, 'What was counted last.'),
});

export type ResourceQuota = ObjectOfKind<typeof resourceQuotaFields>;
export type ResourceQuotaStatus = ObjectOf<typeof resourceQuotaStatus>;
export type ScopeRequirement = ObjectOf<typeof scopedResourceSelectorRequirement>;

export const resourceQuotaKind: KindDescription<typeof resourceQuotaFields, ResourceQuota> = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], kind: 'ResourceQuota' }],
  fields: resourceQuotaFields,
  // What is used follows from the objects there are: it is counted anew after a boot.
  storage: 'split',
  hasGeneration: false,
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
  columns: [
    nameColumn,
    column('Request', 'string', 'What is used and may be used of everything but limits.'),
    column('Limit', 'string', 'The same of limits.'),
    ageColumn,
  ],
  row: (quota, nowMs) => [
    quota.metadata.name ?? '',
    usageCell(quota.status, (name) => !isLimit(name)),
    usageCell(quota.status, isLimit),
    age(quota, nowMs),
  ],
  selectableFields: {},
};

function isLimit(name: string): boolean {
  return name.startsWith('limits.');
}

/** `pods: 1/5, requests.cpu: 500m/1`. */
function usageCell({ hard = {}, used = {} }: ResourceQuotaStatus, isShown: (name: string) => boolean): string {
  const names = Object.keys(hard).filter(isShown).sort();
  return names.map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`).join(', ');
}
