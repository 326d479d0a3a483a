/** Work on a local copy that may be a moment old. */
import { isStatusError } from '../lib/status-error.ts';
import type { ProcessResult } from '../lib/work-queue.ts';

/** Milliseconds until a look at an old copy is repeated, should the change that makes it new not come by itself. */
const againAfterMs = 1_000;

/** Does `work`; when somebody was faster, that is no failure: the newer version is on its way to the copy. */
export async function unlessStale(work: () => Promise<ProcessResult>): Promise<ProcessResult> {
  try {
    return await work();
  } catch (error) {
    if (isStatusError(error, 'Conflict', 'NotFound')) return { againAfterMs };
    throw error;
  }
}
