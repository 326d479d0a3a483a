import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../api/kinds/pod-disruption-budget.ts';
import { makePod } from '../../testing/pods.ts';
import { type BudgetFacts, computeBudget, needsScale } from './compute-budget.ts';

const budget = (spec: object, status: object = {}): PodDisruptionBudget =>
  ({
    metadata: { namespace: 'default', name: 'budget', generation: 3 },
    spec: { selector: {}, ...spec },
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...status },
  }) as PodDisruptionBudget;

const pod = (name: string, ready = true, metadata: object = {}): Pod =>
  makePod({
    metadata: { name, uid: name, ...metadata },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
const ready = (count: number): Pod[] => Array.from({ length: count }, (_, index) => pod(`ready-${index}`));

const compute = (spec: object, pods: readonly Pod[], more: Partial<BudgetFacts> = {}, status: object = {}) =>
  computeBudget(budget(spec, status), {
    pods,
    scale: pods.length,
    sinceGrantMs: () => 0,
    now: '2026-11-22T10:00:00Z',
    ...more,
  });

describe('what a disruption budget comes to', () => {
  for (const { spec, scale, healthy, unhealthy = 0, gives } of [
    { spec: { minAvailable: 2 }, healthy: 3, gives: { expected: 3, desired: 2, allowed: 1 } },
    { spec: { minAvailable: 2 }, healthy: 1, unhealthy: 2, gives: { expected: 3, desired: 2, allowed: 0 } },
    { spec: { minAvailable: 0 }, healthy: 0, unhealthy: 1, gives: { expected: 1, desired: 0, allowed: 0 } },
    { spec: { minAvailable: '50%' }, scale: 3, healthy: 3, gives: { expected: 3, desired: 2, allowed: 1 } },
    { spec: { minAvailable: '100%' }, scale: 4, healthy: 4, gives: { expected: 4, desired: 4, allowed: 0 } },
    { spec: { maxUnavailable: 1 }, scale: 3, healthy: 3, gives: { expected: 3, desired: 2, allowed: 1 } },
    { spec: { maxUnavailable: 1 }, scale: 5, healthy: 3, gives: { expected: 5, desired: 4, allowed: 0 } },
    { spec: { maxUnavailable: '30%' }, scale: 4, healthy: 4, gives: { expected: 4, desired: 2, allowed: 2 } },
    { spec: { maxUnavailable: 9 }, scale: 2, healthy: 2, gives: { expected: 2, desired: 0, allowed: 2 } },
    { spec: {}, healthy: 2, gives: { expected: 0, desired: 0, allowed: 0 } },
  ]) {
    it(`of ${JSON.stringify(spec)} with ${healthy} healthy of ${scale ?? healthy + unhealthy} wanted`, () => {
      const sick = Array.from({ length: unhealthy }, (_, index) => pod(`sick-${index}`, false));
      const facts = scale === undefined ? {} : { scale };
      const { status } = compute(spec, [...ready(healthy), ...sick], facts);
      assert.deepEqual(
        { expected: status.expectedPods, desired: status.desiredHealthy, allowed: status.disruptionsAllowed },
        gives,
      );
      assert.deepEqual([status.currentHealthy, status.observedGeneration], [healthy, 3]);
      assert.equal(status.conditions?.[0]?.status, gives.allowed > 0 ? 'True' : 'False');
    });
  }

  it('allows nothing while it selects no pod', () => {
    const { status } = compute({ minAvailable: 0 }, []);
    assert.deepEqual([status.expectedPods, status.disruptionsAllowed], [0, 0]);
  });

  it('counts no pod that ends, and none whose eviction was granted', () => {
    const ending = pod('ending', true, { deletionTimestamp: '2026-11-22T10:00:00Z' });
    const disruptedPods = { ending: 'x', 'ready-0': 'x', gone: 'x' };
    const { status, againAfterMs } = compute({ minAvailable: 1 }, [...ready(3), ending], {}, { disruptedPods });
    assert.deepEqual([status.currentHealthy, status.disruptionsAllowed], [2, 1]);
    assert.deepEqual(status.disruptedPods, { 'ready-0': 'x' });
    assert.equal(againAfterMs, 120_001);
  });

  it('counts a pod again when nothing has ended it within two minutes', () => {
    const disruptedPods = { 'ready-0': 'x' };
    const facts = { sinceGrantMs: () => 120_001 };
    const { status, notDeleted, againAfterMs } = compute({ minAvailable: 1 }, ready(2), facts, { disruptedPods });
    assert.deepEqual([status.currentHealthy, status.disruptedPods, againAfterMs], [2, undefined, undefined]);
    assert.deepEqual(
      notDeleted.map(({ metadata }) => metadata.name),
      ['ready-0'],
    );
  });

  it('needs the number that owners want only for shares of it', () => {
    assert.deepEqual(
      [{ minAvailable: 1 }, { minAvailable: '1%' }, { maxUnavailable: 1 }, {}].map((spec) => needsScale(budget(spec))),
      [false, true, true, false],
    );
  });
});
