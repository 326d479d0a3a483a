import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject } from '../../testing/admit-object.ts';
import { leaseKind } from './lease.ts';

function errorsOf(spec: object): readonly string[] {
  return admitObject(leaseKind, { metadata: { name: 'leader', namespace: 'default' }, spec }).errors;
}

test('a lease has a holder, a time and a count that make sense', () => {
  assert.deepEqual(errorsOf({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 }), []);
  assert.deepEqual(errorsOf({ holderIdentity: '' }), ['spec.holderIdentity: Invalid value: "": must not be empty']);
  assert.deepEqual(errorsOf({ leaseDurationSeconds: 0 }), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  ]);
  assert.deepEqual(errorsOf({ leaseTransitions: -1 }), [
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ]);
});

test('a row shows the holder', () => {
  const { object } = admitObject(leaseKind, {
    metadata: { name: 'leader', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { holderIdentity: 'a' },
  });
  assert.deepEqual(leaseKind.row(object, Date.parse('2026-01-01T00:00:05Z')), ['leader', 'a', '5s']);
});
