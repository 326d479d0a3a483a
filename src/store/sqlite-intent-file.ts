/**
 * Opening the durable file: sound, of this version, with as little memory and flash wear as it takes.
 *
 * A corrupt file is replaced by the last good copy and kept aside. Every step can be cut off by a
 * power failure: the next start finds either the corrupt file or no file, and does it again.
 */
import { closeSync, copyFileSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../lib/logger.ts';
import { fileBytes, isSound, removeDatabase, syncFile } from './sqlite-copy.ts';
import { isBusy, isCorrupt } from './sqlite-errors.ts';
import { type Migration, migrate } from './sqlite-schema.ts';

/** Where the parts of the durable store lie. */
export interface IntentPaths {
  readonly intent: string;
  /** The last good copy. */
  readonly copy: string;
  /** The last corrupt file, for those who want to know what happened. */
  readonly corrupt: string;
  /** The file as it was before migrations from a version. */
  readonly beforeMigration: (fromVersion: number) => string;
}

export function intentPaths(intentPath: string): IntentPaths {
  return {
    intent: intentPath,
    copy: `${intentPath}.copy`,
    corrupt: `${intentPath}.corrupt`,
    beforeMigration: (fromVersion) => `${intentPath}.v${fromVersion}`,
  };
}

export interface OpenedIntentFile {
  readonly db: DatabaseSync;
  /** Whether it was started from the last good copy. */
  readonly recovered: boolean;
}

/** Undefined when the file is corrupt and there is no good copy; nothing is changed then. */
export function openIntentFile(
  paths: IntentPaths,
  steps: readonly Migration[],
  log: Logger,
): OpenedIntentFile | undefined {
  const isMissing = fileBytes(paths.intent) === 0;
  // No file, or an empty one, beside a copy: the power failed while it was being replaced or grown.
  if (!isMissing || !existsSync(paths.copy)) {
    const db = openIfSound(paths, steps);
    if (db !== undefined) return { db, recovered: false };
  }
  if (!isSound(paths.copy)) {
    log.error('store is corrupt and has no good copy', { path: paths.intent });
    return undefined;
  }
  replaceByCopy(paths);
  const db = openIfSound(paths, steps);
  if (db === undefined) return undefined;
  log.error('store was corrupt, started from its last good copy', { path: paths.intent, corrupt: paths.corrupt });
  return { db, recovered: true };
}

function openIfSound(paths: IntentPaths, steps: readonly Migration[]): DatabaseSync | undefined {
  if (!existsSync(paths.intent)) {
    // A log without its file belongs to nothing, and would be taken for the new file's.
    removeDatabase(paths.intent);
    // Made first, so that it is nobody else's to read: it holds Secrets.
    closeSync(openSync(paths.intent, 'w', 0o600));
    syncFile(dirname(paths.intent));
  }
  const db = new DatabaseSync(paths.intent);
  try {
    // Exclusive before anything else: no shared-memory file, whose pages the kernel would write to flash.
    db.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY;
      PRAGMA main.cache_size = -512;
      PRAGMA wal_autocheckpoint = 256;
      PRAGMA main.journal_size_limit = 1048576;
    `);
    if (db.prepare('PRAGMA main.quick_check(1)').get()?.['quick_check'] !== 'ok') {
      db.close();
      return undefined;
    }
    migrate(db, steps, (fromVersion) => copyNow(db, paths.beforeMigration(fromVersion)));
    return db;
  } catch (error) {
    db.close();
    if (isCorrupt(error)) return undefined;
    if (isBusy(error)) throw new Error(`${paths.intent} is in use by another process`, { cause: error });
    throw error;
  }
}

/** Like `copyDatabase`, for the start, when nothing else runs. */
function copyNow(db: DatabaseSync, path: string): void {
  const partPath = `${path}.part`;
  removeDatabase(partPath);
  closeSync(openSync(partPath, 'w', 0o600));
  db.prepare('VACUUM main INTO ?').run(partPath);
  syncFile(partPath);
  renameSync(partPath, path);
  syncFile(dirname(path));
}

function replaceByCopy(paths: IntentPaths): void {
  const nextPath = `${paths.intent}.next`;
  rmSync(nextPath, { force: true });
  copyFileSync(paths.copy, nextPath);
  syncFile(nextPath);
  // The log first: replayed into the copy it would spoil it.
  moveAside(`${paths.intent}-wal`, `${paths.corrupt}-wal`);
  rmSync(`${paths.intent}-shm`, { force: true });
  rmSync(`${paths.intent}-journal`, { force: true });
  moveAside(paths.intent, paths.corrupt);
  syncFile(dirname(paths.intent));
  renameSync(nextPath, paths.intent);
  syncFile(dirname(paths.intent));
}

function moveAside(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}
