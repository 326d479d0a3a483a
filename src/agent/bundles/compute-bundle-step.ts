/** What is done about a bundle next, and what is said of it. Pure. */
import type { BundleSpec } from '../../api/kinds/bundle.ts';
import { computeReturn } from './compute-admission.ts';

/** How far applying is. */
export type BundleAttempt =
  | { readonly state: 'Pending' }
  | { readonly state: 'Refused'; readonly message: string }
  /** All objects are as they should be; these are not ready yet, or all have been for so long without a break. */
  | { readonly state: 'Applied'; readonly unready: readonly string[]; readonly readyForMs: number };

/** What the controller does at one look, and what it says of it. `Wait`: there is more to see soon; `Stay`: not for a while. */
export type BundleStep =
  | { readonly action: 'Wait' | 'Stay'; readonly state: BundleState; readonly message: string }
  /** Everything was ready for the first time: from now on this is what one comes back to. */
  | { readonly action: 'Prove'; readonly spec: BundleSpec }
  /** It did not become ready in time. */
  | { readonly action: 'Return'; readonly spec: BundleSpec; readonly message: string };

/** The word for how it is; see the column `Status`. */
export type BundleState = 'Progressing' | 'Ready' | 'NotReady' | 'RolledBack' | 'Refused';

const maxListed = 5;

/**
 * @param elapsedMs since this process began to apply this version, by a clock that never jumps
 * @param bakeMs so long everything must stay ready to be proven
 */
export function computeBundleStep(
  spec: BundleSpec,
  attempt: BundleAttempt,
  elapsedMs: number,
  bakeMs: number,
): BundleStep {
  const message = messageOf(attempt);
  if (attempt.state === 'Applied' && attempt.unready.length === 0) {
    if (spec.proven !== true) {
      if (attempt.readyForMs >= bakeMs) return { action: 'Prove', spec: { ...spec, proven: true } };
      return { action: 'Wait', state: 'Progressing', message: 'everything is ready; it is watched for a while' };
    }
    if (spec.rolledBack !== true) return { action: 'Stay', state: 'Ready', message: '' };
    const failed = spec.failed?.at(-1);
    return { action: 'Stay', state: 'RolledBack', message: `version ${failed?.version} failed: ${failed?.message}` };
  }
  // What was ready once is not taken back for what happens later, as with Deployments.
  if (spec.proven === true) {
    const state = attempt.state === 'Refused' ? 'Refused' : attempt.state === 'Applied' ? 'NotReady' : 'Progressing';
    return { action: 'Wait', state, message };
  }
  const deadlineMs = (spec.progressDeadlineSeconds ?? 0) * 1_000;
  if (elapsedMs < deadlineMs) {
    return { action: 'Wait', state: attempt.state === 'Refused' ? 'Refused' : 'Progressing', message };
  }
  const why = `not ready after ${spec.progressDeadlineSeconds}s: ${message}`;
  const back = computeReturn(spec, why);
  if (back !== undefined) return { action: 'Return', spec: back, message: why };
  return { action: 'Wait', state: 'NotReady', message: `${why}; there is no version before to come back to` };
}

function messageOf(attempt: BundleAttempt): string {
  switch (attempt.state) {
    case 'Pending':
      return 'objects are being applied';
    case 'Refused':
      return attempt.message;
    case 'Applied': {
      const more = attempt.unready.length - maxListed;
      return [...attempt.unready.slice(0, maxListed), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
    }
  }
}
