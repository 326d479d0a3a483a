import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { giveBackStartMemory } from './start-memory.ts';

describe('the memory of a start', () => {
  it('is given back once, when the start is over', async () => {
    const clock = new FakeClock();
    const collections: unknown[] = [];
    const collect = (options: unknown): void => void collections.push(options);
    const done = giveBackStartMemory({ clock, collect }, new AbortController().signal);
    await clock.advance(4_999);
    assert.deepEqual(collections, []);
    await clock.advance(1);
    await done;
    assert.deepEqual(collections, [{ type: 'major', execution: 'sync', flavor: 'last-resort' }]);
  });

  it('is left alone by a process that is told to stop first', async () => {
    const stopping = new AbortController();
    const collect = (): void => assert.fail('collected');
    const done = giveBackStartMemory({ clock: new FakeClock(), collect }, stopping.signal);
    stopping.abort();
    await done;
  });

  it('is left alone where Node offers no collection', async () => {
    await giveBackStartMemory({ clock: new FakeClock(), collect: undefined }, new AbortController().signal);
  });
});
