import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { settle } from '../testing/settle.ts';
import { limited } from './limited.ts';

const hangs = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

describe('work with a limit', () => {
  const { signal } = new AbortController();

  it('gives what it gives in time, and leaves no timer', async () => {
    const clock = new FakeClock();
    assert.deepEqual(await limited(clock, 50, signal, async () => 'done'), { kind: 'Done', value: 'done' });
    assert.equal(clock.sleeping, 0);
  });

  it('is told to stop when time is up', async () => {
    const clock = new FakeClock();
    const working = limited(clock, 50, signal, hangs);
    clock.advance(49);
    await settle();
    assert.equal(clock.sleeping, 1);
    clock.advance(1);
    assert.deepEqual(await working, { kind: 'TimedOut' });
  });

  it('rejects with its own failure, or with the reason of whoever gives it up', async () => {
    const clock = new FakeClock();
    const fails = limited(clock, 50, signal, () => Promise.reject(new Error('no answer')));
    await assert.rejects(fails, /no answer/);
    const stop = new AbortController();
    const working = limited(clock, 50, stop.signal, hangs);
    stop.abort(new Error('given up'));
    await assert.rejects(working, /given up/);
    assert.equal(clock.sleeping, 0);
  });
});
