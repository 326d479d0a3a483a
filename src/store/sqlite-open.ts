/** Opens the device's store, whatever state the last power cut left it in. */
import { statfsSync } from 'node:fs';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { defaultHistoryLimits, type HistoryLimits } from './change-history.ts';
import { MemoryStore } from './memory-store.ts';
import { ReadOnlyStore } from './read-only-store.ts';
import { Ballast, defaultBallastBytes } from './sqlite-ballast.ts';
import { isDiskFull } from './sqlite-errors.ts';
import { type IntentPaths, intentPaths, openIntentFile } from './sqlite-intent-file.ts';
import { type Migration, migrations } from './sqlite-schema.ts';
import { revisionBlockSize, SqliteStore } from './sqlite-store.ts';
import { attachVolatileFile } from './sqlite-volatile-file.ts';
import type { Store } from './store.ts';

/** Some deletions' worth of SQLite's log. */
const volatileBallastBytes = 128 * 1024;

/** Above anything handed out since the copy was made: a device does not write a million million times. */
const recoveryJump = 2 ** 40;

export interface SqliteStoreOptions {
  /** The durable file, `D/eliot.db`. Its copy, ballast and logs lie beside it. The directory exists and is locked. */
  readonly intentPath: string;
  /** The observation file on tmpfs, `R/volatile.db`. */
  readonly volatilePath: string;
  /** Names this boot of the machine (`/proc/sys/kernel/random/boot_id`). */
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly history?: HistoryLimits;
  readonly ballastBytes?: number;
  /** Default: the schema's own. */
  readonly migrations?: readonly Migration[];
}

export interface OpenedStore {
  readonly store: Store;
  /** The durable file was corrupt and this is its last good copy (Node condition `StoreRecovered`). */
  readonly recovered: boolean;
  /** The durable file is corrupt and has no good copy: the store is empty and refuses writes. */
  readonly readOnly: boolean;
}

/**
 * Ready to use when it resolves: all intent is there, and observations of this boot.
 *
 * @throws Error when a file is in use by another process or cannot be made
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<OpenedStore> {
  const paths = intentPaths(options.intentPath);
  const ballast = new Ballast(`${options.intentPath}.ballast`, options.ballastBytes ?? defaultBallastBytes);
  const opened = withBallast(ballast, () => openIntentFile(paths, options.migrations ?? migrations, options.log));
  if (opened === undefined) return { store: emptyStore(paths), recovered: false, readOnly: true };

  const { db, recovered } = opened;
  try {
    const row = db.prepare('SELECT reserved_until FROM main.revision_block').get();
    // Not 0: that means "any" on the wire.
    const startRevision = Math.max(1, Number(row?.['reserved_until'] ?? 0) + (recovered ? recoveryJump : 0));
    const reservedUntil = startRevision + revisionBlockSize;
    withBallast(ballast, () => db.prepare('UPDATE main.revision_block SET reserved_until = ?').run(reservedUntil));
    const { volatilePath, bootId, clock, log, history = defaultHistoryLimits } = options;
    const { baseRevision } = attachVolatileFile(db, volatilePath, bootId, startRevision);
    ballast.ensure();
    const volatileBallast = new Ballast(`${volatilePath}.ballast`, volatileBallastBytes);
    volatileBallast.ensure();
    const store = new SqliteStore({
      clock,
      log,
      db,
      intentPath: paths.intent,
      copyPath: paths.copy,
      ballast,
      volatileSpace: () => freeBytes(volatilePath),
      volatileBallast,
      bootId,
      baseRevision,
      startRevision,
      reservedUntil,
      history,
    });
    store.start();
    return { store, recovered, readOnly: false };
  } catch (error) {
    db.close();
    throw error;
  }
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Starting needs a few pages; a disk that is full must not keep the device from starting. */
function withBallast<T>(ballast: Ballast, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDiskFull(error) || !ballast.release()) throw error;
    return work();
  }
}

function emptyStore(paths: IntentPaths): Store {
  const why = `${paths.intent} is corrupt and there is no good copy of it`;
  // Above anything a client may remember, so that every watch starts over.
  return new ReadOnlyStore(new MemoryStore({ startRevision: 2 ** 52 }), why);
}
