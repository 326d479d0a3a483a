/** Rules for a LimitRange (ValidateLimitRange): its bounds must leave something between them. */
import { checkQualifiedName } from '../names.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import { duplicateValue, forbidden, invalidValue, requiredValue } from '../schema/field-error.ts';
import type { FieldError } from '../schema/kind.ts';
import { complaints } from './common/checks.ts';
import { validateMetadata } from './common/metadata-validation.ts';
import { isOvercommitAllowed, validateContainerResourceName, validateResourceName } from './common/resource-names.ts';
import type { LimitRange, LimitRangeItem } from './limit-range.ts';

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export function validateLimitRange({ metadata, spec }: LimitRange): FieldError[] {
  const { limits = [] } = spec;
  return [
    ...validateMetadata(metadata, { namespaced: true }),
    ...limits.flatMap((item, index) => {
      const at = `spec.limits[${index}]`;
      const isRepeated = limits.findIndex(({ type }) => type === item.type) < index;
      return [
        ...validateType(item.type, `${at}.type`),
        ...(isRepeated ? [duplicateValue(`${at}.type`, item.type)] : []),
        ...validateNames(item, at),
        ...validateForType(item, at),
        ...resourcesOf(item).flatMap((resource) => validateBounds(item, resource, at)),
      ];
    }),
  ];
}

/** A missing type is reported by the field table. */
function validateType(type: string | undefined, path: string): FieldError[] {
  if (!type) return [];
  const problems = checkQualifiedName(type);
  if (problems.length > 0) return complaints(path, type, problems);
  if (type.includes('/') || standardTypes.includes(type)) return [];
  return [invalidValue(path, type, 'must be a standard limit type or fully qualified')];
}

function validateNames(item: LimitRangeItem, at: string): FieldError[] {
  const isOfContainers = item.type === 'Pod' || item.type === 'Container';
  const validateName = isOfContainers ? validateContainerResourceName : validateResourceName;
  return lists.flatMap((list) => {
    if (item.type === 'Pod' && (list === 'default' || list === 'defaultRequest')) return [];
    return Object.keys(item[list] ?? {}).flatMap((name) => validateName(name, `${at}.${list}[${name}]`));
  });
}

function validateForType(item: LimitRangeItem, at: string): FieldError[] {
  if (item.type === 'Pod') {
    return (['default', 'defaultRequest'] as const)
      .filter((list) => Object.keys(item[list] ?? {}).length > 0)
      .map((list) => forbidden(`${at}.${list}`, "may not be specified when `type` is 'Pod'"));
  }
  if (item.type !== 'PersistentVolumeClaim' || item.min?.['storage'] || item.max?.['storage']) return [];
  return [
    requiredValue(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
  ];
}

function resourcesOf(item: LimitRangeItem): readonly string[] {
  return [...new Set(lists.flatMap((list) => Object.keys(item[list] ?? {})))].sort();
}

function validateBounds(item: LimitRangeItem, resource: string, at: string): FieldError[] {
  const isOfPods = item.type === 'Pod';
  const min = item.min?.[resource];
  const max = item.max?.[resource];
  const limit = isOfPods ? undefined : item.default?.[resource];
  const request = isOfPods ? undefined : item.defaultRequest?.[resource];
  const exceeds = (list: string, value: string | undefined, low: Bound, high: Bound): FieldError[] =>
    isGreater(low.amount, high.amount)
      ? [
          invalidValue(
            `${at}.${list}[${resource}]`,
            value,
            `${low.name} ${low.amount} is greater than ${high.name} ${high.amount}`,
          ),
        ]
      : [];
  const least: Bound = { name: 'min value', amount: min };
  const most: Bound = { name: 'max value', amount: max };
  const ofLimit: Bound = { name: 'default value', amount: limit };
  const ofRequest: Bound = { name: 'default request value', amount: request };
  return [
    ...exceeds('min', min, least, most),
    ...exceeds('defaultRequest', request, least, ofRequest),
    ...exceeds('defaultRequest', request, ofRequest, most),
    ...exceeds('defaultRequest', request, ofRequest, { name: 'default limit value', amount: limit }),
    // As Kubernetes reports them, with the bound that is broken.
    ...exceeds('default', min, least, ofLimit),
    ...exceeds('default', max, ofLimit, most),
    ...validateRatio(item.maxLimitRequestRatio?.[resource], min, max, `${at}.maxLimitRequestRatio[${resource}]`),
    ...validateEqual(resource, limit, request, at),
  ];
}

interface Bound {
  readonly name: string;
  readonly amount: string | undefined;
}

function isGreater(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && compareQuantities(parseQuantity(left), parseQuantity(right)) > 0;
}

function validateRatio(
  ratio: string | undefined,
  min: string | undefined,
  max: string | undefined,
  path: string,
): FieldError[] {
  if (ratio === undefined) return [];
  const possible = min === undefined || max === undefined ? Number.NaN : nanosOf(max) / nanosOf(min);
  return [
    ...(isGreater('1', ratio) ? [invalidValue(path, ratio, `ratio ${ratio} is less than 1`)] : []),
    ...(nanosOf(ratio) / nanosOf('1') > possible
      ? [invalidValue(path, ratio, `ratio ${ratio} is greater than max/min = ${possible.toFixed(6)}`)]
      : []),
  ];
}

function nanosOf(quantity: string): number {
  return Number(parseQuantity(quantity).nanos);
}

/** Whole devices are handed out, so what is asked for is the limit. */
function validateEqual(
  resource: string,
  limit: string | undefined,
  request: string | undefined,
  at: string,
): FieldError[] {
  if (isOvercommitAllowed(resource) || limit === undefined || request === undefined || limit === request) return [];
  const path = `${at}.defaultRequest[${resource}]`;
  return [
    invalidValue(path, request, `default value ${limit} must equal to defaultRequest value ${request} in ${resource}`),
  ];
}
