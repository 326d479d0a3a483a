/** How a Deployment replaces its pods: defaults, rules, and what its percentages mean in pods. */
import { forbidden, invalidValue } from '../schema/field-error.ts';
import type { FieldError } from '../schema/kind.ts';
import { complaints } from './common/checks.ts';
import { checkShare, isZeroShare, type Share, shareOf, validateAtMostAll } from './common/share.ts';

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
  return [
    ...complaints(`${at}.maxUnavailable`, maxUnavailable, checkShare(maxUnavailable)),
    ...complaints(`${at}.maxSurge`, maxSurge, checkShare(maxSurge)),
    ...(isZeroShare(maxUnavailable) && isZeroShare(maxSurge)
      ? [invalidValue(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
      : []),
    ...validateAtMostAll(`${at}.maxUnavailable`, maxUnavailable),
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
