import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChangeFeed, type SyncChange } from './change-feed.ts';

const change = (path: string, direction: SyncChange['direction'] = 'toDevice'): SyncChange => ({
  paths: [path],
  direction,
  conflicts: [],
});

describe('a feed of changes', () => {
  it('tells a slow reader at once what he has not heard of, and then that it is over', async () => {
    const feed = new ChangeFeed();
    feed.push(change('a'));
    feed.push(change('b', 'toLaptop'));
    feed.push(change('a'));
    const reader = feed[Symbol.asyncIterator]();
    assert.deepEqual((await reader.next()).value, { paths: ['a', 'b'], direction: 'both', conflicts: [] });
    const next = reader.next();
    feed.push(change('c'));
    assert.deepEqual((await next).value, change('c'));
    feed.push(change('d'));
    feed.end(new Error('the pod is gone'));
    assert.deepEqual((await reader.next()).value, change('d'));
    await assert.rejects(reader.next(), /the pod is gone/);
  });
});
