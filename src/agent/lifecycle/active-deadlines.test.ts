import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { ActiveDeadlines } from './active-deadlines.ts';

const pod = (seconds: number | undefined, startTime?: string): ReturnType<typeof makePod> =>
  makePod({
    spec: seconds === undefined ? {} : { activeDeadlineSeconds: seconds },
    status: startTime === undefined ? {} : { startTime },
  });

describe('the active deadline of a pod', () => {
  const start = '2026-01-01T00:00:00Z';
  const open = (): { clock: FakeClock; deadlines: ActiveDeadlines } => {
    const clock = new FakeClock(Date.parse(start));
    return { clock, deadlines: new ActiveDeadlines(clock) };
  };

  it('fails it when it has been active for as long, and not before', () => {
    const { clock, deadlines } = open();
    assert.equal(deadlines.dueMs(pod(5, start)), 5_000);
    clock.advance(4_999);
    assert.equal(deadlines.verdict(pod(5, start)), undefined);
    clock.advance(1);
    assert.deepEqual(deadlines.verdict(pod(5, start)), {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
      event: {
        type: 'Normal',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
    });
  });

  it('may be set and shortened while it runs', () => {
    const { clock, deadlines } = open();
    assert.equal(deadlines.verdict(pod(undefined, start)), undefined);
    clock.advance(10_000);
    assert.equal(deadlines.verdict(pod(60, start)), undefined);
    assert.equal(deadlines.verdict(pod(9, start))?.reason, 'DeadlineExceeded');
  });

  it('counts what passed before this process began, and not the jumps of the wall clock', () => {
    const { clock, deadlines } = open();
    clock.jumpTo(Date.parse(start) + 3_000);
    assert.equal(deadlines.dueMs(pod(5, start)), 2_000);
    clock.jumpTo(Date.parse('2046-01-01T00:00:00Z'));
    assert.equal(deadlines.verdict(pod(5, start)), undefined);
    // A start in the future: the clock was set back.
    const { deadlines: late } = open();
    assert.equal(late.dueMs(pod(5, '2040-01-01T00:00:00Z')), 5_000);
  });

  it('does not run before the pod has begun', () => {
    const { deadlines } = open();
    assert.equal(deadlines.dueMs(pod(5)), undefined);
  });
});
