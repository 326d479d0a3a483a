/** `metav1.Condition`, the form of conditions that newer kinds share, and its rules (ValidateConditions). */
import { checkQualifiedName } from '../../names.ts';
import { defaulted, int64, message, type ObjectOf, required, string, time } from '../../schema/field.ts';
import { invalidValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { complaints, tooLong } from './checks.ts';

export const condition = message('io.k8s.apimachinery.pkg.apis.meta.v1.Condition', {
  type: required(string(1)),
  status: required(string(2, { oneOf: ['False', 'True', 'Unknown'] })),
  observedGeneration: int64(3),
  lastTransitionTime: required(time(4)),
  reason: required(string(5)),
  message: defaulted(string(6), ''),
});

export type Condition = ObjectOf<typeof condition>;

const maxReasonBytes = 1024;
const maxMessageBytes: number = 32 * 1024;
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';

/** Rules beyond the field table: forms and lengths. What is missing is reported there. */
export function validateConditions(conditions: readonly Condition[] | undefined, path: string): FieldError[] {
  return (conditions ?? []).flatMap(({ type = '', observedGeneration = 0, reason = '', message: text }, index) => {
    const at = `${path}[${index}]`;
    return [
      ...(type === '' ? [] : complaints(`${at}.type`, type, checkQualifiedName(type))),
      ...(observedGeneration < 0
        ? [invalidValue(`${at}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero')]
        : []),
      ...(reason === '' ? [] : validateReason(reason, `${at}.reason`)),
      ...(Buffer.byteLength(text) > maxMessageBytes ? [tooLong(`${at}.message`, maxMessageBytes)] : []),
    ];
  });
}

function validateReason(reason: string, path: string): FieldError[] {
  if (Buffer.byteLength(reason) > maxReasonBytes) return [tooLong(path, maxReasonBytes)];
  if (new RegExp(`^${reasonPattern}$`).test(reason)) return [];
  return [
    invalidValue(
      path,
      reason,
      `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonPattern}')`,
    ),
  ];
}

/** `conditions` with one of this type in place of the earlier one; its time is kept when its status is the same. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  wanted: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): readonly Condition[] {
  const all = conditions ?? [];
  const before = all.find(({ type }) => type === wanted.type);
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now;
  const next = { ...wanted, lastTransitionTime };
  return before === undefined ? [...all, next] : all.map((each) => (each === before ? next : each));
}
