import type { Clock } from './clock.ts';

export interface BegunInTimeOptions {
  readonly clock: Clock;
  /** Milliseconds in which it has to begin. */
  readonly timeoutMs: number;
  /** What to throw when it has not. */
  readonly tooLate: () => Error;
}

/**
 * Runs a task that has to wait for its turn, but not for ever; once it has begun it takes as long as it takes.
 *
 * @param task calls `onBegin` when it has its turn; until then it waits, and gives up when `waiting` aborts
 * @throws what `tooLate` gives, the reason of `signal`, or what the task throws
 */
export async function begunInTime<T>(
  task: (onBegin: () => void, waiting: AbortSignal) => Promise<T>,
  { clock, timeoutMs, tooLate }: BegunInTimeOptions,
  signal: AbortSignal,
): Promise<T> {
  const [begun, late] = [new AbortController(), new AbortController()];
  void clock.sleep(timeoutMs, begun.signal).then(
    () => late.abort(tooLate()),
    () => {},
  );
  try {
    return await task(() => begun.abort(), AbortSignal.any([signal, late.signal]));
  } finally {
    begun.abort();
  }
}
