/** Why a bundle is not taken, and what has to change before it can be. */
import { isStatusError, type Reason, StatusError } from '../../lib/status-error.ts';

/**
 * What stands in the way of a bundle:
 * - `File`: what it is itself, or what the device made of it before: the same file will be refused again
 * - `Copy`: it ends too early, as one does that is still being copied
 * - `Keys`: the keys that this device trusts
 * - `Device`: something here that passes or that somebody mends: a full disk, a quota, an object of somebody else, containerd
 */
export type Obstacle = 'File' | 'Copy' | 'Keys' | 'Device';

/** A refusal by who knows what stands in the way. */
export class RefusalError extends StatusError {
  readonly obstacle: Obstacle;

  constructor(reason: Reason, message: string, obstacle: Obstacle) {
    super(reason, message);
    this.obstacle = obstacle;
  }
}

/** What stands in the way by this error. What nobody knows may pass: it costs some looks, the other way round a trip to the device. */
export function obstacleOf(error: unknown): Obstacle {
  if (error instanceof RefusalError) return error.obstacle;
  if (!isStatusError(error, 'Invalid', 'BadRequest')) return 'Device';
  return error.details?.causes?.[0]?.reason === 'Incomplete' ? 'Copy' : 'File';
}
