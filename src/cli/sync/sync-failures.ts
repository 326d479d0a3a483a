/** What may go wrong in a session of file sync, with one path or with all of it, and whether another try would help. */
import { FrameError } from '../../api/sync/frames.ts';
import type { SyncAnswer } from '../../api/sync/messages.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import type { Entry } from '../../lib/tree/entry.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';

/**
 * In words, and so that whoever reads it knows whether another connection would help. Never a TreeError, which is the
 * failure of one path: whoever waits for an answer takes it for that and goes on over a connection that has ended.
 */
export function sessionFailure(error: unknown): unknown {
  if (error instanceof TreeError) {
    const reason = error.code === 'Invalid' ? 'Invalid' : 'ServiceUnavailable';
    return new StatusError(reason, error.message, { cause: error });
  }
  if (error instanceof FrameError) {
    return new StatusError('InternalError', `the device says what makes no sense: ${error.message}`, { cause: error });
  }
  // The stream of a connection fails with what the system says: ECONNRESET, EPIPE, a premature close.
  const isOfSystem = error instanceof Error && 'code' in error;
  if (!isOfSystem || error instanceof StatusError) return error;
  return new StatusError('ServiceUnavailable', `the connection was lost: ${error.message}`, { cause: error });
}

/** What the device could not do, and what is there instead. */
export class RemoteFailure extends TreeError {
  /** Undefined when that is not known. */
  readonly found: Entry | null | undefined;

  constructor({ code, message, entry }: SyncAnswer & { readonly is: 'failed' }) {
    super(code, message);
    this.found = entry;
  }
}

/**
 * What we believe of the device may not be what is there: some paths fail again and again, or it tells what changes by rules that
 * do not hold any longer.
 */
export class CompareAnew extends Error {}

/** Whether what failed may go well over another connection. */
export function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof CompareAnew) return true;
  if (error instanceof TreeError) return error.code !== 'Invalid';
  return isStatusError(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests');
}

/** What a session ends with, for whoever has begun it. */
export function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(error instanceof TreeError ? 'Invalid' : 'InternalError', message, { cause: error });
}
