import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { serviceAccountKind } from './service-account.ts';

const metadata = { name: 'robot', namespace: 'default' };

test('an account lists its secrets', () => {
  const { object, errors } = admitObject(serviceAccountKind, { metadata, secrets: [{ name: 'a' }, { name: 'b' }] });
  assert.deepEqual(errors, []);
  assert.deepEqual(serviceAccountKind.row(object, 0), ['robot', 2, '<unknown>']);
});

test('an account keeps its name', () => {
  const { object } = admitObject(serviceAccountKind, { metadata });
  assert.deepEqual(admitUpdate(serviceAccountKind, { metadata: { ...metadata, name: 'other' } }, object).errors, [
    'metadata.name: Invalid value: "other": field is immutable',
  ]);
});
