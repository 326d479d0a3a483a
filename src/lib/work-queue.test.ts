import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { settle, until } from '../testing/settle.ts';
import { type LogFields, silentLogger } from './logger.ts';
import { type ProcessResult, WorkQueue, type WorkQueueDeps } from './work-queue.ts';

describe('WorkQueue', () => {
  let clock: FakeClock;
  let stop: AbortController;
  /** Keys in the order in which work on them began. */
  let begun: string[];
  let running: Promise<void>;

  beforeEach(() => {
    clock = new FakeClock();
    stop = new AbortController();
    begun = [];
    running = Promise.resolve();
  });

  afterEach(async () => {
    stop.abort();
    await running;
    assert.equal(clock.sleeping, 0, 'no timer is left');
  });

  type Process = (key: string, signal: AbortSignal) => Promise<ProcessResult>;

  function start(process: Process, options: Partial<WorkQueueDeps> = {}): WorkQueue {
    const queue = new WorkQueue({
      clock,
      log: silentLogger,
      process: (key, signal) => {
        begun.push(key);
        return process(key, signal);
      },
      random: () => 0,
      ...options,
    });
    running = queue.run(stop.signal);
    return queue;
  }

  const done: Process = async () => undefined;

  it('processes keys in the order in which they came, each once', async () => {
    const queue = start(done);
    for (const key of ['first', 'a', 'b', 'a', 'c', 'b']) queue.add(key);
    await settle();
    assert.deepEqual(begun, ['first', 'a', 'b', 'c']);
    assert.equal(queue.size, 0);
  });

  it('processes what was added before it ran', async () => {
    const queue = new WorkQueue({
      clock,
      log: silentLogger,
      process: async (key) => void begun.push(key) as undefined,
    });
    queue.add('a');
    queue.addAfter('b', 100);
    await settle();
    assert.deepEqual(begun, []);
    running = queue.run(stop.signal);
    await settle();
    clock.advance(100);
    await settle();
    assert.deepEqual(begun, ['a', 'b']);
  });

  it('never works on one key twice at once, and looks again when it was added meanwhile', async () => {
    const finish: (() => void)[] = [];
    const queue = start(() => new Promise((resolve) => finish.push(() => resolve(undefined))), { parallelism: 5 });
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    await settle();
    assert.deepEqual(begun, ['a']);
    finish.shift()?.();
    await settle();
    assert.deepEqual(begun, ['a', 'a']);
    finish.shift()?.();
    await settle();
    assert.deepEqual(begun, ['a', 'a']);
  });

  it('works on as many keys at once as it may', async () => {
    const finish: (() => void)[] = [];
    const queue = start(() => new Promise((resolve) => finish.push(() => resolve(undefined))), { parallelism: 2 });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    assert.deepEqual(begun, ['a', 'b']);
    finish.shift()?.();
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'c']);
    for (const each of finish) each();
  });

  it('tries what failed again after a delay that doubles up to a bound', async () => {
    const queue = start(() => Promise.reject(new Error('no')), {
      baseDelayMs: 100,
      maxDelayMs: 350,
      random: () => 0.999,
    });
    queue.add('a');
    for (const delayMs of [100, 200, 350, 350]) {
      await until(() => clock.sleeping === 1);
      const before = begun.length;
      clock.advance(delayMs - 1);
      await settle();
      assert.equal(begun.length, before, `not before ${delayMs} ms`);
      clock.advance(1);
      await until(() => begun.length === before + 1);
    }
  });

  it('makes no noise about failures that pass by themselves, unless they go on', async () => {
    const said: string[] = [];
    const say =
      (level: string) =>
      (_message: string, fields: LogFields = {}): void =>
        void said.push(`${level} ${fields['failures']}`);
    const log = { ...silentLogger, warn: say('warn'), debug: say('debug') };
    const isPassing = (error: unknown): boolean => error === 'stale';
    const queue = start((key) => Promise.reject(key), { log, isPassing, baseDelayMs: 100 });
    queue.add('broken');
    queue.add('stale');
    for (let count = 2; count <= 12; count += 2) {
      await until(() => said.length === count && clock.sleeping === 2);
      clock.advance(60_000);
    }
    await until(() => said.length === 14);
    assert.deepEqual(
      said.filter((line) => line.startsWith('debug')),
      ['debug 1', 'debug 2', 'debug 3', 'debug 4'],
    );
    assert.equal(said.filter((line) => line === 'warn 5').length, 2);
  });

  it('spreads retries over half of the delay', async () => {
    const queue = start(() => Promise.reject(new Error('no')), { baseDelayMs: 1_000 });
    queue.add('a');
    await until(() => clock.sleeping === 1);
    clock.advance(500);
    await until(() => begun.length === 2);
  });

  it('starts with the first delay again after a success', async () => {
    let fails = true;
    const queue = start(
      async () => {
        if (fails) throw new Error('no');
        return undefined;
      },
      { baseDelayMs: 100, random: () => 0.999 },
    );
    queue.add('a');
    await until(() => clock.sleeping === 1);
    clock.advance(100);
    await until(() => clock.sleeping === 1 && begun.length === 2);
    fails = false;
    clock.advance(200);
    await until(() => begun.length === 3 && queue.size === 0);
    fails = true;
    queue.add('a');
    await until(() => clock.sleeping === 1);
    clock.advance(100);
    await until(() => begun.length === 5);
  });

  it('does not hold up other keys by one that fails', async () => {
    const queue = start(async (key) => {
      if (key === 'bad') throw new Error('no');
      return undefined;
    });
    queue.add('bad');
    queue.add('good');
    await settle();
    assert.deepEqual(begun, ['bad', 'good']);
  });

  it('looks again when the work asks for it, or earlier when somebody adds the key', async () => {
    const queue = start(async () => (begun.length < 3 ? { againAfterMs: 1_000 } : undefined));
    queue.add('a');
    await until(() => clock.sleeping === 1);
    clock.advance(1_000);
    await until(() => begun.length === 2 && clock.sleeping === 1);
    queue.add('a');
    await until(() => begun.length === 3);
    assert.equal(clock.sleeping, 0);
  });

  it('keeps the earliest of several times that were asked for', async () => {
    const queue = start(done);
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    assert.equal(clock.sleeping, 1);
    clock.advance(100);
    await until(() => begun.length === 1);
    clock.advance(10_000);
    await settle();
    assert.deepEqual(begun, ['a']);
  });

  it('forgets a key with its back-off', async () => {
    const queue = start(() => Promise.reject(new Error('no')));
    queue.add('a');
    await until(() => clock.sleeping === 1);
    queue.forget('a');
    assert.deepEqual([queue.size, clock.sleeping], [0, 0]);
  });

  it('stops when it is aborted, after the work that is under way', async () => {
    let finish = (): void => {};
    const queue = start(
      (_key, signal) =>
        new Promise((_resolve, reject) => {
          finish = () => reject(signal.reason);
        }),
    );
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 100);
    await settle();
    let hasStopped = false;
    void running.then(() => {
      hasStopped = true;
    });
    stop.abort();
    await settle();
    assert.equal(hasStopped, false);
    finish();
    await running;
    queue.add('d');
    queue.addAfter('e', 5);
    await settle();
    assert.deepEqual(begun, ['a']);
  });
});
