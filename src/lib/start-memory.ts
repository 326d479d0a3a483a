/** Gives back what a start needed and idling does not. */
import type { Clock } from './clock.ts';

/** A full collection of garbage, as `globalThis.gc` is under --expose-gc. */
export type CollectGarbage = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

/** Until then the runtime is up, and the pods of before were looked at. */
const startIsOverAfterMs = 5_000;

/**
 * Waits until the start is over and collects once: compiled code that ran only then, empty pages, caches. V8 by itself
 * keeps about 1 MB more for good (docs/adr/0012). The pause was 25 ms on a 2-core machine.
 *
 * @param collect undefined: this Node was started without --expose-gc, and nothing is done
 */
export async function giveBackStartMemory(
  { clock, collect }: { readonly clock: Clock; readonly collect: CollectGarbage | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (collect === undefined) return;
  await clock.sleep(startIsOverAfterMs, signal).catch(() => {});
  if (!signal.aborted) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
