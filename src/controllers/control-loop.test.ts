import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../lib/logger.ts';
import { untilAborted } from '../lib/until-aborted.ts';
import { WorkQueue } from '../lib/work-queue.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { settle } from '../testing/settle.ts';
import { follow, runControlLoop } from './control-loop.ts';
import type { ObjectChange, ObjectSource } from './object-source.ts';

/** A source of names that is filled by the test. */
class Names implements ObjectSource<string> {
  readonly known = new Set<string>();
  readonly listeners = new Set<(change: ObjectChange<string>) => void>();
  readonly #synced = Promise.withResolvers<void>();

  get({ name }: { readonly name: string }): string | undefined {
    return this.known.has(name) ? name : undefined;
  }

  list(): readonly string[] {
    return [...this.known];
  }

  onChange(listener: (change: ObjectChange<string>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  whenSynced(signal: AbortSignal): Promise<void> {
    return untilAborted(this.#synced.promise, signal);
  }

  sync(...names: readonly string[]): void {
    for (const name of names) this.known.add(name);
    this.#synced.resolve();
  }

  emit(type: ObjectChange<string>['type'], object: string): void {
    for (const listener of this.listeners) listener({ type, object });
  }
}

describe('a control loop', () => {
  let looked: string[];
  let queue: WorkQueue;
  let stop: AbortController;

  beforeEach(() => {
    looked = [];
    stop = new AbortController();
    queue = new WorkQueue({
      clock: new FakeClock(),
      log: silentLogger,
      process: async (key) => {
        looked.push(key);
        return undefined;
      },
    });
  });

  it('looks at nothing before every source knows what there is, and then at all that is there', async () => {
    const [fast, slow] = [new Names(), new Names()];
    const add = ({ object }: ObjectChange<string>): void => queue.add(object);
    const running = runControlLoop(queue, [follow(fast, add), follow(slow, add)], stop.signal);
    fast.sync('a', 'b');
    await settle();
    assert.deepEqual(looked, []);
    slow.sync('c');
    await settle();
    assert.deepEqual(looked, ['a', 'b', 'c']);
    stop.abort();
    await running;
  });

  it('looks when something changes', async () => {
    const names = new Names();
    names.sync('a');
    const onChange = ({ type, object }: ObjectChange<string>): void => queue.add(`${type} ${object}`);
    const running = runControlLoop(queue, [follow(names, onChange)], stop.signal);
    await settle();
    names.emit('modified', 'a');
    names.emit('deleted', 'a');
    await settle();
    assert.deepEqual(looked, ['added a', 'modified a', 'deleted a']);
    stop.abort();
    await running;
  });

  it('takes other things that say when to look, which know all from the first', async () => {
    let ended = 0;
    const following = {
      start: () => {
        queue.add('a');
        return () => {
          ended += 1;
        };
      },
    };
    const running = runControlLoop(queue, [following], stop.signal);
    await settle();
    assert.deepEqual(looked, ['a']);
    stop.abort();
    await running;
    assert.equal(ended, 1);
  });

  it('leaves no listener behind, stopped at work or while it waits', async () => {
    const [there, never] = [new Names(), new Names()];
    there.sync();
    const working = runControlLoop(queue, [follow(there, () => {})], stop.signal);
    const waiting = runControlLoop(queue, [follow(there, () => {}), follow(never, () => {})], stop.signal);
    await settle();
    assert.equal(there.listeners.size, 1);
    stop.abort();
    await Promise.all([working, waiting]);
    assert.equal(there.listeners.size + never.listeners.size, 0);
  });

  it('fails with a source that fails', async () => {
    const broken = { whenSynced: () => Promise.reject(new Error('broken')), start: () => () => {} };
    await assert.rejects(runControlLoop(queue, [broken], stop.signal), /broken/);
  });
});
