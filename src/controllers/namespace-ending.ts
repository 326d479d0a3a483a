/** Namespaces on their way out take nothing new, and will take with them whoever wants to make something. */
import { isStatusError } from '../lib/status-error.ts';

/** Whether something could not be made for that reason, which is no failure. */
export function isNamespaceEnding(error: unknown): boolean {
  return (
    isStatusError(error, 'Forbidden') &&
    (error.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
  );
}
