/** What a Bundle says of itself. Pure. */
import type { BundleStatus } from '../../api/kinds/bundle.ts';
import { type Condition, withCondition } from '../../api/kinds/common/condition.ts';
import type { BundleState } from './compute-bundle-step.ts';

/** What the controller has found at its last look. */
export interface BundleFinding {
  readonly state: BundleState;
  /** For people; empty when there is nothing to say. */
  readonly message: string;
  /** The version whose objects are all as the bundle has them; undefined: not those of the wanted one. */
  readonly applied: { readonly version: string; readonly digest: string } | undefined;
  /** Generation of the spec that was looked at. */
  readonly generation: number | undefined;
}

/** @param now RFC 3339, for conditions that change */
export function computeBundleStatus(before: BundleStatus, finding: BundleFinding, now: string): BundleStatus {
  const { state, message, applied } = finding;
  const { appliedVersion = '', appliedDigest = '' } = before;
  return {
    ...before,
    state,
    message,
    appliedVersion: applied?.version ?? appliedVersion,
    appliedDigest: applied?.digest ?? appliedDigest,
    conditions: conditionsOf(before.conditions, finding, now),
  };
}

function conditionsOf(
  before: BundleStatus['conditions'],
  { state, message, applied, generation }: BundleFinding,
  now: string,
): Condition[] {
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const condition = (type: string, isSo: boolean, reason: string, why: string) => ({
    type,
    status: isSo ? ('True' as const) : ('False' as const),
    reason,
    message: why,
    ...observed,
  });
  const isApplied = applied !== undefined;
  const isBack = state === 'RolledBack';
  const conditions = [
    condition('Applied', isApplied, isApplied ? 'Applied' : state, isApplied ? '' : message),
    condition('Ready', state === 'Ready' || isBack, state, message),
    condition('RolledBack', isBack, state, isBack ? message : ''),
  ];
  return conditions.reduce<readonly Condition[]>(
    (all, each) => withCondition(all, each, now),
    before ?? [],
  ) as Condition[];
}
