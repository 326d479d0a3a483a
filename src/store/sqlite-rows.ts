/** The SQL of the store: prepared once, rows in, entries out. Decides nothing; transactions are the caller's. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { endOfPrefix } from './entry.ts';
import type { Entry } from './store.ts';

/** An observation that waits to be made durable. */
export interface PendingKeep {
  readonly key: string;
  readonly text: string;
  readonly create_revision: number;
  readonly bound: number;
}

/** Keys of the range in byte order, each once. Both halves read only an index. */
const keysInRange = `
  SELECT key FROM main.intent WHERE key >= :from AND key < :end AND key > :after
  UNION
  SELECT key FROM volatile.observation WHERE key >= :from AND key < :end AND key > :after`;

const entryColumns = `
  i.text AS intent, i.revision AS intent_revision, i.create_revision AS intent_create,
  o.text AS observation, o.revision AS observation_revision, o.create_revision AS observation_create, o.is_earlier`;

export class SqliteRows {
  readonly #baseRevision: number;
  readonly #read: StatementSync;
  readonly #list: StatementSync;
  readonly #count: StatementSync;
  readonly #putIntent: StatementSync;
  readonly #putObservation: StatementSync;
  readonly #touchObservation: StatementSync;
  readonly #deleteIntent: StatementSync;
  readonly #deleteObservation: StatementSync;
  readonly #deleteKept: StatementSync;
  readonly #pendingKeeps: StatementSync;
  readonly #keep: StatementSync;
  readonly #markKept: StatementSync;
  readonly #reserve: StatementSync;

  /** @param baseRevision no entry is older than this (see `attachVolatileFile`) */
  constructor(db: DatabaseSync, baseRevision: number) {
    this.#baseRevision = baseRevision;
    this.#read = db.prepare(`
      SELECT :key AS key, ${entryColumns} FROM (SELECT 1)
      LEFT JOIN main.intent AS i ON i.key = :key LEFT JOIN volatile.observation AS o ON o.key = :key`);
    this.#list = db.prepare(`
      WITH keys AS (${keysInRange} ORDER BY key LIMIT :limit)
      SELECT keys.key AS key, ${entryColumns} FROM keys
      LEFT JOIN main.intent AS i ON i.key = keys.key LEFT JOIN volatile.observation AS o ON o.key = keys.key
      ORDER BY keys.key`);
    this.#count = db.prepare(`SELECT count(*) AS count FROM (${keysInRange})`);
    this.#putIntent = db.prepare(`
      INSERT INTO main.intent (key, text, create_revision, revision) VALUES (:key, :text, :create, :revision)
      ON CONFLICT (key) DO UPDATE SET text = :text, revision = :revision`);
    this.#putObservation = db.prepare(`
      INSERT INTO volatile.observation (key, text, create_revision, revision, bound, to_keep, is_earlier)
      VALUES (:key, :text, :create, :revision, :bound, :keep, 0)
      ON CONFLICT (key) DO UPDATE
      SET text = :text, revision = :revision, bound = :bound, to_keep = max(to_keep, :keep), is_earlier = 0`);
    this.#touchObservation = db.prepare('UPDATE volatile.observation SET bound = 1 WHERE key = ? AND bound = 0');
    this.#deleteIntent = db.prepare('DELETE FROM main.intent WHERE key = ?');
    this.#deleteObservation = db.prepare('DELETE FROM volatile.observation WHERE key = ?');
    this.#deleteKept = db.prepare('DELETE FROM main.kept WHERE key = ?');
    this.#pendingKeeps = db.prepare(
      'SELECT key, text, create_revision, bound FROM volatile.observation WHERE to_keep = 1',
    );
    this.#keep = db.prepare(`
      INSERT INTO main.kept (key, text, create_revision, bound, boot_id) VALUES (:key, :text, :create, :bound, :boot)
      ON CONFLICT (key) DO UPDATE SET text = :text, create_revision = :create, bound = :bound, boot_id = :boot
      WHERE text <> :text OR boot_id <> :boot OR bound <> :bound`);
    this.#markKept = db.prepare('UPDATE volatile.observation SET to_keep = 0 WHERE to_keep = 1');
    this.#reserve = db.prepare('UPDATE main.revision_block SET reserved_until = ? WHERE id = 1');
  }

  read(key: string): Entry | undefined {
    const row = this.#read.get({ key });
    return row === undefined ? undefined : this.#toEntry(row);
  }

  list(prefix: string, after: string, limit: number): Entry[] {
    const range = { from: prefix, end: endOfPrefix(prefix), after };
    // -1 is SQLite's word for no limit.
    const rows = this.#list.all({ ...range, limit: Number.isFinite(limit) ? limit : -1 });
    return rows.flatMap((row) => this.#toEntry(row) ?? []);
  }

  /** How many keys with the prefix sort after `after`. */
  count(prefix: string, after: string): number {
    return Number(this.#count.get({ from: prefix, end: endOfPrefix(prefix), after })?.['count'] ?? 0);
  }

  writeIntent(entry: Entry, text: string): void {
    const { key, createRevision, revision } = entry;
    this.#putIntent.run({ key, text, create: createRevision, revision });
    this.#touchObservation.run(key);
  }

  writeObservation(entry: Entry, text: string, keep: boolean): void {
    const { key, createRevision, revision } = entry;
    const bound = entry.intent === undefined ? 0 : 1;
    this.#putObservation.run({ key, text, create: createRevision, revision, bound, keep: keep ? 1 : 0 });
  }

  delete(key: string): void {
    this.#deleteIntent.run(key);
    this.#deleteObservation.run(key);
    this.#deleteKept.run(key);
  }

  pendingKeeps(): PendingKeep[] {
    return this.#pendingKeeps.all().map((row) => ({
      key: String(row['key']),
      text: String(row['text']),
      create_revision: Number(row['create_revision']),
      bound: Number(row['bound']),
    }));
  }

  /** Makes the observations durable and marks them so. What is durable already is not written again. */
  keep(pending: readonly PendingKeep[], bootId: string): void {
    for (const { key, text, create_revision, bound } of pending) {
      this.#keep.run({ key, text, create: create_revision, bound, boot: bootId });
    }
    this.#markKept.run();
  }

  /** Revisions up to `revision` may be handed out once this is committed. */
  reserveUntil(revision: number): void {
    this.#reserve.run(revision);
  }

  #toEntry(row: Record<string, unknown>): Entry | undefined {
    const intent = textOf(row['intent']);
    const observation = textOf(row['observation']);
    if (intent === undefined && observation === undefined) return undefined;
    return {
      key: String(row['key']),
      intent,
      observation,
      observationIsFromEarlierBoot: row['is_earlier'] === 1,
      createRevision: Number(row['observation_create'] ?? row['intent_create']),
      revision: Math.max(
        Number(row['intent_revision'] ?? 0),
        Number(row['observation_revision'] ?? 0),
        this.#baseRevision,
      ),
    };
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
