import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReaderGone } from '../../client/reader-gone.ts';
import { type Reason, StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { throughLosses } from './through-losses.ts';

const lost = new StatusError('ServiceUnavailable', 'lost');

describe('what goes over a connection that is lost', () => {
  const open = (patienceMs = 5_000) => {
    const clock = new FakeClock();
    const told: string[] = [];
    const stop = new AbortController();
    const endurance = {
      clock,
      signal: stop.signal,
      patienceMs,
      onLost: (error: Error) => void told.push(error.message),
    };
    const advance = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds; at += 1) {
        await settle(5);
        clock.advance(1_000);
      }
      await settle(5);
    };
    return { endurance, told, stop, advance };
  };

  it('is tried again until it succeeds, and told of once', async () => {
    const { endurance, told, advance } = open();
    const result = throughLosses(endurance, async (_goesWell, earlier) => {
      if (earlier < 3) throw lost;
      return earlier;
    });
    await advance(3);
    assert.equal(await result, 3);
    assert.deepEqual(told, ['lost']);
  });

  it('fails with the last failure when nothing went well for too long', async () => {
    const { endurance, advance } = open();
    const result = throughLosses(endurance, async () => Promise.reject(lost));
    const failed = assert.rejects(result, lost);
    await advance(6);
    await failed;
  });

  it('may be lost as often as it likes when it went well for a while in between', async () => {
    const { endurance, told, advance } = open();
    const result = throughLosses(endurance, async (goesWell, earlier) => {
      goesWell();
      await endurance.clock.sleep(5_000);
      if (earlier < 9) throw lost;
      return 'done';
    });
    await advance(60);
    assert.equal(await result, 'done');
    assert.equal(told.length, 9);
  });

  it('fails when the device answers, but breaks off each time at once', async () => {
    const { endurance, told, advance } = open();
    const result = throughLosses(endurance, async (goesWell) => {
      goesWell();
      throw lost;
    });
    const failed = assert.rejects(result, lost);
    await advance(6);
    await failed;
    assert.equal(told.length, 1);
  });

  for (const error of [
    ...(['NotFound', 'Forbidden', 'Unauthorized', 'Invalid'] as Reason[]).map(
      (reason) => new StatusError(reason, reason),
    ),
    new ReaderGone(),
    new Error('a bug'),
  ]) {
    it(`fails at once with ${error.message}`, async () => {
      await assert.rejects(
        throughLosses(open().endurance, async () => Promise.reject(error)),
        error,
      );
    });
  }

  it('ends when it is stopped', async () => {
    const { endurance, stop } = open();
    const result = throughLosses(endurance, async () => Promise.reject(lost));
    await settle(5);
    const failed = assert.rejects(result, /stopped/);
    stop.abort(new Error('stopped'));
    await failed;
  });
});
