import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { settle } from '../testing/settle.ts';
import { DueQueue } from './due-queue.ts';

describe('a due queue', () => {
  const open = (): { clock: FakeClock; calls: string[]; queue: DueQueue<string>; stop: () => Promise<void> } => {
    const clock = new FakeClock();
    const calls: string[] = [];
    const queue = new DueQueue<string>(clock, (key) => calls.push(key));
    const stopping = new AbortController();
    const running = queue.run(stopping.signal);
    return {
      clock,
      calls,
      queue,
      stop: () => {
        stopping.abort();
        return running;
      },
    };
  };

  it('calls back in the order of the times, once each', async () => {
    const { clock, calls, queue, stop } = open();
    queue.set('late', 300);
    queue.set('early', 100);
    queue.set('moved', 50);
    queue.set('moved', 200);
    queue.set('dropped', 10);
    queue.delete('dropped');
    await settle();
    clock.advance(250);
    await settle();
    assert.deepEqual(calls, ['early', 'moved']);
    clock.advance(1_000);
    await settle();
    assert.deepEqual(calls, ['early', 'moved', 'late']);
    await stop();
  });

  it('holds one timer, and none while nothing is due', async () => {
    const { clock, queue, stop } = open();
    await settle();
    assert.equal(clock.sleeping, 0);
    for (let index = 0; index < 100; index++) queue.set(`k${index}`, 1_000 + index);
    await settle();
    assert.equal(clock.sleeping, 1);
    await stop();
    assert.equal(clock.sleeping, 0);
  });
});
