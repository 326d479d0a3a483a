/** Changes that belong together: an editor writes several files, a checkout hundreds. */
import type { Clock } from '../../lib/clock.ts';
import { untilAborted } from '../../lib/until-aborted.ts';

/** When changes count as one, in milliseconds. */
export interface SettleLimits {
  /** So long nothing more has come. */
  readonly quietMs: number;
  /** So long they are gathered at most, however many come. */
  readonly longestMs: number;
}

/**
 * The paths of changes that came close upon each other, each once, as soon as they have come to rest. Ends when the changes
 * end.
 *
 * @throws what the changes fail with; the reason of `signal` when it aborts
 */
export async function* settledChanges<T extends { readonly paths: readonly string[] }>(
  changes: AsyncIterable<T>,
  { clock, quietMs, longestMs }: SettleLimits & { readonly clock: Clock },
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const iterator = changes[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const first = await untilAborted(next, signal);
      if (first.done) return;
      const paths = new Set(first.value.paths);
      const latestMs = clock.monotonicMs() + longestMs;
      next = iterator.next();
      for (;;) {
        const waitMs = Math.min(quietMs, latestMs - clock.monotonicMs());
        const more = waitMs <= 0 ? undefined : await orLate(next, clock, waitMs, signal);
        if (more === undefined || more.done) break;
        for (const path of more.value.paths) paths.add(path);
        next = iterator.next();
      }
      if (paths.size > 0) yield [...paths];
    }
  } finally {
    // Not waited for: one that waits for a change ends when its source does.
    next.catch(() => {});
    iterator.return?.().catch(() => {});
  }
}

/** Undefined when nothing has come in time; what then comes is not lost. */
async function orLate<T>(next: Promise<T>, clock: Clock, waitMs: number, signal: AbortSignal): Promise<T | undefined> {
  const enough = new AbortController();
  const late = clock.sleep(waitMs, AbortSignal.any([signal, enough.signal])).then(() => undefined);
  try {
    return await Promise.race([next, late]);
  } finally {
    enough.abort();
    late.catch(() => {});
  }
}
