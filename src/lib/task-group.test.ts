import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TaskGroup } from './task-group.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a task group', () => {
  it('waits for every task, also for those started later', async () => {
    const group = new TaskGroup();
    const ended: string[] = [];
    group.start(async () => {
      await Promise.resolve();
      group.start(async () => {
        ended.push('second');
      });
      ended.push('first');
    });
    await group.join();
    assert.deepEqual(ended, ['second', 'first']);
  });

  it('ends every task when one fails, and throws that failure', async () => {
    const group = new TaskGroup();
    let aborted = false;
    group.start(async (signal) => {
      await untilAborted(signal).catch(() => {
        aborted = true;
      });
    });
    group.start(async () => {
      throw new Error('broken');
    });
    await assert.rejects(group.join(), /broken/);
    assert.equal(aborted, true);
  });

  it('ends quietly when it is stopped', async () => {
    const group = new TaskGroup();
    group.start(untilAborted);
    group.stop();
    await group.join();
  });
});
