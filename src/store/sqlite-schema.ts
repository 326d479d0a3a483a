/**
 * The tables of the durable file, and how an older file becomes a newer one.
 *
 * Migrations are additive (design D5): they add tables, columns and indexes, and never change or
 * remove one, so that the previous version of eliotd can open the file after a roll-back. A file
 * from a newer version is therefore opened as it is.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface Migration {
  /** 1 for the first; each is one more than the one before. */
  readonly version: number;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE intent (
        key TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        create_revision INTEGER NOT NULL,
        revision INTEGER NOT NULL
      );
      -- The last kept observation of an entry, and the boot in which it was seen.
      CREATE TABLE kept (
        key TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        create_revision INTEGER NOT NULL,
        bound INTEGER NOT NULL,
        boot_id TEXT NOT NULL
      );
      -- One row: revisions up to this one may have been handed out.
      CREATE TABLE revision_block (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        reserved_until INTEGER NOT NULL
      );
      INSERT INTO revision_block VALUES (1, 0);
    `,
  },
];

/** The tables of the volatile file. It is made anew with each boot, so it needs no migrations, only a stamp. */
export const volatileSchema = `
  CREATE TABLE volatile.boot (
    boot_id TEXT NOT NULL,
    format INTEGER NOT NULL,
    -- No entry is older than this: what was seen before this file was made is forgotten.
    base_revision INTEGER NOT NULL
  );
  CREATE TABLE volatile.observation (
    key TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    -- 1 when the entry has an intent too; without that intent the row means nothing.
    bound INTEGER NOT NULL,
    -- 1 when the text is to be written to main.kept.
    to_keep INTEGER NOT NULL,
    -- 1 when the text was seen in an earlier boot.
    is_earlier INTEGER NOT NULL
  );
  CREATE INDEX volatile.observation_to_keep ON observation (to_keep) WHERE to_keep = 1;
`;

/** Written into the volatile file; another number than this one: made anew. */
export const volatileFormat = 1;

/** The version of the schema in `db`; 0 for a new file. */
export function schemaVersion(db: DatabaseSync): number {
  db.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY)');
  return Number(db.prepare('SELECT coalesce(max(version), 0) AS version FROM schema_version').get()?.['version'] ?? 0);
}

/**
 * Brings `db` to the last of `steps`, all or nothing.
 *
 * @param copyBefore makes a copy of the file; called before the first step, and not for a new file
 */
export function migrate(
  db: DatabaseSync,
  steps: readonly Migration[],
  copyBefore: (fromVersion: number) => void,
): void {
  const from = schemaVersion(db);
  const missing = steps.filter((step) => step.version > from);
  if (missing.length === 0) return;
  if (from > 0) copyBefore(from);
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of missing) {
      db.exec(step.sql);
      db.prepare('INSERT INTO schema_version (version) VALUES (?)').run(step.version);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
