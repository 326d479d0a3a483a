/**
 * Checks an object against its field table: required fields, allowed values, rules of single
 * fields, and the keys of lists that are merged by key. What needs more than one field
 * stands in the kind's own `validate`.
 */
import { isObject } from '../json-value.ts';
import type { Field, ListType, MessageType, RuleViolation, Type } from './field.ts';
import { duplicateValue, invalidValue, requiredValue, unsupportedValue } from './field-error.ts';
import { jsonFieldsOf } from './json-fields.ts';
import type { FieldError } from './kind.ts';

/** What is wrong with `value`, in the order of the field table; paths as in `spec.containers[0].image`. */
export function validateFields(type: MessageType, value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  if (isObject(value)) validateMessage(type, value, '', errors);
  return errors;
}

function validateMessage(
  type: MessageType,
  value: Readonly<Record<string, unknown>>,
  path: string,
  errors: FieldError[],
): void {
  for (const [name, field] of jsonFieldsOf(type)) {
    const at = path === '' ? name : `${path}.${name}`;
    const child = Object.hasOwn(value, name) ? value[name] : undefined;
    if (isMissing(field, child)) {
      if (field.presence === 'required') errors.push(requiredValue(at));
      continue;
    }
    validateField(field, child, at, errors);
  }
}

/** An empty text or list in a required field is as good as none, unless the field tells both apart. */
function isMissing(field: Field, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (field.presence !== 'required' || field.pointer === true) return false;
  return value === '' || (Array.isArray(value) && value.length === 0);
}

function validateField(field: Field, value: unknown, path: string, errors: FieldError[]): void {
  const before = errors.length;
  if (field.oneOf !== undefined) checkOneOf(field.oneOf, value, path, errors);
  // A value that is not supported needs no second complaint about its form.
  if (errors.length === before) {
    for (const rule of field.rules ?? []) {
      const violation = rule(value as never);
      if (violation !== undefined) errors.push(errorOf(violation, value, path));
    }
  }
  const uniqueKeys = field.type.kind === 'list' && field.uniqueKeys !== false;
  if (uniqueKeys && field.type.kind === 'list') checkKeys(field.type, value, path, errors);
  validateInside(field.type, value, path, errors);
}

function checkOneOf(supported: readonly string[], value: unknown, path: string, errors: FieldError[]): void {
  if (typeof value === 'string') {
    if (!supported.includes(value)) errors.push(unsupportedValue(path, value, supported));
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkOneOf(supported, item, `${path}[${index}]`, errors);
  }
}

/** A rule may give the whole message (`Invalid value: "A": …`) or only what is wrong (`must …`). */
function errorOf({ reason, message }: RuleViolation, value: unknown, path: string): FieldError {
  if (reason !== 'FieldValueInvalid' || message.startsWith('Invalid value')) return { field: path, reason, message };
  return invalidValue(path, value, message);
}

function validateInside(type: Type, value: unknown, path: string, errors: FieldError[]): void {
  if (type.kind === 'message') {
    if (isObject(value)) validateMessage(type, value, path, errors);
  } else if (type.kind === 'list' && type.item.kind !== 'scalar' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) validateInside(type.item, item, `${path}[${index}]`, errors);
  } else if (type.kind === 'map' && type.value.kind !== 'scalar' && isObject(value)) {
    for (const key of Object.keys(value)) validateInside(type.value, value[key], `${path}[${key}]`, errors);
  }
}

function checkKeys(type: ListType, value: unknown, path: string, errors: FieldError[]): void {
  if (type.semantics.type !== 'map' || !Array.isArray(value)) return;
  const { keys } = type.semantics;
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) continue;
    const parts = keys.map((key) => item[key]);
    // A key that is missing or empty is reported as such by its own field.
    if (parts.some((part) => part === undefined || part === '')) continue;
    const identity = JSON.stringify(parts);
    if (seen.has(identity)) errors.push(duplicateError(keys, item, `${path}[${index}]`));
    seen.add(identity);
  }
}

function duplicateError(keys: readonly string[], item: Readonly<Record<string, unknown>>, path: string): FieldError {
  const [first, ...others] = keys;
  if (first !== undefined && others.length === 0) return duplicateValue(`${path}.${first}`, item[first]);
  return duplicateValue(path, Object.fromEntries(keys.map((key) => [key, item[key]])));
}
