/** Both sides of file sync in one process: a directory here, one "on the device", and a connection that can be cut. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { openTree } from '../agent/file-sync/open-tree.ts';
import { serveTree } from '../agent/file-sync/serve-tree.ts';
import type { SyncChange } from '../cli/sync/change-feed.ts';
import { type SyncSession, type SyncState, startSyncOver } from '../cli/sync/sync-session.ts';
import { createSystemClock } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';

export class SyncPair {
  readonly #base = mkdtempSync(join(tmpdir(), 'eliot-sync-'));
  readonly here: string;
  readonly there = join(this.#base, 'there');
  readonly staging = join(this.#base, 'staging');
  readonly states: SyncState[] = [];
  readonly changes: SyncChange[] = [];
  failure: unknown;
  /** Whether connections can be made. */
  isReachable = true;
  connections = 0;
  /** Whether others get a turn after each piece that comes from the device, as over a network. */
  isSlow = false;
  /** Bytes that went to the device. */
  uploadedBytes = 0;
  /** Which start of the device's kernel it is; empty for a device that cannot tell. */
  bootId = 'first boot';
  /** At so many of these, once, the connection breaks. */
  cutAtBytes = Number.POSITIVE_INFINITY;
  #session: SyncSession | undefined;
  #cut: (() => void) | undefined;

  /** @param here a directory that others may have too; default: one of its own */
  constructor(here?: string) {
    this.here = here ?? join(this.#base, 'here');
    mkdirSync(this.here, { recursive: true });
    mkdirSync(this.there);
  }

  get session(): SyncSession {
    if (this.#session === undefined) throw new Error('not started');
    return this.#session;
  }

  start(options: { readonly twoWay?: boolean; readonly ignore?: readonly string[] } = {}): SyncSession {
    const { twoWay = false, ignore = [] } = options;
    const settings = { clock: createSystemClock(), directory: this.here, ignore, twoWay };
    const onState = (state: SyncState): number => this.states.push(state);
    this.#session = startSyncOver({ ...settings, onState }, () => this.#connect(), new AbortController().signal);
    void this.#collect(this.#session);
    return this.#session;
  }

  /** Breaks the connection, as a cable that is pulled. */
  cut(): void {
    this.#cut?.();
  }

  async close(): Promise<void> {
    await this.#session?.close();
    rmSync(this.#base, { recursive: true, force: true });
  }

  async #collect(session: SyncSession): Promise<void> {
    try {
      for await (const change of session.changes) this.changes.push(change);
    } catch (error) {
      this.failure = error;
    }
  }

  #count(bytes: number): void {
    this.uploadedBytes += bytes;
    if (this.uploadedBytes < this.cutAtBytes) return;
    this.cutAtBytes = Number.POSITIVE_INFINITY;
    this.cut();
  }

  async #connect(): Promise<Duplex> {
    if (!this.isReachable) throw new StatusError('ServiceUnavailable', 'nobody is there');
    this.connections += 1;
    const { isSlow, bootId } = this;
    const onBytes = (bytes: number): void => this.#count(bytes);
    const { stream, cut } = syncedTree(this.there, this.staging, { onBytes, isSlow, bootId });
    this.#cut = cut;
    return stream;
  }
}

interface SyncedTreeOptions {
  /** Told how many bytes have come. */
  readonly onBytes?: (bytes: number) => void;
  /** Whether there is a pause after each piece that goes. */
  readonly isSlow?: boolean;
  readonly bootId?: string;
}

/** The side of the device: a stream to whoever writes the files of `root`. */
export function syncedTree(
  root: string,
  staging: string,
  { onBytes = () => {}, isSlow = false, bootId = '' }: SyncedTreeOptions = {},
): { readonly stream: Duplex; readonly cut: () => void } {
  const up = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const down = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      if (isSlow) setTimeout(done, 1, null, chunk);
      else done(null, chunk);
    },
  });
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const tree = openTree({ root, staging, owner }, createSystemClock(), bootId);
  void serveTree(tree, up, down).then(() => {
    tree.places.close();
    down.end();
  });
  const stream = Duplex.from({ readable: down, writable: up });
  stream.on('error', () => {});
  const cut = (): void => {
    stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    up.end();
  };
  return { stream, cut };
}

/** Waits for something that is about to happen, at most 10 s. */
export async function until(what: string, look: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!look()) {
    if (performance.now() > endMs) throw new Error(`${what}: not within 10 s`);
    await delay(2);
  }
}
