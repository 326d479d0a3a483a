/** Takes away the pod of a run, whatever became of the run. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { computeState } from './compute-state.ts';
import type { PodWatch } from './pod-watch.ts';

/** Longest wait for the pod to be gone, so that its name is free when eli ends. */
const goneWithinMs = 10_000;
/** Seconds that a program has to end which the person no longer waits for. */
const graceSeconds = 1;

/** Deletes the pod and waits a while for its end; tells when that failed, and throws nothing. */
export async function removePod(pod: Pod, watch: PodWatch, context: CommandContext): Promise<void> {
  const { client } = await context.session();
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  try {
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: graceSeconds, preconditions: { uid } });
  } catch (error) {
    // Gone already, or another one has its name.
    if (isStatusError(error, 'NotFound', 'Conflict')) return;
    const why = error instanceof Error ? error.message : String(error);
    context.note(`${name} could not be deleted (${why}); the device deletes it by itself when its lease has lapsed`);
    return;
  }
  const enough = new AbortController();
  const late = context.io.clock.sleep(goneWithinMs, enough.signal).catch(() => {});
  const gone = watch.until((now) => (computeState(now).kind === 'Gone' ? true : undefined)).catch(() => {});
  await Promise.race([gone, late]);
  enough.abort();
}
