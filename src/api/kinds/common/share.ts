/** A number of pods or a percentage of all of them, as Kubernetes' IntOrString means it. */
import { invalidValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { checkNonNegative } from './checks.ts';

/** A number of pods, or a percentage such as `25%` of those that are wanted. */
export type Share = number | string;

/** The number of pods that a share of `whole` is; a percentage is rounded by `round`. */
export function shareOf(share: Share, whole: number, round: (pods: number) => number): number {
  const percent = percentOf(share);
  return percent === undefined ? Number(share) : round((percent * whole) / 100);
}

/** Whether it is nothing of any whole. */
export function isZeroShare(share: Share): boolean {
  return (percentOf(share) ?? share) === 0;
}

/** Neither negative nor another text than a percentage (ValidatePositiveIntOrPercent). */
export function checkShare(share: Share): string[] {
  if (typeof share === 'number') return checkNonNegative(share);
  return percentOf(share) === undefined
    ? [
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
      ]
    : [];
}

/** A percentage of at most 100 (IsNotMoreThan100Percent). */
export function validateAtMostAll(field: string, share: Share): FieldError[] {
  const percent = percentOf(share);
  return percent !== undefined && percent > 100 ? [invalidValue(field, share, 'must not be greater than 100%')] : [];
}

function percentOf(share: Share): number | undefined {
  return typeof share === 'string' && /^[0-9]+%$/.test(share) ? Number(share.slice(0, -1)) : undefined;
}
