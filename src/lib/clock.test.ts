import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSystemClock } from './clock.ts';

describe('the system clock', () => {
  const clock = createSystemClock();

  it('sleeps longer than one of Node’s timers can hold, instead of not at all', async () => {
    const over = new AbortController();
    const month = clock.sleep(31 * 24 * 3_600_000, over.signal).then(
      () => 'month',
      () => 'aborted',
    );
    const first = await Promise.race([month, clock.sleep(20).then(() => 'moment')]);
    over.abort();
    assert.equal(first, 'moment');
    assert.equal(await month, 'aborted');
  });

  it('rejects with the reason of the abort', async () => {
    const reason = new Error('enough');
    const over = new AbortController();
    const sleep = clock.sleep(60_000, over.signal);
    over.abort(reason);
    await assert.rejects(sleep, reason);
  });
});
