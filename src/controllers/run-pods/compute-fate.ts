/**
 * Whether a pod of `eli run` stays: while its lease is renewed, or until it has finished. Pure.
 *
 * Times are of a clock that never jumps, and all of them are the device's own: a lease is as old as the last moment at which
 * the device saw that it was renewed. What time the laptop believes it is decides nothing.
 */

/** What is known of a pod that somebody cares for. */
export interface Cared {
  /** Since when its lease is as it is now; undefined for a pod without a lease. */
  readonly leaseSeenMs: number | undefined;
  /** Of the lease, in milliseconds. */
  readonly leaseDurationMs: number;
  /** Since when it is known to have finished; undefined while it has not, or when it stays then. */
  readonly finishedSeenMs: number | undefined;
}

export type Fate =
  | { readonly kind: 'Stays' }
  | { readonly kind: 'LookAgain'; readonly afterMs: number }
  | { readonly kind: 'Goes'; readonly why: 'LeaseLapsed' | 'Finished' };

/** Milliseconds between the end of a pod and its removal, so that those who follow its log can read to the end. */
export const finishedGraceMs = 5_000;

/** @param nowMs of the same clock as the other times */
export function computeFate({ leaseSeenMs, leaseDurationMs, finishedSeenMs }: Cared, nowMs: number): Fate {
  // Whoever holds the lease may still want to look at what has finished.
  if (leaseSeenMs !== undefined) return decide(leaseSeenMs + leaseDurationMs, nowMs, 'LeaseLapsed');
  if (finishedSeenMs !== undefined) return decide(finishedSeenMs + finishedGraceMs, nowMs, 'Finished');
  return { kind: 'Stays' };
}

function decide(dueMs: number, nowMs: number, why: 'LeaseLapsed' | 'Finished'): Fate {
  return nowMs >= dueMs ? { kind: 'Goes', why } : { kind: 'LookAgain', afterMs: dueMs - nowMs };
}
