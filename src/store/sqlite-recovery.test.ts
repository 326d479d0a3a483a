/** Starting with a durable file that is spoiled, full disks, and files of other versions. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { settle, until } from '../testing/settle.ts';
import { StoreDirectory } from '../testing/store-directory.ts';
import { copyIntervalMs } from './sqlite-copy.ts';
import type { OpenedStore, SqliteStoreOptions } from './sqlite-open.ts';
import { type Migration, migrate, migrations, schemaVersion } from './sqlite-schema.ts';
import type { Store } from './store.ts';

const directories: StoreDirectory[] = [];
const stores: Store[] = [];
const mounts: string[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const mount of mounts.splice(0)) execFileSync('umount', [mount]);
  for (const directory of directories.splice(0)) directory.remove();
});

function newDirectory(): StoreDirectory {
  const directory = new StoreDirectory();
  directories.push(directory);
  return directory;
}

async function open(directory: StoreDirectory, options: Partial<SqliteStoreOptions> = {}): Promise<OpenedStore> {
  const opened = await directory.open(options);
  stores.push(opened.store);
  return opened;
}

async function create(store: Store, key: string, intent = 'i'): Promise<number> {
  const entry = await store.put({ key, intent, expected: 0 });
  assert.ok(entry !== undefined && entry !== 'Conflict');
  return entry.revision;
}

/** A closed store with `count` entries and a copy of them. */
async function filled(directory: StoreDirectory, count: number): Promise<number> {
  const { store } = await open(directory);
  const writes = Array.from({ length: count }, (_, i) => create(store, `pods/${i}`, 'x'.repeat(2_000)));
  await Promise.all(writes);
  const revision = store.revision();
  await store.close();
  return revision;
}

/** Writes nonsense over a stretch of the file. */
function scribble(path: string, from: number, length: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from);
  closeSync(file);
}

describe('a corrupt durable file', () => {
  for (const { what, spoil } of [
    { what: 'its head is spoiled', spoil: (path: string) => scribble(path, 0, 4096) },
    { what: 'a page inside is spoiled', spoil: (path: string) => scribble(path, 8 * 4096, 8192) },
    { what: 'it is cut off', spoil: (path: string) => truncateSync(path, 3 * 4096) },
    { what: 'it is empty', spoil: (path: string) => truncateSync(path, 0) },
    { what: 'it is gone', spoil: (path: string) => rmSync(path) },
    { what: 'it is something else', spoil: (path: string) => writeFileSync(path, 'hello '.repeat(5_000)) },
  ]) {
    it(`is replaced by the last good copy when ${what}`, async () => {
      const directory = newDirectory();
      const revision = await filled(directory, 40);
      spoil(directory.intentPath);
      const { store, recovered, readOnly } = await open(directory);
      assert.deepEqual([recovered, readOnly], [true, false]);
      assert.equal((await store.list('pods/')).entries.length, 40);
      assert.ok(store.revision() > revision, 'revisions go on above any that was handed out');
      await create(store, 'pods/new');
      await store.close();
      const again = await open(directory);
      assert.deepEqual([again.recovered, again.readOnly], [false, false]);
      assert.equal((await again.store.list('pods/')).entries.length, 41);
    });
  }

  it('is kept aside', async () => {
    const directory = newDirectory();
    await filled(directory, 10);
    const spoiled = 'spoiled '.repeat(2_000);
    writeFileSync(directory.intentPath, spoiled);
    await open(directory);
    assert.equal(readFileSync(`${directory.intentPath}.corrupt`, 'utf8'), spoiled);
  });

  it('loses observations of what the copy does not know', async () => {
    const directory = newDirectory();
    await filled(directory, 3);
    const { store } = await open(directory);
    await store.put({ key: 'pods/late', intent: 'i', observation: 'o', expected: 0 });
    const left = directory.killedNow();
    directories.push(left);
    writeFileSync(left.intentPath, 'spoiled');
    const recovered = await open(left);
    assert.equal(recovered.recovered, true);
    assert.equal(await recovered.store.get('pods/late'), undefined);
  });

  it('without a good copy is left alone, and the store is empty and read-only', async () => {
    const directory = newDirectory();
    await filled(directory, 3);
    writeFileSync(directory.intentPath, 'spoiled');
    writeFileSync(`${directory.intentPath}.copy`, 'spoiled too');
    const { store, recovered, readOnly } = await open(directory);
    assert.deepEqual([recovered, readOnly], [false, true]);
    assert.deepEqual((await store.list('')).entries, []);
    await assert.rejects(create(store, 'pods/a'), (error) => isStatusError(error, 'ServiceUnavailable'));
    await assert.rejects(store.delete('pods/a', 1), (error) => isStatusError(error, 'ServiceUnavailable'));
    const old = store.watch('', 5, AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
    await assert.rejects(old.next(), (error) => isStatusError(error, 'Expired'));
    await store.close();
    assert.equal(readFileSync(directory.intentPath, 'utf8'), 'spoiled');
  });

  it('is replaced even if the power fails in the middle of that', async () => {
    const directory = newDirectory();
    await filled(directory, 10);
    // The corrupt file was moved away, the copy not yet put in its place, and the old log left.
    rmSync(directory.intentPath);
    writeFileSync(`${directory.intentPath}-wal`, '');
    writeFileSync(`${directory.intentPath}.next`, 'half a copy');
    const { store, recovered } = await open(directory);
    assert.equal(recovered, true);
    assert.equal((await store.list('pods/')).entries.length, 10);
  });
});

describe('the last good copy', () => {
  const copyOf = (directory: StoreDirectory): string[] | undefined => {
    if (!directory.has('eliot.db.copy')) return undefined;
    const db = new DatabaseSync(`${directory.intentPath}.copy`, { readOnly: true });
    const keys = db.prepare('SELECT key FROM intent ORDER BY key').all();
    db.close();
    return keys.map((row) => String(row['key']));
  };

  it('is made a minute after changes of intent, and not more often', async () => {
    const directory = newDirectory();
    const { store } = await open(directory);
    await create(store, 'a');
    directory.clock.advance(59_000);
    await settle();
    assert.equal(copyOf(directory), undefined);
    await create(store, 'b');
    directory.clock.advance(1_000);
    await until(() => copyOf(directory)?.length === 2, 'the copy');
    await create(store, 'c');
    directory.clock.advance(59_000);
    await settle();
    assert.deepEqual(copyOf(directory), ['a', 'b']);
    directory.clock.advance(1_000);
    await until(() => copyOf(directory)?.length === 3, 'the next copy');
  });

  it('is brought up to date when the store is closed, and by the next process when it was killed', async () => {
    const directory = newDirectory();
    const { store } = await open(directory);
    await create(store, 'a');
    const left = directory.killedNow();
    directories.push(left);
    await store.close();
    assert.deepEqual(copyOf(directory), ['a']);

    assert.equal(copyOf(left), undefined);
    await open(left);
    directory.clock.advance(60_000);
    await until(() => copyOf(left)?.length === 1, 'the copy');
  });

  it('is not made again by a start that changes nothing', async () => {
    const directory = newDirectory();
    await filled(directory, 2);
    await open(directory);
    assert.equal(directory.clock.sleeping, 0);
  });

  it('stays when the next one cannot be made, which is tried again', async () => {
    const directory = newDirectory();
    const { store } = await open(directory);
    await create(store, 'a');
    directory.clock.advance(60_000);
    await until(() => copyOf(directory)?.length === 1, 'the first copy');
    await create(store, 'b');
    mkdirSync(`${directory.intentPath}.copy.part`);
    directory.clock.advance(60_000);
    await settle();
    assert.deepEqual(copyOf(directory), ['a']);
    rmSync(`${directory.intentPath}.copy.part`, { recursive: true });
    await until(() => directory.clock.sleeping > 0, 'the next try is planned');
    directory.clock.advance(60_000);
    await until(() => copyOf(directory)?.length === 2, 'the next copy');
  });

  it('is made less often of a large store', () => {
    assert.equal(copyIntervalMs(10_000), 60_000);
    assert.equal(copyIntervalMs(8 * 1024 * 600), 600_000);
  });

  it('can be made while writes go on', async () => {
    const directory = newDirectory();
    const { store } = await open(directory);
    for (let i = 0; i < 200; i++) await create(store, `pods/${i}`, 'x'.repeat(4_000));
    directory.clock.advance(600_000);
    for (let i = 0; i < 200; i++) await create(store, `more/${i}`, 'x'.repeat(4_000));
    await until(() => directory.has('eliot.db.copy'), 'the copy');
    await store.close();
    assert.equal(copyOf(directory)?.length, 400);
  });
});

describe('a full disk', () => {
  /** A file system of `kilobytes`; undefined where none can be mounted. */
  const mountSmall = (directory: StoreDirectory, kilobytes: number): string | undefined => {
    const path = join(directory.path, 'disk');
    mkdirSync(path);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path], { stdio: 'ignore' });
      mounts.push(path);
      return path;
    } catch {
      return undefined;
    }
  };

  it('refuses puts with nothing half-written, lets deletes through, and heals', async (context) => {
    const directory = newDirectory();
    const disk = mountSmall(directory, 12 * 1024);
    if (disk === undefined) return context.skip('cannot mount a file system here');
    const { store } = await open(directory, { intentPath: join(disk, 'eliot.db'), ballastBytes: 2 * 1024 * 1024 });
    const text = 'x'.repeat(20_000);
    const keys: string[] = [];
    const failure = await fillUp(async () => {
      const key = `pods/${keys.length}`;
      await store.put({ key, intent: text, observation: 'o', expected: 0 });
      keys.push(key);
    });
    assert.ok(isStatusError(failure, 'ServiceUnavailable'));
    assert.match(failure.message, /no space left on device/);
    // To the last page, so that deleting needs the ballast.
    writeUntilFull(join(disk, 'filler'));

    const { entries, revision } = await store.list('');
    assert.equal(entries.length, keys.length, 'nothing of the refused put is there');
    assert.ok(entries.every((entry) => entry.observation === 'o'));
    await assert.rejects(create(store, 'pods/small'), (error) => isStatusError(error, 'ServiceUnavailable'));
    assert.equal(store.revision(), revision);
    const seen = await store.put({ key: 'events/a', observation: 'tmpfs has space', expected: 0 });
    assert.notEqual(seen, 'Conflict');

    for (const entry of entries.slice(0, 10)) assert.deepEqual(await store.delete(entry.key, entry.revision), entry);
    rmSync(join(disk, 'filler'));
    await create(store, 'pods/after');
    await store.close();
    const again = await open(directory, { intentPath: join(disk, 'eliot.db'), ballastBytes: 2 * 1024 * 1024 });
    assert.equal((await again.store.list('pods/')).entries.length, keys.length - 10 + 1);
    await again.store.close();
  });

  it('refuses puts with nothing half-written when it is the volatile one, and heals', async (context) => {
    const directory = newDirectory();
    const disk = mountSmall(directory, 1024);
    if (disk === undefined) return context.skip('cannot mount a file system here');
    const { store } = await open(directory, { volatilePath: join(disk, 'volatile.db') });
    const put = { intent: 'i', observation: 'o', expected: 0 };
    const kept = await store.put({ key: 'pods/kept', ...put });
    assert.ok(kept !== 'Conflict');
    writeUntilFull(join(disk, 'filler'));
    const { revision } = await store.list('');
    await assert.rejects(store.put({ key: 'pods/refused', ...put }), (error) => {
      assert.ok(isStatusError(error, 'ServiceUnavailable'));
      assert.match(error.message, /no space left on device/);
      return true;
    });
    assert.equal(await store.get('pods/refused'), undefined);
    assert.equal(store.revision(), revision);
    // What has nothing to do with it goes on, and so do deletions.
    await create(store, 'configmaps/a');
    const marked = await store.put({
      ...put,
      key: 'pods/kept',
      intent: 'j',
      expected: kept.revision,
      isDeletion: true,
    });
    assert.ok(marked !== 'Conflict');
    assert.equal(marked.observation, 'o');
    assert.deepEqual(await store.get('pods/kept'), marked);
    assert.deepEqual(await store.delete('pods/kept', marked.revision), marked);
    assert.equal(await store.get('pods/kept'), undefined);

    rmSync(join(disk, 'filler'));
    assert.notEqual(await store.put({ key: 'pods/refused', ...put }), 'Conflict');
    await store.close();
  });

  it('lets an object be marked for its deletion', async (context) => {
    const directory = newDirectory();
    const disk = mountSmall(directory, 12 * 1024);
    if (disk === undefined) return context.skip('cannot mount a file system here');
    const { store } = await open(directory, { intentPath: join(disk, 'eliot.db'), ballastBytes: 2 * 1024 * 1024 });
    const revision = await create(store, 'pods/a');
    writeUntilFull(join(disk, 'filler'));
    // Until the log is full too.
    await fillUp(async () => void (await create(store, `pods/${Math.random()}`)));
    const put = { key: 'pods/a', intent: 'x'.repeat(5_000), expected: revision };
    await assert.rejects(store.put(put), (error) => isStatusError(error, 'ServiceUnavailable'));
    assert.notEqual(await store.put({ ...put, isDeletion: true }), 'Conflict');
    await store.close();
  });

  it('does not keep the store from starting', async (context) => {
    const directory = newDirectory();
    const disk = mountSmall(directory, 12 * 1024);
    if (disk === undefined) return context.skip('cannot mount a file system here');
    const options = { intentPath: join(disk, 'eliot.db'), ballastBytes: 2 * 1024 * 1024 };
    const { store } = await open(directory, options);
    await create(store, 'pods/a');
    await store.close();
    writeUntilFull(join(disk, 'filler'));
    const again = await open(directory, options);
    const entry = await again.store.get('pods/a');
    assert.equal(entry?.intent, 'i');
    assert.notEqual(await again.store.delete('pods/a', entry?.revision ?? 0), 'Conflict');
    await again.store.close();
  });

  async function fillUp(write: () => Promise<void>): Promise<unknown> {
    for (let i = 0; i < 1_000; i++) {
      try {
        await write();
      } catch (error) {
        return error;
      }
    }
    return assert.fail('the disk did not become full');
  }

  function writeUntilFull(path: string): void {
    const file = openSync(path, 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096, 1));
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
    } finally {
      closeSync(file);
    }
  }
});

describe('a file of another version', () => {
  const next: readonly Migration[] = [...migrations, { version: 2, sql: 'CREATE TABLE later (a INTEGER)' }];

  it('is brought to this version, and a copy of it is kept', async () => {
    const directory = newDirectory();
    await filled(directory, 3);
    const { store } = await open(directory, { migrations: next });
    assert.equal((await store.list('')).entries.length, 3);
    await store.close();
    const before = new DatabaseSync(`${directory.intentPath}.v1`, { readOnly: true });
    assert.equal(before.prepare('SELECT count(*) AS count FROM intent').get()?.['count'], 3);
    before.close();
  });

  it('is opened as it is when it is newer: an update may be rolled back', async () => {
    const directory = newDirectory();
    const { store } = await open(directory, { migrations: next });
    await create(store, 'pods/a');
    await store.close();
    const { store: older, readOnly } = await open(directory);
    assert.equal(readOnly, false);
    await create(older, 'pods/b');
    assert.equal((await older.list('')).entries.length, 2);
  });

  it('is unchanged when a migration fails', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, migrations, () => assert.fail('a new file needs no copy'));
    const copies: number[] = [];
    const broken = [...next, { version: 3, sql: 'CREATE TABLE later (a INTEGER)' }];
    assert.throws(() => migrate(db, broken, (from) => copies.push(from)), /already exists/);
    assert.deepEqual(copies, [1]);
    assert.equal(schemaVersion(db), 1);
    assert.equal(db.prepare(`SELECT count(*) AS count FROM sqlite_schema WHERE name = 'later'`).get()?.['count'], 0);
    db.close();
  });
});
