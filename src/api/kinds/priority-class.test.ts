import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { defaultPriorityClass, type PriorityClass, priorityClassKind } from './priority-class.ts';

const metadata = { name: 'high' };
const errorsOf = (object: object): readonly string[] => admitObject(priorityClassKind, object).errors;

describe('a priority class', () => {
  it('says how important pods are, and lets them push others away unless it says otherwise', () => {
    const { object, errors } = admitObject(priorityClassKind, { metadata, value: 1000 });
    assert.deepEqual(errors, []);
    assert.equal(object.preemptionPolicy, 'PreemptLowerPriority');
    assert.deepEqual(priorityClassKind.row(object, 0), ['high', 1000, false, '<unknown>', 'PreemptLowerPriority']);
    assert.equal(admitObject(priorityClassKind, { metadata }).object.value, 0);
    assert.deepEqual(errorsOf({ metadata, value: -5, preemptionPolicy: 'Never', globalDefault: true }), []);
    assert.deepEqual(errorsOf({ metadata, preemptionPolicy: 'Always' }), [
      'preemptionPolicy: Unsupported value: "Always": supported values: "Never", "PreemptLowerPriority"',
    ]);
  });

  it('leaves the highest values and the names of the system to the system', () => {
    assert.deepEqual(errorsOf({ metadata, value: 1_000_000_000 }), []);
    assert.deepEqual(errorsOf({ metadata, value: 1_000_000_001 }), [
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ]);
    const reserved =
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: ";
    const system = (name: string, more: object): readonly string[] => errorsOf({ metadata: { name }, ...more });
    assert.deepEqual(system('system-mine', { value: 1 }), [
      `${reserved}system-mine is not a known system priority class`,
    ]);
    assert.deepEqual(system('system-node-critical', { value: 1 }), [
      `${reserved}value of system-node-critical PriorityClass must be 2000001000`,
    ]);
    assert.deepEqual(system('system-node-critical', { value: 2_000_001_000, globalDefault: true }), [
      `${reserved}globalDefault of system-node-critical PriorityClass must be false`,
    ]);
    assert.deepEqual(system('system-cluster-critical', { value: 2_000_000_000 }), []);
  });

  it('keeps its value and its policy', () => {
    const { object } = admitObject(priorityClassKind, { metadata, value: 1 });
    assert.deepEqual(
      admitUpdate(priorityClassKind, { metadata, value: 1, globalDefault: true, description: 'x' }, object).errors,
      [],
    );
    assert.deepEqual(admitUpdate(priorityClassKind, { metadata, value: 2, preemptionPolicy: 'Never' }, object).errors, [
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]);
  });

  it('is the default by its own word, and of several the lowest', () => {
    const of = (value: number, globalDefault?: boolean): PriorityClass =>
      admitObject(priorityClassKind, { metadata, value, globalDefault }).object;
    assert.equal(defaultPriorityClass([of(1), of(2, false)]), undefined);
    assert.equal(defaultPriorityClass([of(1), of(3, true), of(2, true)])?.value, 2);
  });
});
