/** Rules for requests and limits (ValidateContainerResourceRequirements). */
import {
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
} from '../../../quantity.ts';
import { forbidden, invalidValue, requiredValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { isHugePages, isOvercommitAllowed, validateContainerResourceName } from '../../common/resource-names.ts';

type Amounts = { readonly [name: string]: string };

export function validateResources(
  { limits = {}, requests = {} }: { readonly limits?: Amounts; readonly requests?: Amounts },
  path: string,
): FieldError[] {
  return [
    ...Object.entries(limits).flatMap(([name, text]) => validateAmount(name, text, `${path}.limits[${name}]`)),
    ...Object.entries(requests).flatMap(([name, text]) => [
      ...validateAmount(name, text, `${path}.requests[${name}]`),
      ...validateAgainstLimit(name, text, limits[name], path),
    ]),
    ...validateNotOvercommitted(limits, requests, path),
    ...validateHugePagesCompany(limits, requests, path),
  ];
}

function validateAmount(name: string, text: string, path: string): FieldError[] {
  const quantity = amountOf(text);
  if (quantity === undefined) {
    const canonical = canonicalQuantity(text);
    return 'problem' in canonical ? [invalidValue(path, text, canonical.problem)] : [];
  }
  return [
    ...validateContainerResourceName(name, path),
    ...(quantity.nanos < 0n ? [invalidValue(path, text, 'must be greater than or equal to 0')] : []),
    // Whole devices are handed out; half a device is none.
    ...(!isOvercommitAllowed(name) && quantity.nanos % 1_000_000_000n !== 0n
      ? [invalidValue(path, text, 'must be an integer')]
      : []),
  ];
}

function validateAgainstLimit(name: string, text: string, limitText: string | undefined, path: string): FieldError[] {
  const request = amountOf(text);
  const limit = limitText === undefined ? undefined : amountOf(limitText);
  if (request === undefined || limit === undefined) return [];
  const order = compareQuantities(request, limit);
  const words = (relation: string): FieldError[] => [
    invalidValue(
      `${path}.requests`,
      formatQuantity(request),
      `must be ${relation} ${name} limit of ${formatQuantity(limit)}`,
    ),
  ];
  if (!isOvercommitAllowed(name)) return order === 0 ? [] : words('equal to');
  return order > 0 ? words('less than or equal to') : [];
}

function validateNotOvercommitted(limits: Amounts, requests: Amounts, path: string): FieldError[] {
  return Object.keys(requests)
    .filter((name) => !isOvercommitAllowed(name) && limits[name] === undefined)
    .map(() => requiredValue(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
}

function validateHugePagesCompany(limits: Amounts, requests: Amounts, path: string): FieldError[] {
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (!names.some(isHugePages) || names.includes('cpu') || names.includes('memory')) return [];
  return [forbidden(path, 'HugePages require cpu or memory')];
}

function amountOf(text: string): Quantity | undefined {
  return 'text' in canonicalQuantity(text) ? parseQuantity(text) : undefined;
}
