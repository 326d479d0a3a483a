/** Rules for labels, annotations and label selectors. */
import { checkLabelValue, checkQualifiedName } from '../../names.ts';
import type { ObjectOf } from '../../schema/field.ts';
import { forbidden, invalidValue, requiredValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { complaints, tooLong } from './checks.ts';
import type { labelSelector } from './references.ts';

type Strings = { readonly [key: string]: string } | undefined;

/** What all annotations of an object may take, keys and values together. */
const maxAnnotationsBytes: number = 256 * 1024;

/** Errors stand at the map itself, as Kubernetes reports them. */
export function validateLabels(labels: Strings, path: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...complaints(path, key, checkQualifiedName(key)),
    ...complaints(path, value, checkLabelValue(value)),
  ]);
}

/** Keys as those of labels, though in any case; values are free. */
export function validateAnnotations(annotations: Strings, path: string): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...entries.flatMap(([key]) => complaints(path, key, checkQualifiedName(key.toLowerCase()))),
    ...(size > maxAnnotationsBytes ? [tooLong(path, maxAnnotationsBytes)] : []),
  ];
}

export function validateLabelSelector(
  selector: ObjectOf<typeof labelSelector> | undefined,
  path: string,
): FieldError[] {
  if (selector === undefined) return [];
  const expressions = selector.matchExpressions ?? [];
  return [
    ...validateLabels(selector.matchLabels, `${path}.matchLabels`),
    ...expressions.flatMap(({ key = '', operator, values = [] }, index) => {
      const at = `${path}.matchExpressions[${index}]`;
      return [
        ...validateOperator(operator, values, at),
        ...(key === '' ? [] : complaints(`${at}.key`, key, checkQualifiedName(key))),
        ...values.flatMap((value, i) => complaints(`${at}.values[${i}]`, value, checkLabelValue(value))),
      ];
    }),
  ];
}

/** Whether the operator of a requirement is known and has the values it needs. */
export function validateOperator(operator: string, values: readonly string[], at: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [requiredValue(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return operator ? [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')] : [];
  }
}
