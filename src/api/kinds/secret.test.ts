import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { type Secret, secretKind } from './secret.ts';

const metadata = { name: 'login', namespace: 'default' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function create(fields: object): { readonly object: Secret; readonly errors: readonly string[] } {
  return admitObject(secretKind, { metadata, ...fields });
}

describe('stringData', () => {
  test('is written into data and not kept', () => {
    const { object, errors } = create({ data: { a: base64('1'), b: base64('2') }, stringData: { b: 'ü', c: '' } });
    assert.deepEqual(errors, []);
    assert.deepEqual(object.data, { a: base64('1'), b: base64('ü'), c: '' });
    assert.equal('stringData' in object, false);
  });

  test('counts on updates as well', () => {
    const { object: previous } = create({ stringData: { a: '1' } });
    const { object, errors } = admitUpdate(secretKind, { ...previous, stringData: { a: '2' } }, previous);
    assert.deepEqual(errors, []);
    assert.deepEqual(object.data, { a: base64('2') });
  });
});

test('a secret is opaque unless it says otherwise', () => {
  assert.equal(create({}).object.type, 'Opaque');
  assert.deepEqual(create({}).errors, []);
});

test('keys are file names', () => {
  assert.deepEqual(create({ stringData: { 'tls.crt': 'x', A_b: 'y' } }).errors, []);
  assert.match(
    create({ stringData: { 'a/b': 'x' } }).errors[0] ?? '',
    /^data\[a\/b\]: Invalid value: "a\/b": a valid config key/,
  );
  assert.deepEqual(create({ stringData: { '..': 'x' } }).errors, ['data[..]: Invalid value: "..": must not be \'..\'']);
});

test('all values together take at most 1 MiB', () => {
  const half = 'x'.repeat(512 * 1024);
  assert.deepEqual(create({ stringData: { a: half, b: half } }).errors, []);
  assert.deepEqual(create({ stringData: { a: half, b: half, c: 'x' } }).errors, [
    'data: Too long: may not be more than 1048576 bytes',
  ]);
});

test('values that are no base64 are refused', () => {
  assert.throws(() => create({ data: { a: 'not base64!' } }), { name: 'StatusError' });
});

describe('a typed secret has the keys of its type', () => {
  const errorsOf = (type: string, stringData: object): readonly string[] =>
    create({ type: `kubernetes.io/${type}`, stringData }).errors;

  test('tls', () => {
    assert.deepEqual(errorsOf('tls', { 'tls.crt': 'a', 'tls.key': 'b' }), []);
    assert.deepEqual(errorsOf('tls', {}), ['data[tls.crt]: Required value', 'data[tls.key]: Required value']);
  });

  test('dockerconfigjson', () => {
    assert.deepEqual(errorsOf('dockerconfigjson', { '.dockerconfigjson': '{"auths":{}}' }), []);
    assert.deepEqual(errorsOf('dockerconfigjson', {}), ['data[.dockerconfigjson]: Required value']);
    assert.deepEqual(errorsOf('dockerconfigjson', { '.dockerconfigjson': 'hunter2' }), [
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be a JSON object',
    ]);
    assert.deepEqual(errorsOf('dockercfg', { '.dockercfg': '{}' }), []);
  });

  test('basic-auth', () => {
    assert.deepEqual(errorsOf('basic-auth', { password: '' }), []);
    assert.deepEqual(errorsOf('basic-auth', {}), ['data[username]: Required value', 'data[password]: Required value']);
  });

  test('ssh-auth', () => {
    assert.deepEqual(errorsOf('ssh-auth', { 'ssh-privatekey': 'key' }), []);
    assert.deepEqual(errorsOf('ssh-auth', { 'ssh-privatekey': '' }), ['data[ssh-privatekey]: Required value']);
  });

  test('service-account-token', () => {
    assert.deepEqual(errorsOf('service-account-token', {}), [
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ]);
  });
});

describe('changes', () => {
  const update = (previous: object, next: object): readonly string[] =>
    admitUpdate(secretKind, { metadata, ...next }, create(previous).object).errors;

  test('keep the type', () => {
    assert.deepEqual(update({ type: 'a' }, { type: 'b' }), ['type: Invalid value: "b": field is immutable']);
  });

  test('of immutable secrets touch no data', () => {
    const fixed = { immutable: true, stringData: { a: '1' } };
    assert.deepEqual(update(fixed, fixed), []);
    assert.deepEqual(update({ stringData: { a: '1' } }, { ...fixed, stringData: { a: '2' } }), []);
    assert.deepEqual(update(fixed, { stringData: { a: '2' } }), [
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
  });
});

test('a row shows type and number of keys, and the type can be selected', () => {
  const { object } = create({ type: 'example.com/x', stringData: { a: '1', b: '2' } });
  assert.deepEqual(secretKind.row(object, 0), ['login', 'example.com/x', 2, '<unknown>']);
  assert.equal(secretKind.selectableFields['type']?.(object), 'example.com/x');
});
