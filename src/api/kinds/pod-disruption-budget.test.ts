import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { type PodDisruptionBudget, podDisruptionBudgetKind, withDisruptionAllowed } from './pod-disruption-budget.ts';

const manifest = (spec: object = {}, status: object = {}) => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  status,
});
const admit = (spec: object = {}, status: object = {}) => admitObject(podDisruptionBudgetKind, manifest(spec, status));
const condition = (more: object = {}) => ({
  type: 'DisruptionAllowed',
  status: 'True',
  reason: 'SufficientPods',
  lastTransitionTime: '2026-11-22T10:00:00Z',
  ...more,
});

describe('a PodDisruptionBudget', () => {
  it('says how many must stay or may go, as a number or a percentage, or neither', () => {
    for (const spec of [{ minAvailable: 0 }, { minAvailable: '100%' }, { maxUnavailable: 3 }, {}, { selector: {} }]) {
      assert.deepEqual(admit(spec).errors, [], JSON.stringify(spec));
    }
    assert.equal(admit({ minAvailable: 0 }).object.spec.minAvailable, 0);
  });

  for (const { spec, says } of [
    {
      spec: { minAvailable: 1, maxUnavailable: 1, selector: undefined },
      says: 'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    },
    {
      spec: { minAvailable: -1 },
      says: 'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0',
    },
    {
      spec: { maxUnavailable: '101%' },
      says: 'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    },
    {
      spec: { maxUnavailable: 'half' },
      says: "spec.maxUnavailable: Invalid value: \"half\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
    },
    {
      spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } },
      says: "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    },
    {
      spec: { unhealthyPodEvictionPolicy: 'Never' },
      says: 'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    },
  ]) {
    it(`is refused: ${says}`, () => {
      assert.deepEqual(admit(spec).errors, [says]);
    });
  }

  it('may change in every part', () => {
    const { object } = admit({ minAvailable: 1 });
    const changed = manifest({ selector: { matchLabels: { app: 'other' } }, maxUnavailable: '30%' });
    assert.deepEqual(admitUpdate(podDisruptionBudgetKind, changed, object).errors, []);
  });

  it('has counts that are never negative, and conditions in good form', () => {
    assert.deepEqual(admit({}, { disruptionsAllowed: -1 }).errors, [
      'status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0',
    ]);
    assert.deepEqual(admit({}, { conditions: [condition()] }).errors, []);
    assert.equal(admit({}, { conditions: [condition()] }).object.status.conditions?.[0]?.message, '');
    const wrong = { reason: 'no words', status: 'Yes', type: 'a b', observedGeneration: -1, lastTransitionTime: null };
    assert.deepEqual(
      admit({}, { conditions: [condition(wrong)] }).errors.map((error) => error.replace(/: .*/, '')),
      ['status', 'lastTransitionTime', 'type', 'observedGeneration', 'reason'].map(
        (field) => `status.conditions[0].${field}`,
      ),
    );
    assert.deepEqual(admit({}, { conditions: [condition({ message: 'x'.repeat(32_769) })] }).errors, [
      'status.conditions[0].message: Too long: may not be more than 32768 bytes',
    ]);
  });

  it('is shown as kubectl shows it', () => {
    const row = (spec: object) => podDisruptionBudgetKind.row(admit(spec).object, 0);
    assert.deepEqual(row({ minAvailable: '50%' }), ['web', '50%', 'N/A', 0, '<unknown>']);
    assert.deepEqual(row({ maxUnavailable: 0 }), ['web', 'N/A', '0', 0, '<unknown>']);
  });
});

describe('the condition of a budget', () => {
  const status = (disruptionsAllowed: number, more: object = {}): PodDisruptionBudget['status'] => ({
    disruptionsAllowed,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...more,
  });

  it('follows from what may be taken, and keeps its time while it says the same', () => {
    const first = withDisruptionAllowed(status(2, { observedGeneration: 4 }), '2026-01-01T00:00:00Z');
    assert.deepEqual(first.conditions, [
      {
        type: 'DisruptionAllowed',
        status: 'True',
        reason: 'SufficientPods',
        message: '',
        observedGeneration: 4,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ]);
    const same = withDisruptionAllowed({ ...first, disruptionsAllowed: 1 }, '2026-01-02T00:00:00Z');
    assert.deepEqual(same.conditions, first.conditions);
    const none = withDisruptionAllowed({ ...first, disruptionsAllowed: 0 }, '2026-01-03T00:00:00Z').conditions?.[0];
    assert.deepEqual(
      [none?.status, none?.reason, none?.lastTransitionTime],
      ['False', 'InsufficientPods', '2026-01-03T00:00:00Z'],
    );
  });
});
