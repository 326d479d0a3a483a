import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { KeptPositions } from './kept-positions.ts';
import type { LogPosition } from './log-position.ts';

const at = (offset: number): LogPosition => ({ run: '/logs/0.log', inode: 1, offset, skip: 0, isMidLine: false });

describe('kept positions', () => {
  /** What is kept of one pipe that moves as the test says. */
  const open = async (file?: string) => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const written: string[] = [];
    const pipes = new Map<string, LogPosition>();
    let failure: Error | undefined;
    const kept = new KeptPositions({
      clock,
      log: silentLogger,
      read: async () => (file === undefined ? undefined : Buffer.from(file)),
      write: async (text) => {
        if (failure) throw failure;
        written.push(text);
      },
      collect: async () => pipes,
    });
    await kept.load();
    const ended = kept.run(stop.signal);
    const pass = async (ms: number): Promise<void> => {
      await settle();
      clock.advance(ms);
      await settle();
    };
    const move = (offset: number): void => {
      pipes.set('a', at(offset));
      kept.changed();
    };
    const end = async (): Promise<void> => {
      stop.abort();
      await ended;
    };
    return { clock, kept, written, pipes, pass, move, end, fail: (error?: Error) => (failure = error) };
  };

  it('are written at most once a minute, however often something moves', async () => {
    const { written, pass, move, end } = await open();
    for (let second = 0; second < 180; second += 1) {
      move(second);
      await pass(1_000);
    }
    assert.equal(written.length, 3);
    await end();
  });

  it('are not written when nothing moved, not even a timer runs', async () => {
    const { clock, written, pass, move, end } = await open();
    move(1);
    await pass(60_000);
    move(1);
    await pass(60_000);
    assert.equal(written.length, 1);
    await pass(10 * 86_400_000);
    assert.deepEqual([written.length, clock.sleeping], [1, 1]);
    await end();
    assert.equal(written.length, 1);
  });

  it('are written once more when the device stops', async () => {
    const { written, move, end } = await open();
    move(5);
    await end();
    assert.deepEqual(
      written.map((text) => JSON.parse(text)),
      [{ a: at(5) }],
    );
  });

  it('are there again after a start, and in a damaged file are none', async () => {
    assert.deepEqual((await open(JSON.stringify({ a: at(7) }))).kept.get('a'), at(7));
    assert.equal((await open('{"a":')).kept.get('a'), undefined);
  });

  it('are tried again a minute later when the disk is full', async () => {
    const { written, pass, move, fail, end } = await open();
    fail(new Error('ENOSPC'));
    move(1);
    await pass(60_000);
    fail();
    await pass(60_000);
    assert.equal(written.length, 1);
    await end();
  });

  it('forget pipes that are gone', async () => {
    const { kept, written, pipes, pass, move, end } = await open();
    move(1);
    await pass(60_000);
    pipes.clear();
    kept.changed();
    await pass(60_000);
    assert.equal(written.at(-1), '{}');
    await end();
  });
});
