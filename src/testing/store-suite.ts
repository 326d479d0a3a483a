/**
 * What every Store must do. Call it once per implementation, from that implementation's test.
 *
 * What outlives the process is not asked here: only a store on disk has it.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import type { Change, Entry, Store } from '../store/store.ts';

/** @param open makes an empty store whose watches keep at least 16 and at most 64 changes, and 64 kB */
export function storeSuite(name: string, open: () => Promise<Store>): void {
  describe(`${name} is a Store`, () => {
    const opened: Store[] = [];
    const stop: AbortController[] = [];
    const openStore = async (): Promise<Store> => {
      const store = await open();
      opened.push(store);
      return store;
    };
    /** A watch as a test reads it: `next` resolves with the following change. */
    const startWatch = (store: Store, prefix: string, from: number) => {
      const abort = new AbortController();
      stop.push(abort);
      const changes = store.watch(prefix, from, abort.signal)[Symbol.asyncIterator]();
      return { abort, next: () => changes.next() };
    };

    afterEach(async () => {
      for (const abort of stop.splice(0)) abort.abort();
      for (const store of opened.splice(0)) await store.close();
    });

    describe('put', () => {
      it('creates a key that is expected not to exist', async () => {
        const store = await openStore();
        const before = store.revision();
        const entry = await put(store, 'pods/web', { intent: 'i' });
        assert.deepEqual(
          { ...entry },
          {
            key: 'pods/web',
            intent: 'i',
            observation: undefined,
            observationIsFromEarlierBoot: false,
            createRevision: before + 1,
            revision: before + 1,
          },
        );
        assert.deepEqual(await store.get('pods/web'), entry);
        assert.equal(store.revision(), before + 1);
      });

      it('refuses to create a key that exists', async () => {
        const store = await openStore();
        const first = await put(store, 'pods/web', { intent: 'first' });
        assert.equal(await store.put({ key: 'pods/web', intent: 'second', expected: 0 }), 'Conflict');
        assert.deepEqual(await store.get('pods/web'), first);
        assert.equal(store.revision(), first.revision, 'a refused write takes no revision');
      });

      it('refuses a write based on an old revision', async () => {
        const store = await openStore();
        const first = await put(store, 'pods/web', { intent: '1' });
        const second = await put(store, 'pods/web', { intent: '2', expected: first.revision });
        assert.equal(await store.put({ key: 'pods/web', intent: '3', expected: first.revision }), 'Conflict');
        assert.deepEqual(await store.get('pods/web'), second);
      });

      it('refuses to change a key that does not exist', async () => {
        const store = await openStore();
        assert.equal(await store.put({ key: 'pods/web', intent: 'i', expected: 7 }), 'Conflict');
        assert.equal(await store.get('pods/web'), undefined);
      });

      it('leaves the part that it does not name', async () => {
        const store = await openStore();
        const created = await put(store, 'pods/web', { intent: 'spec' });
        const seen = await put(store, 'pods/web', { observation: 'status', expected: created.revision });
        assert.deepEqual([seen.intent, seen.observation], ['spec', 'status']);
        const changed = await put(store, 'pods/web', { intent: 'spec 2', expected: seen.revision });
        assert.deepEqual([changed.intent, changed.observation], ['spec 2', 'status']);
        assert.equal(changed.createRevision, created.revision);
        assert.deepEqual(await store.get('pods/web'), changed);
      });

      it('holds an entry of an observation alone, and adds an intent to it', async () => {
        const store = await openStore();
        const seen = await put(store, 'events/e1', { observation: 'seen' });
        assert.deepEqual([seen.intent, seen.observation], [undefined, 'seen']);
        const meant = await put(store, 'events/e1', { intent: 'meant', expected: seen.revision });
        assert.deepEqual([meant.intent, meant.observation], ['meant', 'seen']);
        assert.equal(meant.createRevision, seen.revision);
        assert.deepEqual(await store.get('events/e1'), meant);
      });

      it('refuses a put of nothing as a fault of the caller, and harms no other write by it', async () => {
        const store = await openStore();
        const nothing = store.put({ key: 'pods/none', expected: 0 });
        const other = store.put({ key: 'pods/web', intent: 'i', expected: 0 });
        await assert.rejects(nothing, (error) => isStatusError(error, 'InternalError'));
        assert.notEqual(await other, 'Conflict');
      });

      it('lets exactly one of several writers win who started from the same revision', async () => {
        const store = await openStore();
        const { revision } = await put(store, 'pods/web', { intent: '0' });
        const results = await Promise.all(
          ['a', 'b', 'c'].map((intent) => store.put({ key: 'pods/web', intent, expected: revision })),
        );
        assert.equal(results.filter((result) => result === 'Conflict').length, 2);
      });

      it('keeps any text, long or in any script', async () => {
        const store = await openStore();
        const text = JSON.stringify({ text: `${'x'.repeat(300_000)} ä 漢 🚀 ' " \\ %` });
        await put(store, "pods/ä/漢/🚀'", { intent: text, observation: text });
        const entry = await store.get("pods/ä/漢/🚀'");
        assert.equal(entry?.intent, text);
        assert.equal(entry?.observation, text);
      });
    });

    describe('delete', () => {
      it('removes both parts and gives what it removed', async () => {
        const store = await openStore();
        const entry = await put(store, 'pods/web', { intent: 'i', observation: 'o', keep: true });
        assert.deepEqual(await store.delete('pods/web', entry.revision), entry);
        assert.equal(await store.get('pods/web'), undefined);
        assert.equal(store.revision(), entry.revision + 1);
        const again = await put(store, 'pods/web', { intent: 'new' });
        assert.equal(again.observation, undefined);
        assert.equal(again.createRevision, entry.revision + 2);
      });

      it('refuses an old revision and takes no revision for it', async () => {
        const store = await openStore();
        const first = await put(store, 'pods/web', { intent: '1' });
        const second = await put(store, 'pods/web', { intent: '2', expected: first.revision });
        assert.equal(await store.delete('pods/web', first.revision), 'Conflict');
        assert.deepEqual(await store.get('pods/web'), second);
        assert.equal(store.revision(), second.revision);
      });

      it('gives undefined for a key that does not exist', async () => {
        const store = await openStore();
        assert.equal(await store.delete('pods/web', 1), undefined);
      });

      it('works on a key created in the same moment', async () => {
        const store = await openStore();
        const revision = store.revision() + 1;
        const [created, removed, created2] = await Promise.all([
          store.put({ key: 'a', intent: '1', observation: 'o', expected: 0 }),
          store.delete('a', revision),
          store.put({ key: 'a', intent: '2', expected: 0 }),
        ]);
        assert.deepEqual(removed, created);
        assert.deepEqual(await store.get('a'), created2);
        assert.equal((await store.get('a'))?.observation, undefined);
      });
    });

    describe('list', () => {
      it('gives the keys with the prefix in the order of their bytes', async () => {
        const store = await openStore();
        // UTF-16 order would put U+1F680 (a surrogate pair) before U+FF21.
        const keys = ['p/a', 'p/a-b', 'p/a/b', 'p/b', 'p/Ａ', 'p/🚀'];
        for (const key of [...keys].reverse()) await put(store, key, { intent: key });
        await put(store, 'p', { intent: 'shorter than the prefix' });
        await put(store, 'p0', { intent: 'beside' });
        await put(store, 'o/z', { intent: 'before' });
        const page = await store.list('p/');
        assert.deepEqual(
          page.entries.map((entry) => entry.key),
          ['p/a', 'p/a-b', 'p/a/b', 'p/b', 'p/Ａ', 'p/🚀'],
        );
        assert.deepEqual([page.more, page.remaining, page.revision], [false, 0, store.revision()]);
      });

      it('finds entries of either part and each once', async () => {
        const store = await openStore();
        await put(store, 'p/1', { intent: 'i' });
        await put(store, 'p/2', { observation: 'o' });
        await put(store, 'p/3', { intent: 'i', observation: 'o' });
        const { entries } = await store.list('p/');
        assert.deepEqual(
          entries.map(({ key, intent, observation }) => [key, intent, observation]),
          [
            ['p/1', 'i', undefined],
            ['p/2', undefined, 'o'],
            ['p/3', 'i', 'o'],
          ],
        );
        for (const entry of entries) assert.deepEqual(await store.get(entry.key), entry);
      });

      it('gives pages that join to the whole and count what remains', async () => {
        const store = await openStore();
        for (const name of ['a', 'b', 'c', 'd', 'e']) await put(store, `p/${name}`, { intent: name });
        await put(store, 'q/a', { intent: 'other' });
        const first = await store.list('p/', { limit: 2 });
        assert.deepEqual([keysOf(first.entries), first.more, first.remaining], [['p/a', 'p/b'], true, 3]);
        const second = await store.list('p/', { limit: 2, after: 'p/b' });
        assert.deepEqual([keysOf(second.entries), second.more, second.remaining], [['p/c', 'p/d'], true, 1]);
        const third = await store.list('p/', { limit: 2, after: 'p/d' });
        assert.deepEqual([keysOf(third.entries), third.more, third.remaining], [['p/e'], false, 0]);
        const exact = await store.list('p/', { limit: 5 });
        assert.deepEqual([exact.entries.length, exact.more, exact.remaining], [5, false, 0]);
      });

      it('goes on after a key that is gone', async () => {
        const store = await openStore();
        for (const name of ['a', 'c']) await put(store, `p/${name}`, { intent: name });
        assert.deepEqual(keysOf((await store.list('p/', { after: 'p/b' })).entries), ['p/c']);
      });

      it('gives an empty page when nothing has the prefix', async () => {
        const store = await openStore();
        const page = await store.list('nothing/', { limit: 10 });
        assert.deepEqual(page, { entries: [], revision: store.revision(), more: false, remaining: 0 });
      });
    });

    describe('list of an earlier revision', () => {
      it('gives what was there then, in pages of any size, whatever was written, deleted or made anew since', async () => {
        const store = await openStore();
        await put(store, 'o/x', { intent: 'other' });
        for (const name of ['a', 'c', 'e', 'g']) await put(store, `p/${name}`, { intent: name, observation: 'o' });
        const snapshots = [await store.list('p/')];
        const step = async (work: Promise<unknown>): Promise<void> => {
          await work;
          snapshots.push(await store.list('p/'));
        };
        const revisionOf = async (key: string): Promise<number> => (await store.get(key))?.revision ?? 0;
        await step(put(store, 'p/b', { intent: 'new' }));
        await step(put(store, 'p/c', { observation: 'seen', expected: await revisionOf('p/c') }));
        await step(store.delete('p/a', await revisionOf('p/a')));
        await step(put(store, 'p/a', { intent: 'anew' }));
        await step(store.delete('p/g', await revisionOf('p/g')));
        await step(put(store, 'q/y', { intent: 'other' }));
        await step(store.delete('p/b', await revisionOf('p/b')));
        await step(put(store, 'p/h', { intent: 'last' }));
        for (const { entries, revision } of snapshots) {
          for (const limit of [1, 2, 3, 10]) {
            const found: Entry[] = [];
            for (let after: string | undefined; ; ) {
              const page = await store.list('p/', { at: revision, limit, ...(after === undefined ? {} : { after }) });
              found.push(...page.entries);
              const remaining = entries.length - found.length;
              assert.deepEqual([page.revision, page.remaining, page.more], [revision, remaining, remaining > 0]);
              after = page.entries.at(-1)?.key;
              if (!page.more) break;
            }
            assert.deepEqual(found, entries, `at ${revision} in pages of ${limit}`);
          }
        }
      });

      it('is Expired once its history is gone, and for a revision of the future', async () => {
        const store = await openStore();
        const first = await put(store, 'p/a', { intent: '1' });
        for (let i = 0; i < 200; i++) await put(store, `q/${i}`, { intent: 'i' });
        await nextMacrotask();
        for (const at of [first.revision, store.revision() + 1]) {
          await assert.rejects(store.list('p/', { at }), (error) => isStatusError(error, 'Expired'));
        }
        assert.deepEqual(keysOf((await store.list('p/', { at: store.revision() })).entries), ['p/a']);
      });
    });

    describe('watch', () => {
      it('delivers every change after its revision, in order, once, with what was before', async () => {
        const store = await openStore();
        const first = await put(store, 'p/a', { intent: '1' });
        const second = await put(store, 'p/a', { intent: '2', expected: first.revision });
        const { next } = startWatch(store, 'p/', first.revision);
        assert.deepEqual(await next(), changed(second, first));
        const third = await put(store, 'p/a', { observation: 'o', expected: second.revision });
        await store.delete('p/a', third.revision);
        assert.deepEqual(await next(), changed(third, second));
        assert.deepEqual(await next(), removed(third, third.revision + 1));
      });

      it('sees only keys with its prefix', async () => {
        const store = await openStore();
        const { next } = startWatch(store, 'p/', store.revision());
        await put(store, 'o/a', { intent: 'other' });
        const wanted = await put(store, 'p/a', { intent: 'wanted' });
        assert.deepEqual(await next(), changed(wanted, undefined));
      });

      it('starts at the revision of a list without gap or repetition', async () => {
        const store = await openStore();
        await put(store, 'p/a', { intent: '1' });
        const { revision } = await store.list('p/');
        const { next } = startWatch(store, 'p/', revision);
        const later = await put(store, 'p/b', { intent: '2' });
        assert.deepEqual(await next(), changed(later, undefined));
      });

      it('delivers nothing of a refused write', async () => {
        const store = await openStore();
        const { next } = startWatch(store, '', store.revision());
        const [entry] = await Promise.all([
          put(store, 'p/a', { intent: '1' }),
          store.put({ key: 'p/b', intent: '2', expected: 99 }),
          store.delete('p/c', 1),
        ]);
        const after = await put(store, 'p/d', { intent: '3' });
        assert.deepEqual(await next(), changed(entry, undefined));
        assert.deepEqual(await next(), changed(after, undefined));
      });

      it('ends when it is aborted, waiting or not, and when it was aborted before', async () => {
        const store = await openStore();
        const waiting = startWatch(store, 'p/', store.revision());
        const end = waiting.next();
        waiting.abort.abort();
        assert.equal((await end).done, true);

        const before = store.watch('p/', store.revision(), AbortSignal.abort())[Symbol.asyncIterator]();
        assert.equal((await before.next()).done, true);
      });

      it('ends when the store is closed', async () => {
        const store = await openStore();
        const { next } = startWatch(store, 'p/', store.revision());
        const end = next();
        await store.close();
        assert.equal((await end).done, true);
      });

      it('answers Expired for a revision of the future', async () => {
        const store = await openStore();
        const { next } = startWatch(store, 'p/', store.revision() + 1);
        await assert.rejects(next(), (error) => isStatusError(error, 'Expired'));
      });

      it('answers Expired for a revision from before the store was opened', async () => {
        const store = await openStore();
        const { next } = startWatch(store, 'p/', store.revision() - 1);
        await assert.rejects(next(), (error) => isStatusError(error, 'Expired'));
      });

      it('answers Expired to a reader that is too slow, and serves one that keeps up', async () => {
        const store = await openStore();
        const start = store.revision();
        const slow = startWatch(store, 'p/', start);
        const quick = startWatch(store, 'p/', start);
        for (let i = 0; i < 200; i++) {
          const entry = await put(store, `p/${i}`, { intent: String(i) });
          assert.deepEqual(await quick.next(), changed(entry, undefined));
        }
        await nextMacrotask();
        await assert.rejects(slow.next(), (error) => isStatusError(error, 'Expired'));
      });

      it('bounds its history in bytes too, but always has the last change', async () => {
        const store = await openStore();
        const start = store.revision();
        const old = startWatch(store, 'p/', start);
        for (let i = 0; i < 3; i++) await put(store, `p/${i}`, { observation: 'x'.repeat(100_000) });
        await nextMacrotask();
        await assert.rejects(old.next(), (error) => isStatusError(error, 'Expired'));
        const { next } = startWatch(store, 'p/', store.revision() - 1);
        assert.equal((await next()).value.entry.key, 'p/2');
      });

      it('delivers a burst larger than its history to a reader that waits', async () => {
        const store = await openStore();
        const { next } = startWatch(store, 'p/', store.revision());
        const first = next();
        const writes = Array.from({ length: 200 }, (_, i) => put(store, `p/${i}`, { intent: 'i' }));
        assert.equal((await first).value.entry.key, 'p/0');
        for (let i = 1; i < 200; i++) assert.equal((await next()).value.entry.key, `p/${i}`);
        await Promise.all(writes);
      });

      it('serves many watches in the same order', async () => {
        const store = await openStore();
        const watches = Array.from({ length: 64 }, () => startWatch(store, '', store.revision()));
        await Promise.all(['c', 'a', 'b'].map((key) => put(store, key, { intent: key })));
        for (const { next } of watches) {
          const keys = [await next(), await next(), await next()].map(({ value }) => value.entry.key);
          assert.deepEqual(keys, ['c', 'a', 'b']);
        }
      });
    });

    it('gives each write the next revision', async () => {
      const store = await openStore();
      const start = store.revision();
      const entries = await Promise.all(['a', 'b', 'c'].map((key) => put(store, key, { intent: key })));
      assert.deepEqual(
        entries.map((entry) => entry.revision - start),
        [1, 2, 3],
      );
      await store.flush();
      assert.equal(store.revision(), start + 3);
    });

    it('can be closed twice', async () => {
      const store = await openStore();
      await put(store, 'a', { intent: 'i' });
      await store.close();
      await store.close();
    });
  });
}

type Parts = { intent?: string; observation?: string; keep?: boolean; expected?: number };

/** Puts and insists on success. */
async function put(store: Store, key: string, parts: Parts): Promise<Entry> {
  const entry = await store.put({ key, expected: 0, ...parts });
  if (entry === 'Conflict') throw new assert.AssertionError({ message: `unexpected conflict on ${key}` });
  return entry;
}

function changed(entry: Entry, previous: Entry | undefined): IteratorResult<Change> {
  return { done: false, value: { type: 'put', entry, previous, revision: entry.revision } };
}

function removed(previous: Entry, revision: number): IteratorResult<Change> {
  return { done: false, value: { type: 'delete', previous, revision } };
}

function keysOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => entry.key);
}

/** A history may shorten itself only after those who keep up have read. */
function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
