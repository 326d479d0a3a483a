/** What has become of a bundle that was applied. Pure. */
import type { Bundle } from '../../api/kinds/bundle.ts';

/** How far a bundle is, for whoever waits for it; all but `Waiting` are the end. */
export type BundleOutcome =
  | { readonly state: 'Waiting'; readonly message: string }
  | { readonly state: 'Ready' }
  /** Somebody applied that version instead. */
  | { readonly state: 'Replaced'; readonly version: string }
  /** What follows "bundle NAME:VERSION". */
  | { readonly state: 'Failed'; readonly message: string };

/** @param digest of the bundle that was applied */
export function computeBundleOutcome({ spec, status }: Pick<Bundle, 'spec' | 'status'>, digest: string): BundleOutcome {
  const { state, message = '', appliedDigest } = status;
  if (spec.digest !== digest) {
    const failed = spec.failed?.find((each) => each.digest === digest);
    if (failed === undefined) return { state: 'Replaced', version: spec.version };
    return { state: 'Failed', message: ` was taken back, ${spec.version} runs again: ${failed.message ?? ''}` };
  }
  // After a later version was taken back it is this one that runs.
  if (appliedDigest === digest && (state === 'Ready' || state === 'RolledBack')) return { state: 'Ready' };
  // Of one that was never ready the device itself says when it gives up; of one that was it never does.
  if (state === (spec.proven === true ? 'Refused' : 'NotReady')) {
    return { state: 'Failed', message: `: ${message || 'is not ready'}` };
  }
  return { state: 'Waiting', message };
}
