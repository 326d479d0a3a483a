/** What the device's store keeps over restarts, kills and reboots, and how often it writes. */
import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { settle, until } from '../testing/settle.ts';
import { StoreDirectory } from '../testing/store-directory.ts';
import type { SqliteStoreOptions } from './sqlite-open.ts';
import { revisionBlockSize } from './sqlite-store.ts';
import type { Entry, Store } from './store.ts';

const directories: StoreDirectory[] = [];
const stores: Store[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const directory of directories.splice(0)) directory.remove();
});

function newDirectory(): StoreDirectory {
  const directory = new StoreDirectory();
  directories.push(directory);
  return directory;
}

async function open(directory: StoreDirectory, options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const { store, readOnly } = await directory.open(options);
  assert.equal(readOnly, false);
  stores.push(store);
  return store;
}

/** What a new process finds when the one with `directory` open is killed now. */
function killed(directory: StoreDirectory): StoreDirectory {
  const left = directory.killedNow();
  directories.push(left);
  return left;
}

async function put(store: Store, key: string, parts: object, expected = 0): Promise<Entry> {
  const entry = await store.put({ key, expected, ...parts });
  assert.ok(entry !== 'Conflict');
  return entry;
}

describe('a store that was killed', () => {
  it('has both parts of every entry, unchanged', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const both = await put(store, 'pods/a', { intent: 'i', observation: 'o' });
    const seen = await put(store, 'events/b', { observation: 'o' });
    const meant = await put(store, 'pods/c', { intent: 'i' });
    const again = await open(killed(directory));
    assert.deepEqual(await again.get('pods/a'), both);
    assert.deepEqual(await again.get('events/b'), seen);
    assert.deepEqual(await again.get('pods/c'), meant);
  });

  it('has nothing of what was deleted, and an entry made again has nothing of the old one', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const first = await put(store, 'pods/a', { intent: 'i', observation: 'old', keep: true });
    await store.flush();
    await store.delete('pods/a', first.revision);
    const second = await put(store, 'pods/b', { intent: 'i', observation: 'old', keep: true });
    await store.flush();
    await store.delete('pods/b', second.revision);
    await put(store, 'pods/b', { intent: 'new' });
    const alone = await put(store, 'events/c', { observation: 'kept alone', keep: true });
    await store.flush();
    await store.delete('events/c', alone.revision);
    const left = killed(directory);
    const again = await open(left);
    assert.equal(await again.get('pods/a'), undefined);
    assert.equal((await again.get('pods/b'))?.observation, undefined);
    await again.close();
    left.reboot();
    const rebooted = await open(left);
    assert.equal(await rebooted.get('pods/a'), undefined);
    assert.equal(await rebooted.get('events/c'), undefined);
    assert.equal((await rebooted.get('pods/b'))?.observation, undefined);
  });

  it('forgets an observation whose entry was removed in the durable file alone', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const entry = await put(store, 'pods/a', { intent: 'i', observation: 'o' });
    // The volatile file as it was before the delete, the durable one as it was after: killed between the two commits.
    const before = killed(directory);
    await store.delete('pods/a', entry.revision);
    const after = killed(directory);
    const mixed = await open(after, { volatilePath: before.volatilePath });
    assert.equal(await mixed.get('pods/a'), undefined);
    assert.deepEqual((await mixed.list('')).entries, []);
  });

  it('forgets an observation of an earlier entry of the same key', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const entry = await put(store, 'pods/a', { intent: 'i', observation: 'of the first' });
    const before = killed(directory);
    await Promise.all([
      store.delete('pods/a', entry.revision),
      store.put({ key: 'pods/a', intent: 'second', expected: 0 }),
    ]);
    const mixed = await open(killed(directory), { volatilePath: before.volatilePath });
    assert.deepEqual(
      [(await mixed.get('pods/a'))?.intent, (await mixed.get('pods/a'))?.observation],
      ['second', undefined],
    );
  });

  it('makes durable what the killed process had not yet', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'pods/a', { intent: 'i', observation: 'Succeeded', keep: true });
    const left = killed(directory);
    const again = await open(left);
    await again.flush();
    await again.close();
    left.reboot();
    assert.equal((await (await open(left)).get('pods/a'))?.observation, 'Succeeded');
  });
});

describe('a store after a reboot', () => {
  it('has all intent and no observation', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'pods/a', { intent: 'i', observation: 'o' });
    await put(store, 'events/b', { observation: 'o' });
    const left = killed(directory);
    left.reboot();
    const again = await open(left);
    const { entries } = await again.list('');
    assert.deepEqual(
      entries.map(({ key, intent, observation }) => [key, intent, observation]),
      [['pods/a', 'i', undefined]],
    );
  });

  it('shows kept observations and says that they are of an earlier boot, until something is seen', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'pods/a', { intent: 'i', observation: 'Succeeded', keep: true });
    await put(store, 'events/b', { observation: 'kept alone', keep: true });
    await store.close();
    directory.reboot();
    const again = await open(directory);
    const kept = await again.get('pods/a');
    assert.deepEqual([kept?.observation, kept?.observationIsFromEarlierBoot], ['Succeeded', true]);
    assert.equal((await again.get('events/b'))?.observation, 'kept alone');

    const meant = await put(again, 'pods/a', { intent: 'i2' }, kept?.revision);
    assert.equal(meant.observationIsFromEarlierBoot, true);
    const seen = await put(again, 'pods/a', { observation: 'Running' }, meant.revision);
    assert.equal(seen.observationIsFromEarlierBoot, false);
    assert.equal((await (await open(killed(directory))).get('pods/a'))?.observationIsFromEarlierBoot, false);
  });

  it('shows the last kept observation when later ones were not to be kept', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const kept = await put(store, 'pods/a', { intent: 'i', observation: 'kept', keep: true });
    await store.flush();
    await put(store, 'pods/a', { observation: 'passing' }, kept.revision);
    await store.close();
    directory.reboot();
    assert.equal((await (await open(directory)).get('pods/a'))?.observation, 'kept');
  });

  it('never lets the revision of an entry go back', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const meant = await put(store, 'pods/a', { intent: 'i' });
    const seen = await put(store, 'pods/a', { observation: 'o' }, meant.revision);
    const left = killed(directory);
    left.reboot();
    const again = await open(left);
    const entry = await again.get('pods/a');
    assert.ok((entry?.revision ?? 0) > seen.revision);
    assert.equal(await again.put({ key: 'pods/a', intent: 'stale', expected: meant.revision }), 'Conflict');
    assert.deepEqual(await put(again, 'pods/a', { intent: 'i2' }, entry?.revision), await again.get('pods/a'));
  });

  it('keeps one more boot what was kept in the boot before the last', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'pods/a', { intent: 'i', observation: 'Succeeded', keep: true });
    await store.close();
    for (let boot = 0; boot < 3; boot++) {
      directory.reboot();
      const again = await open(directory);
      assert.equal((await again.get('pods/a'))?.observationIsFromEarlierBoot, true);
      await again.close();
    }
  });
});

describe('the volatile file', () => {
  it('is made anew when it is of another boot, however it came to be there', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'events/a', { observation: 'o' });
    await store.close();
    directory.bootId = 'another';
    assert.equal(await (await open(directory)).get('events/a'), undefined);
  });

  for (const { what, content } of [
    { what: 'no database', content: 'x'.repeat(10_000) },
    { what: 'cut off', content: 'SQLite format 3\0' },
    { what: 'empty', content: '' },
  ]) {
    it(`is made anew when it is ${what}`, async () => {
      const directory = newDirectory();
      const store = await open(directory);
      await put(store, 'pods/a', { intent: 'i', observation: 'o' });
      await store.close();
      writeFileSync(directory.volatilePath, content);
      const again = await open(directory);
      const entry = await again.get('pods/a');
      assert.deepEqual([entry?.intent, entry?.observation], ['i', undefined]);
      await put(again, 'pods/a', { observation: 'o2' }, entry?.revision);
    });
  }
});

describe('revisions', () => {
  it('start above anything handed out, after a kill and after a reboot', async () => {
    let directory = newDirectory();
    let last = 0;
    for (const reboots of [false, true, false]) {
      const store = await open(directory);
      assert.ok(store.revision() > last);
      for (let i = 0; i < 3; i++)
        last = (await put(store, `events/${store.revision()}`, { observation: 'o' })).revision;
      directory = killed(directory);
      if (reboots) directory.reboot();
    }
  });

  it('of an earlier start answer Expired to a watch', async () => {
    const directory = newDirectory();
    const first = await open(directory);
    const { revision } = await put(first, 'pods/a', { intent: 'i' });
    await first.close();
    const store = await open(directory);
    const watch = store.watch('', revision, AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
    await assert.rejects(watch.next(), (error) => isStatusError(error, 'Expired'));
  });

  it('go on when a block is used up, and start above it after a kill', async () => {
    const directory = newDirectory();
    let store = await open(directory);
    const { revision: first } = await put(store, 'events/a', { observation: '0' });
    for (let done = 0; done < revisionBlockSize; done += 1_000) {
      const from = store.revision();
      const writes = Array.from({ length: 1_000 }, (_, i) =>
        store.put({ key: 'events/a', observation: String(i), expected: from + i }),
      );
      assert.ok((await Promise.all(writes)).every((result) => result !== 'Conflict'));
    }
    const revision = store.revision();
    assert.equal(revision, first + revisionBlockSize);
    const left = killed(directory);
    left.reboot();
    store = await open(left);
    assert.ok(store.revision() >= revision);
  });
});

describe('writing to the durable file', () => {
  /** Size and time of the durable file and its log. */
  const written = (directory: StoreDirectory): unknown =>
    ['eliot.db', 'eliot.db-wal', 'eliot.db.copy']
      .filter((name) => directory.has(name))
      .map((name) => statSync(join(directory.path, name), { bigint: true }))
      .map(({ size, mtimeNs }) => [size, mtimeNs]);

  it('does not happen for observations', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const { revision } = await put(store, 'pods/a', { intent: 'i' });
    const before = written(directory);
    let next = await put(store, 'pods/a', { observation: 'o' }, revision);
    for (let i = 0; i < 50; i++) next = await put(store, 'pods/a', { observation: `o${i}` }, next.revision);
    await put(store, 'events/a', { observation: 'o' });
    await store.delete('events/a', store.revision());
    await store.list('');
    assert.deepEqual(written(directory), before);
  });

  it('does not happen, and no timer runs, while the store is idle', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'pods/a', { intent: 'i', observation: 'o', keep: true });
    for (let minute = 0; minute < 3; minute++) {
      directory.clock.advance(60_000);
      await settle();
    }
    // The copy is made in the background, and is there when it is whole.
    await until(() => directory.clock.sleeping === 0 && directory.has('eliot.db.copy'), 'no timer, and the copy');
    const before = written(directory);
    directory.clock.advance(3_600_000);
    await settle();
    assert.deepEqual(written(directory), before);
    assert.equal(directory.clock.sleeping, 0);
  });

  it('happens for kept observations at most once a minute, with the last value', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const keptAfterReboot = async (): Promise<string | undefined> => {
      const left = killed(directory);
      left.reboot();
      const again = await open(left);
      const kept = (await again.get('pods/a'))?.observation;
      await again.close();
      return kept;
    };
    let entry = await put(store, 'pods/a', { intent: 'i', observation: 'first', keep: true });
    assert.equal(await keptAfterReboot(), undefined);
    directory.clock.advance(1_000);
    await settle();
    assert.equal(await keptAfterReboot(), 'first');

    entry = await put(store, 'pods/a', { observation: 'second', keep: true }, entry.revision);
    directory.clock.advance(50_000);
    await settle();
    assert.equal(await keptAfterReboot(), 'first');
    await put(store, 'pods/a', { observation: 'third' }, entry.revision);
    directory.clock.advance(10_000);
    await settle();
    assert.equal(await keptAfterReboot(), 'third');
  });

  it('makes files that only their owner can read', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    await put(store, 'secrets/a', { intent: 'password' });
    await store.close();
    for (const name of readdirSync(directory.path).filter((file) => file.startsWith('eliot.db'))) {
      assert.equal(statSync(join(directory.path, name)).mode & 0o077, 0, name);
    }
  });
});
