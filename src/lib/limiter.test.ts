import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../testing/settle.ts';
import { Limiter } from './limiter.ts';

const signal = new AbortController().signal;

describe('a limiter', () => {
  it('runs no more than its limit at once, in the order of asking', async () => {
    const limiter = new Limiter(2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const tasks = [0, 1, 2, 3].map((number) =>
      limiter.run(() => {
        started.push(number);
        return new Promise<number>((resolve) => ends.push(() => resolve(number)));
      }, signal),
    );
    await settle();
    assert.deepEqual(started, [0, 1]);
    ends[1]?.();
    await settle();
    assert.deepEqual(started, [0, 1, 2]);
    ends[0]?.();
    ends[2]?.();
    await settle();
    ends[3]?.();
    assert.deepEqual(await Promise.all(tasks), [0, 1, 2, 3]);
  });

  it('goes on after a task that failed', async () => {
    const limiter = new Limiter(1);
    await assert.rejects(
      limiter.run(() => Promise.reject(new Error('no')), signal),
      /no/,
    );
    assert.equal(await limiter.run(async () => 'yes', signal), 'yes');
  });

  it('lets go of who stops waiting', async () => {
    const limiter = new Limiter(1);
    const held = Promise.withResolvers<void>();
    const first = limiter.run(() => held.promise, signal);
    const abort = new AbortController();
    const second = limiter.run(async () => 'second', abort.signal);
    const third = limiter.run(async () => 'third', signal);
    abort.abort(new Error('gone'));
    await assert.rejects(second, /gone/);
    held.resolve();
    await first;
    assert.equal(await third, 'third');
  });
});
