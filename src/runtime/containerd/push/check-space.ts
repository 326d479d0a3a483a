/** Whether there is room for what is about to come. */
import { statfsSync } from 'node:fs';
import { humanSize } from '../../../lib/human-size.ts';
import { StatusError } from '../../../lib/status-error.ts';

/** A layer lies on disk unpacked, and compressed to about half of that. */
const storedFactor = 1.5;

/**
 * @param what for people: who needs the room
 * @param unpackedBytes of the layers that are to come
 * @param allocatedBytes what of them has its room already
 * @throws StatusError `InsufficientStorage`, saying how much is missing
 */
export function checkSpace(directory: string, what: string, unpackedBytes: number, allocatedBytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const needed = Math.max(0, Math.ceil(unpackedBytes * storedFactor) - allocatedBytes);
  const missing = needed - bavail * bsize;
  if (missing <= 0) return;
  throw new StatusError(
    'InsufficientStorage',
    `${what} needs ${humanSize(needed)} more on the device, of which ${humanSize(bavail * bsize)} are free: ${humanSize(missing)} are missing`,
  );
}

/** What the disk said, in our words; any other error as it is. */
export function asStorageError(error: unknown, what: string): unknown {
  const text = error instanceof Error ? `${'code' in error ? error.code : ''} ${error.message}` : '';
  if (!/ENOSPC|EDQUOT|no space left on device|disk quota exceeded/.test(text)) return error;
  return new StatusError('InsufficientStorage', `the disk of the device is full: ${what} cannot be stored`, {
    cause: error,
  });
}
