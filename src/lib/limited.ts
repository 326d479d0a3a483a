/** A limit for one thing that waits. */
import type { Clock } from './clock.ts';

/** What `work` gives: its result, or that time was up. */
export type Limited<T> = { readonly kind: 'Done'; readonly value: T } | { readonly kind: 'TimedOut' };

/**
 * Runs `work` for at most `ms` milliseconds; its signal aborts when time is up or the outer one does.
 *
 * @throws what `work` throws before; the signal's reason when that aborts
 */
export async function limited<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Limited<T>> {
  const stop = new AbortController();
  const over = new AbortController();
  const timer = clock.sleep(ms, over.signal).then(
    () => stop.abort(new Error('time is up')),
    () => undefined,
  );
  try {
    return { kind: 'Done', value: await work(AbortSignal.any([signal, stop.signal])) };
  } catch (error) {
    signal.throwIfAborted();
    if (stop.signal.aborted) return { kind: 'TimedOut' };
    throw error;
  } finally {
    over.abort();
    await timer;
  }
}
