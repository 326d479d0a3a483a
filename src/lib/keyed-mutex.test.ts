import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../testing/settle.ts';
import { KeyedMutex } from './keyed-mutex.ts';

const signal = new AbortController().signal;

describe('a mutex by key', () => {
  it('runs tasks of one key one after the other, and of different keys together', async () => {
    const mutex = new KeyedMutex();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const begin = async (): Promise<void> => {
      log.push('a1');
      await gate.promise;
    };
    const first = mutex.run('a', begin, signal);
    const second = mutex.run('a', async () => void log.push('a2'), signal);
    await mutex.run('b', async () => void log.push('b'), signal);
    assert.deepEqual(log, ['a1', 'b']);
    gate.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(log, ['a1', 'b', 'a2']);
  });

  it('goes on after a task that failed, and forgets keys that nobody uses', async () => {
    const mutex = new KeyedMutex();
    await assert.rejects(
      mutex.run('a', () => Promise.reject(new Error('broken')), signal),
      /broken/,
    );
    assert.equal(await mutex.run('a', async () => 7, signal), 7);
    await settle();
    assert.equal(mutex.isBusy('a'), false);
  });

  it('lets nobody in early when one that waits gives up', async () => {
    const mutex = new KeyedMutex();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = mutex.run('a', () => gate.promise, signal);
    const abort = new AbortController();
    const second = mutex.run('a', async () => void log.push('second'), abort.signal);
    const third = mutex.run('a', async () => void log.push('third'), signal);
    abort.abort(new Error('gone'));
    await assert.rejects(second, /gone/);
    await settle();
    assert.deepEqual(log, []);
    gate.resolve();
    await Promise.all([first, third]);
    assert.deepEqual(log, ['third']);
  });
});
