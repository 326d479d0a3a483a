/**
 * A connection to a port of a program that may just be starting: whoever saves a file and reloads a page at once sees the new
 * page, not a refused connection.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { limited } from '../../lib/limited.ts';
import { untilAborted } from '../../lib/until-aborted.ts';

/** What is known of the program. */
export interface ProgramAge {
  /** Whether it is being started, or has begun a moment ago. */
  readonly isYoung: boolean;
  /** Resolves when it has begun. */
  readonly begun: Promise<void>;
}

export interface PatientDeps {
  readonly clock: Clock;
  readonly program: () => ProgramAge;
}

/** A program that has not begun by then is asked all the same. */
const begunWithinMs = 15_000;

/** A pod that refuses a connection does so within this time, also on a busy device. */
const refusedWithinMs = 250;
const pauseMs = 50;

/**
 * A connection that was not refused at once; while the program is young one that was refused is made again. Nothing is sent on
 * it before, so nothing is sent twice.
 *
 * @param connect emits `ready` and fails on the stream, as `connectToPodPort`
 * @throws the reason of `signal` when it aborts
 */
export async function connectPatiently(
  connect: () => Duplex,
  { clock, program }: PatientDeps,
  signal: AbortSignal,
): Promise<Duplex> {
  const isYoung = (): boolean => program().isYoung;
  // The one before may still listen.
  if (isYoung()) await limited(clock, begunWithinMs, signal, (over) => untilAborted(program().begun, over));
  for (;;) {
    const stream = connect();
    // Whoever uses it learns of its failure when it does.
    stream.on('error', () => {});
    if (!isYoung()) return stream;
    if (!(await isRefused(stream, clock, signal)) || !isYoung()) return stream;
    await clock.sleep(pauseMs, signal);
  }
}

async function isRefused(stream: Duplex, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  const over = AbortSignal.any([signal, enough.signal]);
  const failed = once(stream, 'close', { signal: over }).then(
    () => true,
    () => true,
  );
  const answered = once(stream, 'readable', { signal: over }).then(
    () => stream.destroyed || stream.readableEnded,
    () => true,
  );
  const late = once(stream, 'ready', { signal: over })
    .then(() => clock.sleep(refusedWithinMs, over))
    .then(() => stream.destroyed);
  try {
    return await Promise.race([failed, answered, late]);
  } finally {
    late.catch(() => {});
    enough.abort();
  }
}
