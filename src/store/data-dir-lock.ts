/**
 * One eliotd per data directory.
 *
 * The lock is the kernel's lock on a file that SQLite holds open: it ends with the process however
 * that dies, needs no clean-up, cannot be taken for a stale one, and is not handed on to containerd
 * or any other child. It writes nothing.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from './sqlite-errors.ts';

export interface DataDirLock {
  /** Lets another process have the directory. Repeatable. */
  release(): void;
}

/**
 * Takes `dataDir`, which must exist, for this process.
 *
 * @throws Error at once when another process, or this one, has it
 */
export function lockDataDir(dataDir: string): DataDirLock {
  const db = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 });
  try {
    // Without a journal file: on a full disk none could be made, and nobody could delete anything.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new Error(
      `data directory ${dataDir} is in use by another eliotd; stop that one, or choose another with --data-dir`,
      { cause: error },
    );
  }
  let isHeld = true;
  return {
    release: () => {
      if (isHeld) db.close();
      isHeld = false;
    },
  };
}
