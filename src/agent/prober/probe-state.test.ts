import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeProbe } from '../../testing/pods.ts';
import { newProbeState, nextAskMs, type ProbeState, withContainer, withEarlyTick, withOutcome } from './probe-state.ts';

const started = (kind: ProbeState['kind'], probe: Partial<ProbeState['probe']> = {}, startedMs = 0): ProbeState =>
  withContainer(newProbeState(kind, makeProbe(probe), 0), 'c1', startedMs);
const after = (state: ProbeState, ...outcomes: ('Success' | 'Failure')[]): ProbeState =>
  outcomes.reduce(withOutcome, state);

describe('the result of a probe', () => {
  it('begins as the kind demands: alive, not ready, not started', () => {
    assert.deepEqual(
      (['liveness', 'readiness', 'startup'] as const).map((kind) => started(kind).result),
      ['Success', 'Failure', 'Unknown'],
    );
  });

  it('changes when its threshold was reached in a row', () => {
    const state = started('liveness', { failureThreshold: 3 });
    assert.equal(after(state, 'Failure', 'Failure').result, 'Success');
    assert.equal(after(state, 'Failure', 'Failure', 'Success', 'Failure', 'Failure').result, 'Success');
    assert.equal(after(state, 'Failure', 'Failure', 'Failure').result, 'Failure');
    const readiness = started('readiness', { successThreshold: 2 });
    assert.equal(after(readiness, 'Success').result, 'Failure');
    assert.equal(after(readiness, 'Success', 'Success').result, 'Success');
  });

  it('of liveness and startup is final for that container, of readiness it is not', () => {
    for (const kind of ['liveness', 'startup'] as const) {
      const failed = after(started(kind, { failureThreshold: 1 }), 'Failure');
      assert.equal(failed.isOnHold, true);
      assert.equal(nextAskMs(failed, kind === 'liveness', 5_000), undefined);
      assert.equal(withContainer(failed, 'c2', 0).isOnHold, false);
    }
    assert.equal(after(started('readiness', { failureThreshold: 1 }), 'Failure').isOnHold, false);
  });

  it('belongs to one container: failures of the one before do not count', () => {
    const state = after(started('liveness', { failureThreshold: 2 }), 'Failure');
    assert.equal(after(withContainer(state, 'c2', 0), 'Failure').result, 'Success');
  });
});

describe('the time of the next question', () => {
  it('is a tick of the period, and each tick is used once', () => {
    const state = started('liveness', { periodSeconds: 10 });
    assert.equal(nextAskMs(state, true, 1), 10_000);
    assert.equal(nextAskMs(state, true, 10_000), 10_000);
    assert.equal(nextAskMs({ ...state, askedMs: 10_000 }, true, 10_000), 20_000);
  });

  it('is not before the initial delay, counted from the start of the container', () => {
    const state = started('liveness', { periodSeconds: 10, initialDelaySeconds: 15 }, 1_000);
    assert.equal(nextAskMs(state, true, 1_000), 20_000);
  });

  it('of readiness is as early as it may be', () => {
    const state = withEarlyTick(started('readiness', { periodSeconds: 10, initialDelaySeconds: 3 }, 1_000), 1_200);
    assert.equal(nextAskMs(state, true, 1_200), 4_000);
    assert.equal(nextAskMs({ ...state, askedMs: 4_000 }, true, 4_001), 14_000);
  });

  it('of liveness and readiness comes after the start, of startup before it', () => {
    for (const kind of ['liveness', 'readiness'] as const) assert.equal(nextAskMs(started(kind), false, 0), undefined);
    assert.equal(nextAskMs(started('startup'), true, 0), undefined);
    assert.notEqual(nextAskMs(started('startup'), false, 0), undefined);
  });

  it('is never without a container', () => {
    assert.equal(nextAskMs(newProbeState('liveness', makeProbe(), 0), true, 0), undefined);
  });
});
