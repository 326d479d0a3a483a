/** A device's two directories for a store under test: one that survives a reboot and one that does not. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../lib/logger.ts';
import { type OpenedStore, openSqliteStore, type SqliteStoreOptions } from '../store/sqlite-open.ts';
import { FakeClock } from './fake-clock.ts';

/** Small, so that a test reaches the end of the history. */
const shortHistory = { maxChanges: 64, maxBytes: 64 * 1024 };

export class StoreDirectory {
  readonly path: string;
  readonly clock: FakeClock;
  bootId: string;

  constructor(clock: FakeClock = new FakeClock(), bootId = 'boot-1') {
    this.path = mkdtempSync(join(tmpdir(), 'eliot-store-'));
    this.clock = clock;
    this.bootId = bootId;
  }

  get intentPath(): string {
    return join(this.path, 'eliot.db');
  }

  get volatilePath(): string {
    return join(this.path, 'volatile.db');
  }

  open(options: Partial<SqliteStoreOptions> = {}): Promise<OpenedStore> {
    return openSqliteStore({
      intentPath: this.intentPath,
      volatilePath: this.volatilePath,
      bootId: this.bootId,
      clock: this.clock,
      log: silentLogger,
      history: shortHistory,
      ballastBytes: 4096,
      ...options,
    });
  }

  /** The files as they are at this moment, as a process that is killed now leaves them. The store that is open goes on here. */
  killedNow(): StoreDirectory {
    const left = new StoreDirectory(this.clock, this.bootId);
    for (const file of readdirSync(this.path)) {
      try {
        copyFileSync(join(this.path, file), join(left.path, file));
      } catch (error) {
        // A copy that is being made in another thread comes and goes; so it may for one that is killed.
        if (existsSync(join(this.path, file))) throw error;
      }
    }
    return left;
  }

  /** Another boot: tmpfs is empty. */
  reboot(): void {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.volatilePath + suffix, { force: true });
    this.bootId = `${this.bootId}'`;
  }

  has(file: string): boolean {
    return existsSync(join(this.path, file));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
