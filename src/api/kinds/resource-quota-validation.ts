/** Rules for a ResourceQuota (ValidateResourceQuota): known resources, and scopes that fit them. */
import { parseQuantity } from '../quantity.ts';
import { invalidValue, requiredValue } from '../schema/field-error.ts';
import type { FieldError } from '../schema/kind.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { isIntegerResource, isStandardQuotaResource, validateQuotaResourceName } from './common/resource-names.ts';
import type { ResourceQuota, ScopeRequirement } from './resource-quota.ts';

const podCompute = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];
const podResources = ['pods', ...podCompute];
const claimResources = ['persistentvolumeclaims', 'requests.storage'];

/** What a quota of each scope can bound, of the resources that have no domain in their name. */
const resourcesOfScope: Readonly<Record<string, readonly string[]>> = {
  Terminating: podResources,
  NotTerminating: podResources,
  BestEffort: ['pods'],
  NotBestEffort: podResources,
  PriorityClass: podResources,
  CrossNamespacePodAffinity: podResources,
  VolumeAttributesClass: claimResources,
};

/** Scopes that are or are not; there is nothing to select by name. */
const plainScopes = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

export function validateResourceQuota({ metadata, spec, status }: ResourceQuota): FieldError[] {
  return [
    ...validateMetadata(metadata, { namespaced: true }),
    ...validateAmounts(spec.hard, 'spec.hard'),
    ...validateScopes(spec),
    ...validateScopeSelector(spec),
    ...validateAmounts(status.hard, 'status.hard'),
    ...validateAmounts(status.used, 'status.used'),
  ];
}

/** The scopes stay: what a quota has counted so far would be something else. */
export function validateResourceQuotaUpdate(next: ResourceQuota, previous: ResourceQuota): FieldError[] {
  const { scopes } = next.spec;
  const [before, now] = [new Set(previous.spec.scopes), new Set(scopes)];
  const isSame = before.size === now.size && [...now].every((scope) => before.has(scope));
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(isSame ? [] : [invalidValue('spec.scopes', scopes, 'field is immutable')]),
  ];
}

function validateAmounts(amounts: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, text]) => {
    const at = `${path}[${name}]`;
    const { nanos } = parseQuantity(text);
    const isWhole = nanos % 1_000_000_000n === 0n;
    return [
      ...validateQuotaResourceName(name, at),
      ...(nanos < 0n ? [invalidValue(at, text, 'must be greater than or equal to 0')] : []),
      ...(isIntegerResource(name) && !isWhole ? [invalidValue(at, text, 'must be an integer')] : []),
    ];
  });
}

function validateScopes({ scopes = [], hard = {} }: ResourceQuota['spec']): FieldError[] {
  const complain = (problem: string): FieldError => invalidValue('spec.scopes', scopes, problem);
  return [
    ...scopes.flatMap((scope) => [
      ...(isKnown(scope) ? [] : [complain('unsupported scope')]),
      ...misfits(scope, hard).map(() => complain('unsupported scope applied to resource')),
    ]),
    ...contradictions(scopes).map(() => complain('conflicting scopes')),
  ];
}

function validateScopeSelector({ scopeSelector, scopes, hard = {} }: ResourceQuota['spec']): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions';
  // What is missing is reported by the field table.
  const matchExpressions = (scopeSelector?.matchExpressions ?? []).filter(
    ({ scopeName, operator }) => scopeName && operator,
  );
  return [
    ...matchExpressions.flatMap((requirement) => [
      ...(isKnown(requirement.scopeName)
        ? []
        : [invalidValue(`${path}.scopeName`, requirement.scopeName, 'unsupported scope')]),
      ...misfits(requirement.scopeName, hard).map(() =>
        invalidValue(path, scopeSelector, 'unsupported scope applied to resource'),
      ),
      ...validateRequirement(requirement, path),
    ]),
    ...contradictions(matchExpressions.map(({ scopeName }) => scopeName)).map(() =>
      invalidValue(path, scopes, 'conflicting scopes'),
    ),
  ];
}

function validateRequirement({ scopeName, operator, values = [] }: ScopeRequirement, path: string): FieldError[] {
  const ofScope =
    plainScopes.includes(scopeName) && operator !== 'Exists'
      ? [
          invalidValue(
            `${path}.operator`,
            operator,
            "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
          ),
        ]
      : [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return ofScope;
      return [
        ...ofScope,
        requiredValue(
          `${path}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      ];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return ofScope;
      return [
        ...ofScope,
        invalidValue(
          `${path}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      ];
    default:
      return [...ofScope, invalidValue(`${path}.operator`, operator, 'not a valid selector operator')];
  }
}

function isKnown(scope: string): boolean {
  return Object.hasOwn(resourcesOfScope, scope);
}

/** Resources that a quota of this scope cannot bound. */
function misfits(scope: string, hard: Readonly<Record<string, string>>): readonly string[] {
  const fitting = isKnown(scope) ? resourcesOfScope[scope] : undefined;
  if (fitting === undefined) return [];
  return Object.keys(hard).filter((name) => isStandardQuotaResource(name) && !fitting.includes(name));
}

function contradictions(scopes: readonly string[]): readonly unknown[] {
  return opposites.filter((pair) => pair.every((scope) => scopes.includes(scope)));
}
