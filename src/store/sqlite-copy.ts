/**
 * The last good copy of the durable file, beside it: what eliotd starts from when the file itself
 * is corrupt (design D14). A copy takes the place of the one before only when it is complete,
 * checked and on the disk.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** Pages copied at a time; between them the event loop runs. */
const pagesAtOnce = 64;

/** At most this many bytes a second are written for copies, so that a large busy store does not wear the flash out. */
const copyBytesPerSecond = 8 * 1024;

const shortestIntervalMs = 60_000;

/** Milliseconds between two copies of a file of `bytes`: a minute, or more for a large one. */
export function copyIntervalMs(bytes: number): number {
  return Math.max(shortestIntervalMs, (bytes / copyBytesPerSecond) * 1000);
}

/** Size of the file at `path`, 0 when there is none. */
export function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whether the database at `path` is there, complete and sound. Reads all of it; changes nothing. */
export function isSound(path: string): boolean {
  return readFingerprint(path) !== undefined;
}

/** Whether the copy at `copyPath` holds the same intent as `db`. */
export function isCurrent(db: DatabaseSync, copyPath: string): boolean {
  return readFingerprint(copyPath) === fingerprintOf(db);
}

/** Copies `db` to `copyPath`, while it goes on being used. The copy before stays until the new one is good. */
export async function copyDatabase(db: DatabaseSync, copyPath: string): Promise<void> {
  const partPath = `${copyPath}.part`;
  // What a killed process left: its journal would be taken for the new file's.
  removeDatabase(partPath);
  // Made first, so that it is nobody else's to read: it holds Secrets.
  closeSync(openSync(partPath, 'w', 0o600));
  try {
    await backup(db, partPath, { rate: pagesAtOnce });
    if (!isSound(partPath)) throw new Error(`the copy ${partPath} is not sound`);
    syncFile(partPath);
    renameSync(partPath, copyPath);
    syncFile(dirname(copyPath));
  } finally {
    removeDatabase(partPath);
  }
}

/** Removes a database and all that SQLite may have put beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** Waits until what was written to a file, or renamed in a directory, is on the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Tells apart any two states of intent that follow each other: a put raises the highest revision, a delete lowers the count. */
function fingerprintOf(db: DatabaseSync): string {
  const row = db.prepare('SELECT count(*) AS count, coalesce(max(revision), 0) AS revision FROM main.intent').get();
  return `${row?.['count']}/${row?.['revision']}`;
}

function readFingerprint(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const url = pathToFileURL(path);
  // Nobody writes it, so SQLite need not make a log or lock file beside it.
  url.searchParams.set('immutable', '1');
  try {
    const db = new DatabaseSync(url, { readOnly: true });
    try {
      return db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok' ? fingerprintOf(db) : undefined;
    } finally {
      db.close();
    }
  } catch {
    return undefined; // unreadable is not sound
  }
}
