/** SQLite's failures in our words. The result code decides, never the text. */
import { StatusError } from '../lib/status-error.ts';

/** Primary result codes, from https://www.sqlite.org/rescode.html. */
const sqliteFull = 13;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
const sqliteBusy = 5;

/** The primary result code of `error`, or undefined when SQLite did not throw it. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  // The low byte is the primary code; the rest says more.
  return error.errcode & 0xff;
}

export function isDiskFull(error: unknown): boolean {
  return resultCode(error) === sqliteFull;
}

/** Whether the file is no sound database (rather than not readable just now). */
export function isCorrupt(error: unknown): boolean {
  const code = resultCode(error);
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === sqliteBusy;
}

/** `error` as the store's callers get it; one that is not SQLite's passes as it is. */
export function toStatusError(error: unknown, doing: string): unknown {
  if (resultCode(error) === undefined) return error;
  if (isDiskFull(error)) {
    return new StatusError('ServiceUnavailable', `${doing}: no space left on device`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new StatusError('ServiceUnavailable', `${doing}: the store cannot be written or read: ${text}`, {
    cause: error,
  });
}
