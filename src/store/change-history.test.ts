/** What the suites of the stores do not see: memory. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../testing/settle.ts';
import { ChangeHistory } from './change-history.ts';
import type { Change, Entry } from './store.ts';

function entry(key: string, revision: number, parts: Partial<Entry> = {}): Entry {
  return {
    key,
    intent: undefined,
    observation: undefined,
    observationIsFromEarlierBoot: false,
    createRevision: 1,
    revision,
    ...parts,
  };
}

const put = (next: Entry, previous?: Entry): Change => ({
  type: 'put',
  entry: next,
  previous,
  revision: next.revision,
});

async function isKept(history: ChangeHistory, revision: number): Promise<boolean> {
  const stop = new AbortController();
  const changes = history.watch('', revision - 1, stop.signal)[Symbol.asyncIterator]();
  try {
    return (await changes.next()).value?.revision === revision;
  } catch {
    return false;
  } finally {
    stop.abort();
  }
}

describe('ChangeHistory', () => {
  it('counts a text once that many versions share', async () => {
    const history = new ChangeHistory(0, { maxChanges: 100, maxBytes: 20_000 });
    const intent = 'x'.repeat(10_000);
    let previous: Entry | undefined;
    for (let revision = 1; revision <= 20; revision++) {
      const next = entry('a', revision, { intent, observation: String(revision) });
      history.publish([put(next, previous)]);
      previous = next;
    }
    await settle(2);
    assert.equal(await isKept(history, 1), true);
  });

  it('forgets the oldest first, and always has the newest', async () => {
    const history = new ChangeHistory(0, { maxChanges: 3, maxBytes: 1_000 });
    for (let revision = 1; revision <= 5; revision++) history.publish([put(entry(`k${revision}`, revision))]);
    await settle(2);
    assert.deepEqual([await isKept(history, 2), await isKept(history, 3)], [false, true]);
    history.publish([put(entry('large', 6, { intent: 'x'.repeat(5_000) }))]);
    await settle(2);
    assert.deepEqual([await isKept(history, 5), await isKept(history, 6)], [false, true]);
  });

  it('knows the last state of a key while its last change is kept, and no longer', async () => {
    const history = new ChangeHistory(0, { maxChanges: 2, maxBytes: 100_000 });
    const first = entry('a', 1);
    history.publish([put(first)]);
    assert.equal(history.latest('a'), first);
    history.publish([{ type: 'delete', previous: first, revision: 2 }]);
    assert.equal(history.latest('a'), undefined);
    assert.equal(history.latest('b'), 'unknown');
    history.publish([put(entry('b', 3)), put(entry('c', 4))]);
    await settle(2);
    assert.equal(history.latest('a'), 'unknown');
  });

  it('remembers no watch that has ended', async () => {
    const history = new ChangeHistory(0);
    const stop = new AbortController();
    const ends = Array.from({ length: 10 }, () => history.watch('', 0, stop.signal)[Symbol.asyncIterator]().next());
    await settle(2);
    assert.equal(history.waiting, 10);
    stop.abort();
    await Promise.all(ends);
    assert.equal(history.waiting, 0);
  });
});
