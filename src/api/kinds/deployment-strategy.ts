/** How a Deployment replaces its pods: defaults, rules, and what its percentages mean in pods. */
import { forbidden, invalidValue } from '../schema/field-error.ts';
import type { FieldError } from '../schema/kind.ts';
import { checkNonNegative, complaints } from './common/checks.ts';

/** A number of pods, or a percentage of those that are wanted. */
type Share = number | string;

interface RollingUpdate {
  readonly maxUnavailable?: Share;
  readonly maxSurge?: Share;
}

interface Strategy {
  readonly type: string;
  readonly rollingUpdate?: RollingUpdate;
}

const defaultShare = '25%';

/** With 25 % for what a rolling update does not say. */
export function defaultRollingUpdate(strategy: Strategy): Strategy {
  if (strategy.type !== 'RollingUpdate') return strategy;
  return {
    ...strategy,
    rollingUpdate: { maxUnavailable: defaultShare, maxSurge: defaultShare, ...strategy.rollingUpdate },
  };
}

/** ValidateDeploymentStrategy; an unknown type is reported by the field table. */
export function validateStrategy({ type, rollingUpdate }: Strategy, path: string): FieldError[] {
  const at = `${path}.rollingUpdate`;
  if (type === 'Recreate') {
    return rollingUpdate === undefined
      ? []
      : [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== 'RollingUpdate') return [];
  const { maxUnavailable = defaultShare, maxSurge = defaultShare } = rollingUpdate ?? {};
  const percent = percentOf(maxUnavailable);
  return [
    ...complaints(`${at}.maxUnavailable`, maxUnavailable, checkShare(maxUnavailable)),
    ...complaints(`${at}.maxSurge`, maxSurge, checkShare(maxSurge)),
    ...(isZero(maxUnavailable) && isZero(maxSurge)
      ? [invalidValue(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
      : []),
    ...(percent !== undefined && percent > 100
      ? [invalidValue(`${at}.maxUnavailable`, maxUnavailable, 'must not be greater than 100%')]
      : []),
  ];
}

/**
 * How many pods may be missing, and how many may be too many, while `replicas` are replaced.
 *
 * Percentages of what may be missing are rounded down, those of the surge up; when both come to nothing, one may be
 * missing, else nothing could ever be replaced (Kubernetes' ResolveFenceposts).
 */
export function rollingUpdateLimits(
  strategy: Strategy,
  replicas: number,
): { readonly maxSurge: number; readonly maxUnavailable: number } {
  if (strategy.type !== 'RollingUpdate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxUnavailable = defaultShare, maxSurge = defaultShare } = strategy.rollingUpdate ?? {};
  const surge = shareOf(maxSurge, replicas, Math.ceil);
  const unavailable = shareOf(maxUnavailable, replicas, Math.floor);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function shareOf(share: Share, whole: number, round: (pods: number) => number): number {
  const percent = percentOf(share);
  return percent === undefined ? Number(share) : round((percent * whole) / 100);
}

function percentOf(share: Share): number | undefined {
  return typeof share === 'string' && /^[0-9]+%$/.test(share) ? Number(share.slice(0, -1)) : undefined;
}

function isZero(share: Share): boolean {
  return (percentOf(share) ?? share) === 0;
}

function checkShare(share: Share): string[] {
  if (typeof share === 'number') return checkNonNegative(share);
  return percentOf(share) === undefined
    ? [
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
      ]
    : [];
}
