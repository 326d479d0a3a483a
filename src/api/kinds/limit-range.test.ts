import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { limitRangeKind } from './limit-range.ts';

const metadata = { name: 'bounds', namespace: 'default' };
const admit = (...limits: readonly object[]) => admitObject(limitRangeKind, { metadata, spec: { limits } });
const errorsOf = (...limits: readonly object[]): readonly string[] => admit(...limits).errors;
const container = (item: object): object => ({ type: 'Container', ...item });

describe('a limit range', () => {
  it('gives containers no more than max and no less than min, unless it says otherwise', () => {
    const itemOf = (item: object) => admit(item).object.spec.limits?.[0];
    assert.deepEqual(
      itemOf(container({ max: { cpu: '1', memory: '1Gi' }, min: { cpu: '50m', 'example.com/a': '1' } })),
      {
        type: 'Container',
        max: { cpu: '1', memory: '1Gi' },
        min: { cpu: '50m', 'example.com/a': '1' },
        default: { cpu: '1', memory: '1Gi' },
        defaultRequest: { cpu: '1', memory: '1Gi', 'example.com/a': '1' },
      },
    );
    assert.deepEqual(itemOf(container({ max: { cpu: 1 }, default: { cpu: 0.5 }, defaultRequest: { cpu: '100m' } })), {
      type: 'Container',
      max: { cpu: '1' },
      default: { cpu: '500m' },
      defaultRequest: { cpu: '100m' },
    });
    assert.deepEqual(itemOf({ type: 'Pod', max: { cpu: '1' } }), { type: 'Pod', max: { cpu: '1' } });
    assert.deepEqual(itemOf(container({})), { type: 'Container' });
  });

  it('shows when it was made', () => {
    const { object } = admitObject(limitRangeKind, {
      metadata: { ...metadata, creationTimestamp: '2026-01-02T03:04:05Z' },
    });
    assert.deepEqual(limitRangeKind.row(object, 0), ['bounds', '2026-01-02T03:04:05Z']);
  });

  it('has one entry of each known type', () => {
    assert.deepEqual(errorsOf({ type: 'Pod' }, container({}), { type: 'example.com/Mine' }), []);
    assert.deepEqual(errorsOf({ type: 'Pod' }, { type: 'Pod' }), ['spec.limits[1].type: Duplicate value: "Pod"']);
    assert.deepEqual(errorsOf({ type: 'Node' }), [
      'spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified',
    ]);
    assert.deepEqual(errorsOf({}), ['spec.limits[0].type: Required value']);
  });

  it('bounds what its type has', () => {
    assert.deepEqual(errorsOf(container({ max: { storage: '1Gi' } })).slice(0, 1), [
      'spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers',
    ]);
    assert.deepEqual(errorsOf({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }), []);
    assert.deepEqual(errorsOf({ type: 'PersistentVolumeClaim' }), [
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ]);
    assert.deepEqual(errorsOf({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }), [
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
    ]);
  });

  const at = 'spec.limits[0]';
  for (const [item, error] of [
    [
      { min: { cpu: '2' }, max: { cpu: '1' }, default: { cpu: '1' }, defaultRequest: { cpu: '1' } },
      `${at}.min[cpu]: Invalid value: "2": min value 2 is greater than max value 1`,
    ],
    [
      { min: { cpu: '2' }, default: { cpu: '3' }, defaultRequest: { cpu: '1' } },
      `${at}.defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1`,
    ],
    [
      { max: { cpu: '1' }, defaultRequest: { cpu: '2' } },
      `${at}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1`,
    ],
    [
      { default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
      `${at}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1`,
    ],
    [
      { min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
      `${at}.default[cpu]: Invalid value: "2": min value 2 is greater than default value 1`,
    ],
    [
      { max: { memory: '1Gi' }, default: { memory: '2Gi' }, defaultRequest: { memory: '1Gi' } },
      `${at}.default[memory]: Invalid value: "1Gi": default value 2Gi is greater than max value 1Gi`,
    ],
    [
      { maxLimitRequestRatio: { cpu: '500m' } },
      `${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1`,
    ],
    [
      { min: { memory: '512Mi' }, max: { memory: '2Gi' }, maxLimitRequestRatio: { memory: '10' } },
      `${at}.maxLimitRequestRatio[memory]: Invalid value: "10": ratio 10 is greater than max/min = 4.000000`,
    ],
    [
      { default: { 'example.com/camera': '2' }, defaultRequest: { 'example.com/camera': '1' } },
      `${at}.defaultRequest[example.com/camera]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/camera`,
    ],
  ] as const) {
    it(`refuses bounds with nothing between them: ${JSON.stringify(item)}`, () => {
      const errors = errorsOf(container(item));
      assert.ok(errors.includes(error), errors.join('\n'));
    });
  }

  it('may be changed', () => {
    const { object } = admit(container({ max: { cpu: '1' } }));
    const next = { metadata, spec: { limits: [container({ max: { cpu: '2' } })] } };
    assert.deepEqual(admitUpdate(limitRangeKind, next, object).errors, []);
  });
});
