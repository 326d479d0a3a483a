import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExecStarts } from './exec-starts.ts';

const { signal } = new AbortController();

/** Lets everything that can go on, go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('exec starts', () => {
  it('are at most as many at once in a sandbox as allowed; the others wait their turn', async () => {
    const starts = new ExecStarts(2);
    const leaveFirst = await starts.enter('a', signal);
    await starts.enter('a', signal);
    const order: string[] = [];
    const third = starts.enter('a', signal);
    third.then(() => order.push('third'));
    starts.enter('a', signal).then(() => order.push('fourth'));
    await settle();
    assert.deepEqual(order, []);
    leaveFirst();
    await settle();
    assert.deepEqual(order, ['third']);
    (await third)();
    await settle();
    assert.deepEqual(order, ['third', 'fourth']);
  });

  it('of one sandbox do not hold up another', async () => {
    const starts = new ExecStarts(1);
    await starts.enter('a', signal);
    await starts.enter('b', signal);
  });

  it('give a place back once, however often they leave', async () => {
    const starts = new ExecStarts(1);
    const leave = await starts.enter('a', signal);
    leave();
    const leaveAgain = await starts.enter('a', signal);
    leave();
    let entered = false;
    starts.enter('a', signal).then(() => {
      entered = true;
    });
    await settle();
    assert.equal(entered, false);
    leaveAgain();
    await settle();
    assert.equal(entered, true);
  });

  it('that give up waiting lose their turn, not the place', async () => {
    const starts = new ExecStarts(1);
    const leave = await starts.enter('a', signal);
    const gone = new AbortController();
    const waiting = starts.enter('a', gone.signal);
    const reason = new Error('the client has gone');
    gone.abort(reason);
    await assert.rejects(waiting, reason);
    leave();
    (await starts.enter('a', signal))();
    assert.equal(starts.size, 0, 'nothing is kept of a sandbox without starts');
  });
});
