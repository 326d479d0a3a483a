import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateLabelSelector } from './labels-validation.ts';

function errorsOf(selector: Parameters<typeof validateLabelSelector>[0]): string[] {
  return validateLabelSelector(selector, 'sel').map(({ field, message }) => `${field}: ${message}`);
}

test('a selector may be absent, empty, or use all four operators', () => {
  assert.deepEqual(errorsOf(undefined), []);
  assert.deepEqual(errorsOf({}), []);
  const matchExpressions = [
    { key: 'a', operator: 'In', values: ['x'] },
    { key: 'a', operator: 'NotIn', values: ['x', ''] },
    { key: 'a', operator: 'Exists' },
    { key: 'a', operator: 'DoesNotExist' },
  ];
  assert.deepEqual(errorsOf({ matchLabels: { app: 'web' }, matchExpressions }), []);
});

test('each operator needs its number of values', () => {
  assert.deepEqual(errorsOf({ matchExpressions: [{ key: 'a', operator: 'In' }] }), [
    "sel.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ]);
  assert.deepEqual(errorsOf({ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] }), [
    "sel.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
  ]);
});

test('unknown operators, bad keys and bad values are named with their place', () => {
  assert.deepEqual(errorsOf({ matchExpressions: [{ key: 'a', operator: 'Like', values: ['x'] }] }), [
    'sel.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
  ]);
  const [key, value] = errorsOf({ matchExpressions: [{ key: '!', operator: 'In', values: ['ok', '?'] }] });
  assert.match(key ?? '', /^sel.matchExpressions\[0\].key: Invalid value: "!"/);
  assert.match(value ?? '', /^sel.matchExpressions\[0\].values\[1\]: Invalid value: "\?"/);
});
