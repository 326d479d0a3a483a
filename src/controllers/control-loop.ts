/**
 * The loop that every controller is: a change of what it follows puts keys into its queue, and the queue is worked off
 * until the controller is stopped.
 *
 * Nothing is looked at before every followed source knows what there is: what is not known yet would look as if it
 * were missing. The sources themselves are run by whoever made them.
 */
import type { WorkQueue } from '../lib/work-queue.ts';
import type { ObjectChange, ObjectSource } from './object-source.ts';

/** Something that tells a controller when to look. */
export interface Following {
  /** Resolves when it knows everything there is; rejects when the signal aborts first. Left out: it always does. */
  readonly whenSynced?: (signal: AbortSignal) => Promise<void>;
  /** Begins to tell. @returns what ends it */
  readonly start: () => () => void;
}

/**
 * Follows the objects of a source: `onChange` hears of each that is there already, as `added`, and then of every
 * change. It must not throw.
 */
export function follow<T>(source: ObjectSource<T>, onChange: (change: ObjectChange<T>) => void): Following {
  return {
    whenSynced: (signal) => source.whenSynced(signal),
    start: () => {
      const stop = source.onChange(onChange);
      for (const object of source.list()) onChange({ type: 'added', object });
      return stop;
    },
  };
}

/** Works until `signal` aborts, then resolves when nothing is under way any more. Call it once for a queue. */
export async function runControlLoop(
  queue: Pick<WorkQueue, 'run'>,
  followings: readonly Following[],
  signal: AbortSignal,
): Promise<void> {
  const stops: (() => void)[] = [];
  try {
    await Promise.all(followings.map(({ whenSynced }) => whenSynced?.(signal)));
    for (const { start } of followings) stops.push(start());
    await queue.run(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const stop of stops) stop();
  }
}
