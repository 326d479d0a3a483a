/** What is wrong with a file of this machine is told as what was wrong with the command that names it. */
import { isStatusError } from '../../lib/status-error.ts';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError in place of StatusError `Invalid`; everything else as it is */
export async function toldAsUsage<T>(read: () => Promise<T>, hint?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asUsage(error, hint);
  }
}

/** The same for what comes piece by piece. */
export async function* piecesToldAsUsage(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw asUsage(error);
  }
}

function asUsage(error: unknown, hint?: string): unknown {
  return isStatusError(error, 'Invalid') ? new UsageError(error.message, hint, { cause: error }) : error;
}
