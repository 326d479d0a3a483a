import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { untilAborted } from './until-aborted.ts';

describe('waiting until a signal aborts', () => {
  it('gives what the promise gives, and leaves no listener', async () => {
    const { signal } = new AbortController();
    assert.equal(await untilAborted(Promise.resolve(1), signal), 1);
    await assert.rejects(untilAborted(Promise.reject(new Error('its own')), signal), { message: 'its own' });
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('ends with the reason, before or while it waits', async () => {
    const stopping = new AbortController();
    const waiting = untilAborted(new Promise(() => {}), stopping.signal);
    stopping.abort(new Error('enough'));
    await assert.rejects(waiting, { message: 'enough' });
    await assert.rejects(untilAborted(Promise.resolve(1), stopping.signal), { message: 'enough' });
  });

  it('takes a failure that comes too late', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    await assert.rejects(untilAborted(promise, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
    reject(new Error('nobody listens'));
    await nextTurn();
  });
});
