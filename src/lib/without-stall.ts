/** A body that ends when it stops coming. */
import type { Clock } from './clock.ts';
import { StatusError } from './status-error.ts';

/**
 * The same pieces. Only the time that somebody waits for a piece counts, not the time that he takes with it.
 *
 * @throws StatusError `Timeout` when nothing comes for `limitMs`; what the body throws
 */
export async function* withoutStall(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  limitMs: number,
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(pieces.next(), clock, limitMs);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // A body that says nothing does not answer to this either.
    void pieces.return?.()?.catch(() => {});
  }
}

async function within<T>(work: Promise<T>, clock: Clock, limitMs: number): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(limitMs, done.signal).then(
    () => true,
    () => false,
  );
  const expired = late.then((isLate) => {
    if (isLate) throw new StatusError('Timeout', `nothing of the body came for ${limitMs / 1_000} s`);
    return new Promise<never>(() => {});
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    done.abort();
    work.catch(() => {});
  }
}
