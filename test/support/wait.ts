import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** On a machine that is not slow; see `patience`. Default 30,000. */
  readonly timeoutMs?: number;
  /** Default 50. */
  readonly intervalMs?: number;
}

/** A limit only tells when something will never come, so it may be generous: the same machine is three times as slow at times. */
const patience = 3;

/**
 * Waits until `look` gives something other than undefined or false; the test fails with `what` when it
 * takes too long. An error of `look` counts as "not yet" and is shown when time is up.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 30_000, intervalMs = 50 }: WaitOptions = {},
): Promise<T> {
  const limitMs = timeoutMs * patience;
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await delay(intervalMs);
  }
  throw new Error(`${what}: not within ${limitMs} ms`, { cause: last });
}
