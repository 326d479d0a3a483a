/** Field errors in the words of Kubernetes' `field.Error`; the bad value stands in the message. */
import type { FieldError } from './kind.ts';

/** `Required value`, with the reason behind it if there is one. */
export function requiredValue(field: string, detail?: string): FieldError {
  return { field, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

/** `Invalid value: "A": must …`. */
export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${quoted(value)}: ${detail}` };
}

/** `Unsupported value: "x": supported values: "A", "B"`; the values in the order given. */
export function unsupportedValue(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((text) => JSON.stringify(text)).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${quoted(value)}${list === '' ? '' : `: supported values: ${list}`}`,
  };
}

/** `Duplicate value: "a"`. */
export function duplicateValue(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${quoted(value)}` };
}

/** `Not found: "a"`: a name that names nothing. */
export function notFound(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueNotFound', message: `Not found: ${quoted(value)}` };
}

/** `Forbidden: …`. */
export function forbidden(field: string, detail: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${detail}` };
}

function withDetail(label: string, detail: string | undefined): string {
  return detail === undefined || detail === '' ? label : `${label}: ${detail}`;
}

function quoted(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}
