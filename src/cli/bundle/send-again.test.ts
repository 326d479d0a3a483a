import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerStatusError } from '../../client/response-status.ts';
import { type Reason, StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { sendAgain } from './send-again.ts';

const signal = new AbortController().signal;
const refusal = (reason: Reason): StatusError => new ServerStatusError(reason, `it says ${reason}`, reason, undefined);

/** Runs tries that end with these, one after the other, and lets the time pass between them. */
async function sent(
  ends: readonly { readonly missing?: number; readonly isFurther?: boolean; readonly error?: Error }[],
  by = signal,
) {
  const clock = new FakeClock();
  const notes: string[] = [];
  let tries = 0;
  let isOver = false;
  const result = sendAgain(
    async (onMissing, onProgress) => {
      const end = ends[Math.min(tries, ends.length - 1)];
      tries += 1;
      if (end?.missing !== undefined) onMissing(end.missing);
      if (end?.isFurther) onProgress();
      if (end?.error !== undefined) throw end.error;
      return 'sent';
    },
    { clock, note: (text) => notes.push(text), beforeRetry: async () => {} },
    by,
  )
    .catch((error: Error) => error.message)
    .finally(() => {
      isOver = true;
    });
  while (!isOver) {
    await settle(3);
    clock.advance(15_000);
  }
  return { result: await result, tries, notes };
}

describe('a bundle that is sent', () => {
  it('is sent again when the device is still busy with the lost try, or starts anew', async () => {
    const ends = [
      { error: new StatusError('ServiceUnavailable', 'the link broke') },
      { error: refusal('TooManyRequests') },
      { error: refusal('TooManyRequests') },
      { error: refusal('ServiceUnavailable') },
      {},
    ];
    assert.deepEqual(await sent(ends), {
      result: 'sent',
      tries: 5,
      notes: [
        'the link broke; trying again',
        'it says TooManyRequests; trying again',
        'it says ServiceUnavailable; trying again',
      ],
    });
  });

  it('is sent for as long as something arrives, and given up after twelve tries without', async () => {
    const error = new StatusError('Timeout', 'the link broke');
    const some = Array.from({ length: 30 }, (_each, index) => ({ missing: 30 - index, error }));
    assert.deepEqual((await sent([...some, {}])).result, 'sent');
    const { result, tries } = await sent([...some, { missing: 1, error }]);
    assert.deepEqual([result, tries], ['the link broke', 30 + 11]);
  });

  it('is not sent again when the device refuses it', async () => {
    const { tries, result } = await sent([{ error: refusal('Conflict') }]);
    assert.deepEqual([tries, result], [1, 'it says Conflict']);
  });

  it('ends at once when it is stopped', async () => {
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    const { tries, result } = await sent([{ error: new StatusError('Timeout', 'the link broke') }], abort.signal);
    assert.deepEqual([tries, result], [1, 'enough']);
  });

  it('is waited for over as many lost connections as it takes, when each has told something', async () => {
    const lost = { isFurther: true, error: refusal('ServiceUnavailable') };
    const { result, tries } = await sent([...Array.from({ length: 40 }, () => lost), {}]);
    assert.deepEqual([result, tries], ['sent', 41]);
  });
});
