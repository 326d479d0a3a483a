import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BundleSpec } from '../../api/kinds/bundle.ts';
import { type BundleAttempt, computeBundleStep } from './compute-bundle-step.ts';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const fresh: BundleSpec = { version: '2', digest: digestOf('b'), progressDeadlineSeconds: 10, proven: false };
const update: BundleSpec = { ...fresh, previous: { version: '1', digest: digestOf('a') } };
const ready: BundleAttempt = { state: 'Applied', unready: [], readyForMs: 3_000 };
const bakeMs = 3_000;
const unready: BundleAttempt = { state: 'Applied', unready: ['Pod default/web: is Pending'], readyForMs: 0 };

describe('a bundle', () => {
  it('is proven when everything in it is ready', () => {
    assert.deepEqual(computeBundleStep(update, ready, 5, bakeMs), {
      action: 'Prove',
      spec: { ...update, proven: true },
    });
  });

  it('is watched for a while before it is', () => {
    const early = computeBundleStep(update, { state: 'Applied', unready: [], readyForMs: 2_999 }, 20_000, bakeMs);
    assert.deepEqual([early.action, early.action === 'Wait' && early.state], ['Wait', 'Progressing']);
  });

  it('is waited for until its deadline', () => {
    const step = { action: 'Wait', state: 'Progressing', message: 'Pod default/web: is Pending' };
    assert.deepEqual(computeBundleStep(update, unready, 9_999, bakeMs), step);
  });

  it('that is not ready by then gives way to the version before, and is remembered', () => {
    const step = computeBundleStep(update, unready, 10_000, bakeMs);
    assert.equal(step.action, 'Return');
    const { version, failed, proven, rolledBack } = step.action === 'Return' ? step.spec : update;
    assert.deepEqual([version, proven, rolledBack], ['1', true, true]);
    assert.deepEqual(failed, [
      { version: '2', digest: digestOf('b'), message: 'not ready after 10s: Pod default/web: is Pending' },
    ]);
    const after = computeBundleStep(step.action === 'Return' ? step.spec : update, ready, 0, bakeMs);
    assert.deepEqual(after, {
      action: 'Stay',
      state: 'RolledBack',
      message: 'version 2 failed: not ready after 10s: Pod default/web: is Pending',
    });
  });

  it('that is the first one stays, and says so', () => {
    const step = computeBundleStep(fresh, unready, 10_000, bakeMs);
    assert.deepEqual([step.action, step.action === 'Wait' && step.state], ['Wait', 'NotReady']);
  });

  it('that cannot be applied gives way as well', () => {
    assert.equal(computeBundleStep(update, { state: 'Refused', message: 'no' }, 10_000, bakeMs).action, 'Return');
  });

  it('that was ready once stays, whatever happens later', () => {
    const proven = { ...update, proven: true };
    assert.deepEqual(computeBundleStep(proven, unready, 1e9, bakeMs), {
      action: 'Wait',
      state: 'NotReady',
      message: 'Pod default/web: is Pending',
    });
  });

  it('lists no more than a few of what it waits for', () => {
    const many = Array.from({ length: 7 }, (_each, index) => `Pod a/${index}: is Pending`);
    const step = computeBundleStep(fresh, { state: 'Applied', unready: many, readyForMs: 0 }, 0, bakeMs);
    assert.match(step.action === 'Wait' ? step.message : '', /a\/4: is Pending; and 2 more$/);
  });
});
