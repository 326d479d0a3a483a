import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { type ConfigMap, configMapKind } from './config-map.ts';

const metadata = { name: 'settings', namespace: 'default' };
const bytes = Buffer.from([0, 255]).toString('base64');

function create(fields: object): { readonly object: ConfigMap; readonly errors: readonly string[] } {
  return admitObject(configMapKind, { metadata, ...fields });
}

test('text and bytes stand side by side, each key once', () => {
  assert.deepEqual(create({ data: { a: 'x' }, binaryData: { b: bytes } }).errors, []);
  assert.deepEqual(create({ data: { a: 'x' }, binaryData: { a: bytes } }).errors, [
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ]);
});

test('keys are file names', () => {
  assert.match(
    create({ data: { 'a b': 'x' } }).errors[0] ?? '',
    /^data\[a b\]: Invalid value: "a b": a valid config key/,
  );
  assert.match(
    create({ binaryData: { '..a': bytes } }).errors[0] ?? '',
    /^binaryData\[..a\]: .*must not start with '..'$/,
  );
});

test('all values together take at most 1 MiB', () => {
  const data = { a: 'x'.repeat(1024 * 1024) };
  assert.deepEqual(create({ data }).errors, []);
  assert.deepEqual(create({ data, binaryData: { b: bytes } }).errors, [
    ': Too long: may not be more than 1048576 bytes',
  ]);
});

test('an immutable config map keeps its data for ever', () => {
  const { object: previous } = create({ immutable: true, data: { a: '1' } });
  assert.deepEqual(admitUpdate(configMapKind, previous, previous).errors, []);
  const next = { metadata, immutable: false, data: { a: '2' }, binaryData: { b: bytes } };
  assert.deepEqual(admitUpdate(configMapKind, next, previous).errors, [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
    'binaryData: Forbidden: field is immutable when `immutable` is set',
  ]);
});

test('a row counts text and bytes', () => {
  const { object } = create({ data: { a: '1', c: '2' }, binaryData: { b: bytes } });
  assert.deepEqual(configMapKind.row(object, 0), ['settings', 3, '<unknown>']);
});
