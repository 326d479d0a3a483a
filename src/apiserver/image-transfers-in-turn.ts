/** What `ImageTransfers` promises, for a device of two cores whose clients may hang. */
import { Readable } from 'node:stream';
import { begunInTime } from '../lib/begun-in-time.ts';
import type { Clock } from '../lib/clock.ts';
import { Limiter } from '../lib/limiter.ts';
import { isStatusError, StatusError } from '../lib/status-error.ts';
import { withoutStall } from '../lib/without-stall.ts';
import type { ImageTransfers } from './image-transfers.ts';

/** Each holds a lease, an open request, and up to 16 MB of memory. */
const maxImports = 2;
/** Who waits for a place for so long is told so, and asks again. */
const placeTimeoutMs = 20_000;
const retryAfterSeconds = 5;
/** Who says nothing for so long, in the middle of an archive, is given up. */
const stallTimeoutMs = 60_000;

/** The same, but archives come one or two at a time, and end with `Timeout` when they stop coming. */
export function importInTurn(transfers: ImageTransfers, clock: Clock): ImageTransfers {
  const places = new Limiter(maxImports);
  return {
    ...transfers,
    importArchive: (archive, signal, checkNames) => {
      const load = (onBegin: () => void, waiting: AbortSignal): Promise<readonly string[]> =>
        places.run(() => {
          onBegin();
          return whileItComes(archive, clock, (coming) => transfers.importArchive(coming, signal, checkNames));
        }, waiting);
      return begunInTime(load, { clock, timeoutMs: placeTimeoutMs, tooLate: busy }, signal);
    },
  };
}

async function whileItComes<T>(archive: Readable, clock: Clock, use: (coming: Readable) => Promise<T>): Promise<T> {
  let failure: unknown;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    // The answer goes the same way as the rest of a body that nobody wants: it must not be cut off.
    const body = { [Symbol.asyncIterator]: () => archive.iterator({ destroyOnReturn: false }) };
    try {
      yield* withoutStall(body, clock, stallTimeoutMs);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const coming = Readable.from(pieces(), { objectMode: false });
  // It may fail when nobody listens any more.
  coming.on('error', () => {});
  try {
    return await use(coming);
  } catch (error) {
    // Who reads it may only have seen that it ends early.
    throw isStatusError(failure) ? failure : error;
  } finally {
    coming.destroy();
  }
}

function busy(): StatusError {
  return new StatusError('TooManyRequests', 'the device is busy with other archives', {
    details: { retryAfterSeconds },
  });
}
