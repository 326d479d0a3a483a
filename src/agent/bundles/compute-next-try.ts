/** When a file that was refused is offered again. Pure. */
import type { Obstacle } from './refusal.ts';

/** Milliseconds until one that is incomplete is looked at again, and is spoken of. */
export const patienceMs = 30_000;
/** The longest pause for it: nobody copies any more, and a change of the file ends the pause. */
const longestPatienceMs = 60 * 60_000;
/** Milliseconds until one is tried again for which something on the device was in the way, and the longest such pause. */
const retryMs = 10_000;
const longestRetryMs = 5 * 60_000;
/** The longest one when layers were written before: a flash that takes them every five minutes is worn out within weeks. */
const longestCostlyRetryMs = 6 * 60 * 60_000;

export type NextTry =
  | { readonly when: 'FileChanges' }
  /** Until then it would be refused by the same words. */
  | { readonly when: 'KeysChange' }
  | { readonly when: 'Later'; readonly pauseMs: number };

/** @param before how many refusals of the same kind in a row came before this one: each pause is twice the one before */
export function computeNextTry(obstacle: Obstacle, hasWritten: boolean, before: number): NextTry {
  const later = (firstMs: number, longestMs: number): NextTry => ({
    when: 'Later',
    pauseMs: Math.min(firstMs * 2 ** before, longestMs),
  });
  switch (obstacle) {
    case 'File':
      return { when: 'FileChanges' };
    case 'Keys':
      return { when: 'KeysChange' };
    case 'Copy':
      return later(patienceMs, longestPatienceMs);
    case 'Device':
      return later(retryMs, hasWritten ? longestCostlyRetryMs : longestRetryMs);
  }
}
