/** Removes what has lain about for long. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** No device of ours is older: a clock before it was never set. */
const firstSaneMs = Date.UTC(2025, 0, 1);

/** Calls `remove` for an entry when nobody uses it, and keeps others from it until that has ended; or does not call it. */
export type WhileUnused = (name: string, remove: () => Promise<void>) => Promise<void>;

/**
 * Removes the entries of a directory that were not changed for so long. What was changed before the clock was set counts from now on.
 *
 * @param nowMs wall clock, in milliseconds since the epoch; nothing is done by one that is not set
 * @param whileUnused asked for each entry. A clock that was behind, but not far, makes what is in use look old when it is set
 */
export async function removeOlder(
  directory: string,
  olderThanMs: number,
  nowMs: number,
  whileUnused: WhileUnused = (_name, remove) => remove(),
): Promise<void> {
  if (nowMs < firstSaneMs) return;
  const names = await unlessGone(readdir(directory));
  for (const name of names ?? []) {
    const path = join(directory, name);
    await whileUnused(name, async () => {
      const changedMs = (await unlessGone(stat(path)))?.mtimeMs;
      if (changedMs === undefined) return;
      if (changedMs < firstSaneMs) await unlessGone(utimes(path, nowMs / 1_000, nowMs / 1_000));
      else if (nowMs - changedMs > olderThanMs) await rm(path, { recursive: true, force: true });
    });
  }
}

/** Undefined when there is no such file. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
