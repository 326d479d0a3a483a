/** Work on a local copy that may be a moment old. */
import { isStatusError } from '../lib/status-error.ts';

/**
 * Whether the server refused what was decided from an old copy: somebody was faster. That ends by itself, since the
 * newer version is on its way to the copy; a queue says so only when it does not.
 */
export function isStaleCopy(error: unknown): boolean {
  return isStatusError(error, 'Conflict', 'NotFound');
}
