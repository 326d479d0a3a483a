/**
 * The device's store: intent in a durable SQLite file, observation in a second one on tmpfs.
 *
 * Writes of one macrotask form one transaction and one wait for the disk (group commit); their
 * promises resolve, and watches hear of them, only after that. Reads see committed state only, so
 * nobody acts on what a power cut could take back. A transaction that only observes touches only
 * tmpfs, and an idle store has no timer and writes nothing.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { ChangeHistory, type HistoryLimits } from './change-history.ts';
import { DirtyTask } from './dirty-task.ts';
import { readEarlierPage } from './earlier-page.ts';
import type { Ballast } from './sqlite-ballast.ts';
import { copyDatabase, copyIntervalMs, fileBytes, isCurrent } from './sqlite-copy.ts';
import { isDiskFull, toStatusError } from './sqlite-errors.ts';
import {
  describeOperation,
  executeOperation,
  keyOf,
  type Operation,
  type OperationResult,
} from './sqlite-operation.ts';
import { SqliteRows } from './sqlite-rows.ts';
import type { Change, Entry, ListOptions, Page, Put, Store } from './store.ts';

/** Revisions reserved at a time: a day of a quiet device, or a minute of a very busy one, costs one durable write. */
export const revisionBlockSize = 100_000;

/** Kept observations are written at most this often (design D5). */
const keepIntervalMs = 60_000;

/** Room for the log of a transaction beside the text itself: pages are written whole, and some of them twice. */
const volatileReserveBytes = 256 * 1024;

/** What finishes together is written together. */
const keepGatherMs = 1_000;

export interface SqliteStoreDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** With `volatile` attached. The store closes it. */
  readonly db: DatabaseSync;
  readonly intentPath: string;
  readonly copyPath: string;
  readonly ballast: Ballast;
  /** Bytes that the volatile file can still take. */
  readonly volatileSpace: () => number;
  readonly volatileBallast: Ballast;
  readonly bootId: string;
  /** No entry is older than this. */
  readonly baseRevision: number;
  /** The revision before the first one that this process hands out. */
  readonly startRevision: number;
  readonly reservedUntil: number;
  readonly history: HistoryLimits;
}

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (result: OperationResult) => void;
  readonly reject: (error: unknown) => void;
}

export class SqliteStore implements Store {
  readonly #deps: SqliteStoreDeps;
  readonly #rows: SqliteRows;
  readonly #history: ChangeHistory;
  readonly #keeping: DirtyTask;
  readonly #copying: DirtyTask;
  #reservedUntil: number;
  #queue: Waiting[] = [];
  #isClosed = false;

  constructor(deps: SqliteStoreDeps) {
    const { clock, log, db, intentPath, copyPath } = deps;
    this.#deps = deps;
    this.#rows = new SqliteRows(db, deps.baseRevision);
    this.#history = new ChangeHistory(deps.startRevision, deps.history);
    this.#reservedUntil = deps.reservedUntil;
    this.#keeping = new DirtyTask({
      clock,
      log,
      name: 'keep observations',
      gatherMs: keepGatherMs,
      intervalMs: () => keepIntervalMs,
      run: async () => this.#keepPending(),
    });
    const intervalMs = (): number => copyIntervalMs(fileBytes(intentPath));
    this.#copying = new DirtyTask({
      clock,
      log,
      name: 'copy',
      gatherMs: copyIntervalMs(0),
      intervalMs,
      run: async () => {
        deps.ballast.ensure();
        await copyDatabase(db, copyPath);
      },
    });
  }

  /** Takes up what an earlier process of this boot left undone. Call it once, before anything else. */
  start(): void {
    if (this.#rows.pendingKeeps().length > 0) this.#keeping.mark();
    if (!isCurrent(this.#deps.db, this.#deps.copyPath)) this.#copying.mark();
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#reading(`read ${key}`, () => this.#current(key));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const { after = '', limit = Number.POSITIVE_INFINITY, at = this.revision() } = options;
    const changed = this.#history.changedSince(at, prefix, after);
    const current = {
      list: (key: string, count: number) => this.#rows.list(prefix, key, count),
      count: (key: string) => this.#rows.count(prefix, key),
    };
    return this.#reading(`list ${prefix}`, () => {
      const { entries, remaining } = readEarlierPage(current, changed, { after, limit });
      return { entries, revision: at, more: remaining > 0, remaining };
    });
  }

  async put(put: Put): Promise<Entry | 'Conflict'> {
    const result = await this.#enqueue({ type: 'put', put });
    if (result === undefined) throw new StatusError('InternalError', `put of ${put.key} gave no entry`);
    return result;
  }

  delete(key: string, expected: number): Promise<Entry | 'Conflict' | undefined> {
    return this.#enqueue({ type: 'delete', key, expected });
  }

  revision(): number {
    return this.#history.revision;
  }

  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change> {
    return this.#history.watch(prefix, fromRevision, signal);
  }

  async flush(): Promise<void> {
    this.#commitQueue();
    await this.#keeping.runNow();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#commitQueue();
    this.#isClosed = true;
    this.#history.close();
    await Promise.all([this.#keeping.stop(), this.#copying.stop()]);
    try {
      await this.#keeping.runNow();
      await this.#copying.runNow();
    } catch (error) {
      this.#deps.log.warn('store closed with unfinished work', { error });
    } finally {
      this.#deps.db.close();
    }
  }

  #enqueue(operation: Operation): Promise<OperationResult> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closedError());
      this.#queue.push({ operation, resolve, reject });
      // The first of this macrotask: all that follow until it ends share its commit.
      if (this.#queue.length === 1) setImmediate(() => this.#commitQueue());
    });
  }

  #commitQueue(): void {
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    try {
      this.#commit(batch);
    } catch (error) {
      if (batch.length === 1) this.#commitLast(batch, error);
      // One of them may be what fails: each for itself, so that the others are not lost with it.
      else for (const waiting of batch) this.#commitAlone(waiting);
    }
  }

  #commitAlone(waiting: Waiting): void {
    try {
      this.#commit([waiting]);
    } catch (error) {
      this.#commitLast([waiting], error);
    }
  }

  /** After a failed commit: a deletion gets the ballast's space and one more try; any other put is refused. */
  #commitLast(batch: readonly Waiting[], failure: unknown): void {
    let error = failure;
    if (batch.every(({ operation }) => isDeletion(operation)) && isDiskFull(failure) && this.#deps.ballast.release()) {
      this.#deps.log.warn('disk is full, ballast released so that objects can be deleted');
      // A copy, and the ballast with it, follows once there is space again.
      this.#copying.mark();
      try {
        // The log into the file, so that it takes no more of the space than it must.
        this.#deps.db.exec('PRAGMA main.wal_checkpoint(TRUNCATE)');
        this.#commit(batch);
        return;
      } catch (secondFailure) {
        error = secondFailure;
      }
    }
    for (const { operation, reject } of batch) reject(toStatusError(error, describeOperation(operation)));
  }

  /** All of `batch` in one transaction; then watches and callers hear of it. Throws with nothing changed. */
  #commit(batch: readonly Waiting[]): void {
    const operations = this.#withinSpace(batch);
    this.#reserveFor(batch.length);
    const changes: Change[] = [];
    const results: OperationResult[] = [];
    const touched = new Map<string, Entry | undefined>();
    let changesIntent = false;
    let keeps = false;
    this.#transaction(() => {
      for (const operation of operations) {
        const key = keyOf(operation);
        const previous = touched.has(key) ? touched.get(key) : this.#current(key);
        const revision = this.revision() + changes.length + 1;
        const { result, change } = executeOperation(this.#rows, operation, previous, revision);
        results.push(result);
        if (change === undefined) continue;
        changes.push(change);
        touched.set(key, change.type === 'put' ? change.entry : undefined);
        changesIntent ||=
          operation.type === 'put' ? operation.put.intent !== undefined : previous?.intent !== undefined;
        keeps ||= operation.type === 'put' && operation.put.observation !== undefined && operation.put.keep === true;
      }
    });
    this.#history.publish(changes);
    if (changesIntent) this.#copying.mark();
    if (keeps) this.#keeping.mark();
    for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
  }

  /**
   * What of `batch` can be written. SQLite commits the durable file first, and cannot take that back when the volatile
   * one has no space: a put that fills both would be refused with its intent kept. So it is refused before. Deletions
   * get the volatile ballast's space; one that is only begun leaves its observation as it is.
   */
  #withinSpace(batch: readonly Waiting[]): readonly Operation[] {
    const { volatileSpace, volatileBallast } = this.#deps;
    const operations = batch.map(({ operation }) => operation);
    const bytes = operations.reduce((sum, operation) => sum + 4 * observationLength(operation), volatileReserveBytes);
    if (volatileSpace() >= bytes) {
      volatileBallast.ensure();
      return operations;
    }
    if (operations.every(isDeletion)) volatileBallast.release();
    return operations.map((operation) => {
      if (operation.type === 'delete' || operation.put.intent === undefined) return operation;
      const { observation, ...put } = operation.put;
      if (observation === undefined || put.isDeletion) return { type: 'put', put };
      throw new StatusError('ServiceUnavailable', `${describeOperation(operation)}: no space left on device`);
    });
  }

  #current(key: string): Entry | undefined {
    const latest = this.#history.latest(key);
    return latest === 'unknown' ? this.#rows.read(key) : latest;
  }

  /** Makes sure that `count` more revisions are reserved, durably, before one of them is handed out. */
  #reserveFor(count: number): void {
    const needed = this.revision() + count;
    if (needed <= this.#reservedUntil) return;
    const reservedUntil = needed + revisionBlockSize;
    this.#transaction(() => this.#rows.reserveUntil(reservedUntil));
    this.#reservedUntil = reservedUntil;
  }

  #keepPending(): void {
    const pending = this.#rows.pendingKeeps();
    if (pending.length > 0) this.#transaction(() => this.#rows.keep(pending, this.#deps.bootId));
  }

  #transaction(work: () => void): void {
    const { db } = this.#deps;
    db.exec('BEGIN');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      // Some failures (a full disk) have rolled back already.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  #reading<T>(doing: string, read: () => T): T {
    if (this.#isClosed) throw closedError();
    try {
      return read();
    } catch (error) {
      throw toStatusError(error, doing);
    }
  }
}

function isDeletion(operation: Operation): boolean {
  return operation.type === 'delete' || operation.put.isDeletion === true;
}

function observationLength(operation: Operation): number {
  return operation.type === 'put' ? (operation.put.observation?.length ?? 0) : 0;
}

function closedError(): StatusError {
  return new StatusError('ServiceUnavailable', 'the store is closed');
}
