/**
 * What CRI's errors mean. The one place where their text is read: nearly all of them are code UNKNOWN, and
 * containerd says what happened in words only (seen with 1.6).
 */

import { GrpcError, grpcCode } from '../../lib/grpc/grpc-error.ts';
import { type Reason, StatusError } from '../../lib/status-error.ts';

const reservedName = /name "([^"]*)" is reserved for "([^"]*)"/;
const alreadyRunning = 'container is in CONTAINER_RUNNING state';

/** The shim or containerd went away in the middle; the same call may succeed later. */
const interrupted = ['ttrpc: closed', 'transport is closing', 'connection refused', 'server is not initialized yet'];

/** Whether StartContainer failed because the container runs already. */
export function isAlreadyRunning(error: unknown): boolean {
  return error instanceof GrpcError && error.message.includes(alreadyRunning);
}

/**
 * The error as callers of `Runtime` know it, with the runtime's own message.
 *
 * A reserved name is `AlreadyExists` whose `details.uid` is the id that holds it.
 *
 * @param unknownReason the reason of errors that neither code nor text explains: `Invalid` where the caller's
 *   configuration is the likely cause
 */
export function toStatusError(error: unknown, unknownReason: Reason = 'InternalError'): unknown {
  if (!(error instanceof GrpcError) || error.grpcCode !== grpcCode.unknown) return error;
  const { message } = error;
  const reserved = reservedName.exec(message);
  if (reserved?.[1] !== undefined && reserved[2] !== undefined) {
    return new StatusError('AlreadyExists', message, {
      cause: error,
      details: { name: reserved[1], uid: reserved[2] },
    });
  }
  if (message.endsWith('context deadline exceeded')) return new StatusError('Timeout', message, { cause: error });
  if (interrupted.some((text) => message.includes(text))) {
    return new StatusError('ServiceUnavailable', message, { cause: error });
  }
  return new StatusError(unknownReason, message, { cause: error });
}
