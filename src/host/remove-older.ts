/** Removes what has lain about for long. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** No device of ours is older: a clock before it was never set. */
const firstSaneMs = Date.UTC(2025, 0, 1);

/**
 * Removes the entries of a directory that were not changed for so long. What was changed before the clock was set counts from now on.
 *
 * @param nowMs wall clock, in milliseconds since the epoch; nothing is done by one that is not set
 */
export async function removeOlder(directory: string, olderThanMs: number, nowMs: number): Promise<void> {
  if (nowMs < firstSaneMs) return;
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const path = join(directory, name);
    const changedMs = (await stat(path)).mtimeMs;
    if (changedMs < firstSaneMs) await utimes(path, nowMs / 1_000, nowMs / 1_000);
    else if (nowMs - changedMs > olderThanMs) await rm(path, { recursive: true, force: true });
  }
}
