/**
 * The observation file on tmpfs, attached to the durable one as `volatile`.
 *
 * It belongs to one boot: another boot's, a missing one and a corrupt one are made anew, starting
 * with the kept observations of the durable file.
 */
import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { removeDatabase } from './sqlite-copy.ts';
import { isBusy, isCorrupt } from './sqlite-errors.ts';
import { volatileFormat, volatileSchema } from './sqlite-schema.ts';

export interface VolatileFile {
  /** No entry is older than this revision. */
  readonly baseRevision: number;
  /** Whether the file was made anew. */
  readonly isNew: boolean;
}

/** @param startRevision the base of a file that is made anew: above any revision handed out before */
export function attachVolatileFile(
  db: DatabaseSync,
  path: string,
  bootId: string,
  startRevision: number,
): VolatileFile {
  const baseRevision = attachIfUsable(db, path, bootId);
  if (baseRevision !== undefined) {
    joinToIntent(db);
    return { baseRevision, isNew: false };
  }
  removeDatabase(path);
  // Made first, so that it is nobody else's to read.
  closeSync(openSync(path, 'w', 0o600));
  attach(db, path);
  create(db, bootId, startRevision);
  joinToIntent(db);
  return { baseRevision: startRevision, isNew: true };
}

function attach(db: DatabaseSync, path: string): void {
  db.prepare('ATTACH ? AS volatile').run(path);
  // A process that is killed loses nothing: what it wrote is the kernel's. A boot ends the file anyway.
  db.exec(`
    PRAGMA volatile.locking_mode = EXCLUSIVE;
    PRAGMA volatile.journal_mode = WAL;
    PRAGMA volatile.synchronous = OFF;
    PRAGMA volatile.cache_size = -256;
    PRAGMA volatile.journal_size_limit = 1048576;
  `);
}

/** The base revision of a sound file of this boot; else undefined, and nothing is attached. */
function attachIfUsable(db: DatabaseSync, path: string, bootId: string): number | undefined {
  try {
    attach(db, path);
    const boot = readBoot(db);
    if (boot?.['boot_id'] === bootId && boot['format'] === volatileFormat) return Number(boot['base_revision']);
  } catch (error) {
    if (isBusy(error)) throw new Error(`${path} is in use by another process`, { cause: error });
    if (!isCorrupt(error)) throw error;
  }
  detach(db);
  return undefined;
}

function readBoot(db: DatabaseSync): Record<string, unknown> | undefined {
  if (db.prepare('PRAGMA volatile.quick_check(1)').get()?.['quick_check'] !== 'ok') return undefined;
  const tables = db.prepare(
    `SELECT count(*) AS count FROM volatile.sqlite_schema WHERE name IN ('boot', 'observation')`,
  );
  return tables.get()?.['count'] === 2 ? db.prepare('SELECT * FROM volatile.boot').get() : undefined;
}

function detach(db: DatabaseSync): void {
  const isAttached = db.prepare(`SELECT 1 FROM pragma_database_list WHERE name = 'volatile'`).get() !== undefined;
  if (isAttached) db.exec('DETACH volatile');
}

function create(db: DatabaseSync, bootId: string, baseRevision: number): void {
  db.exec('BEGIN IMMEDIATE');
  db.exec(volatileSchema);
  db.prepare('INSERT INTO volatile.boot (boot_id, format, base_revision) VALUES (?, ?, ?)').run(
    bootId,
    volatileFormat,
    baseRevision,
  );
  db.prepare(`
    INSERT INTO volatile.observation (key, text, create_revision, revision, bound, to_keep, is_earlier)
    SELECT key, text, create_revision, ?, bound, 0, boot_id <> ? FROM main.kept
  `).run(baseRevision, bootId);
  db.exec('COMMIT');
}

/**
 * A transaction that touches both files is atomic in each, not across them (sqlite.org/lang_attach.html): a process
 * killed between the two commits, before it answered, leaves an observation of an entry that was
 * deleted or never made, or one that does not know of the intent it got. The same after a start from
 * an older copy of the durable file.
 */
function joinToIntent(db: DatabaseSync): void {
  db.exec(`
    DELETE FROM volatile.observation AS o WHERE bound = 1 AND NOT EXISTS (
      SELECT 1 FROM main.intent AS i WHERE i.key = o.key AND i.create_revision = o.create_revision);
    DELETE FROM volatile.observation AS o WHERE bound = 0 AND EXISTS (
      SELECT 1 FROM main.intent AS i WHERE i.key = o.key AND i.create_revision <> o.create_revision);
    UPDATE volatile.observation AS o SET bound = 1 WHERE bound = 0 AND EXISTS (
      SELECT 1 FROM main.intent AS i WHERE i.key = o.key);
  `);
}
