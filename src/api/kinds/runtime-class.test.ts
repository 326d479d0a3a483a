import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { runtimeClassKind } from './runtime-class.ts';

const metadata = { name: 'gvisor' };

test('a runtime class names a handler, which stays', () => {
  const { object, errors } = admitObject(runtimeClassKind, { metadata, handler: 'runsc' });
  assert.deepEqual(errors, []);
  assert.deepEqual(runtimeClassKind.row(object, 0), ['gvisor', 'runsc', '<unknown>']);
  assert.deepEqual(admitObject(runtimeClassKind, { metadata }).errors, ['handler: Required value']);
  assert.match(
    admitObject(runtimeClassKind, { metadata, handler: 'No_Label' }).errors[0] ?? '',
    /^handler: Invalid value/,
  );
  assert.deepEqual(admitUpdate(runtimeClassKind, { metadata, handler: 'kata' }, object).errors, [
    'handler: Invalid value: "kata": field is immutable',
  ]);
});
