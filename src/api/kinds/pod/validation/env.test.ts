import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerErrors } from '../../../../testing/pod-manifest.ts';

const errorsOf = (...env: object[]): readonly string[] => containerErrors({ env });
const from = (valueFrom: object): readonly string[] => errorsOf({ name: 'A', valueFrom });

describe('a variable', () => {
  test('has a name without equals sign', () => {
    assert.deepEqual(errorsOf({ name: 'A' }, { name: 'my.var-1', value: '$(A)' }, { name: '1 odd name' }), []);
    assert.deepEqual(errorsOf({ value: 'x' }), ['env[0].name: Required value']);
    assert.deepEqual(errorsOf({ name: 'A=B' }), [
      'env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of ' +
        "printable ASCII characters other than '='",
    ]);
  });

  test('may be given twice: the last one counts', () => {
    assert.deepEqual(errorsOf({ name: 'A', value: '1' }, { name: 'A', value: '2' }), []);
  });

  test('comes from exactly one place', () => {
    const configMapKeyRef = { name: 'settings', key: 'a' };
    assert.deepEqual(from({ configMapKeyRef }), []);
    assert.match(from({})[0] ?? '', /^env\[0\].valueFrom: Invalid value: "": must specify one of/);
    assert.deepEqual(errorsOf({ name: 'A', value: 'x', valueFrom: { configMapKeyRef } }), [
      'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ]);
    assert.deepEqual(from({ configMapKeyRef, secretKeyRef: { name: 'a', key: 'b' } }), [
      'env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ]);
  });

  test('names a key that a config map can have', () => {
    assert.deepEqual(from({ secretKeyRef: { name: 'a' } }), ['env[0].valueFrom.secretKeyRef.key: Required value']);
    assert.match(
      from({ configMapKeyRef: { name: 'a', key: 'a/b' } })[0] ?? '',
      /^env\[0\].valueFrom.configMapKeyRef.key: Invalid value: "a\/b": a valid config key/,
    );
    assert.match(
      from({ configMapKeyRef: { name: 'A', key: 'a' } })[0] ?? '',
      /^env\[0\].valueFrom.configMapKeyRef.name: Invalid value: "A"/,
    );
  });
});

describe('a field of the pod', () => {
  const field = (fieldPath: string): readonly string[] => from({ fieldRef: { fieldPath } });

  test('is one that stays the same', () => {
    for (const path of ['metadata.name', 'status.podIP', 'spec.nodeName', "metadata.labels['app']"]) {
      assert.deepEqual(field(path), [], path);
    }
    assert.match(
      field('status.phase')[0] ?? '',
      /^env\[0\].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", /,
    );
    assert.match(field('metadata.labels')[0] ?? '', /Unsupported value: "metadata.labels"/);
  });

  test('has a subscript only where there are keys', () => {
    assert.deepEqual(field("metadata.annotations['Example.com/A']"), []);
    assert.match(field("metadata.labels['a b']")[0] ?? '', /^env\[0\].valueFrom.fieldRef: Invalid value: "a b"/);
    assert.deepEqual(field("spec.nodeName['a']"), [
      'env[0].valueFrom.fieldRef: Invalid value: "spec.nodeName": does not support subscript',
    ]);
  });
});

describe('a resource of the container', () => {
  const resource = (name: string, divisor: string): readonly string[] =>
    from({ resourceFieldRef: { resource: name, divisor } });

  test('is a limit or a request', () => {
    assert.deepEqual(resource('limits.memory', '0'), []);
    assert.deepEqual(resource('requests.hugepages-2Mi', '1Mi'), []);
    assert.match(resource('limits.gpu', '1')[0] ?? '', /resource: Unsupported value: "limits.gpu"/);
  });

  test('is divided by something that fits', () => {
    assert.deepEqual(resource('limits.cpu', '1m'), []);
    assert.deepEqual(resource('limits.cpu', '2'), [
      'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": ' +
        "only divisor's values 1m and 1 are supported with the cpu resource",
    ]);
    assert.match(resource('limits.memory', '1m')[0] ?? '', /1Pi, 1Ei are supported with the memory resource$/);
    assert.match(resource('limits.ephemeral-storage', '3')[0] ?? '', /with the local ephemeral storage resource$/);
  });
});

test('a source of many variables is one config map or one secret', () => {
  const sources = (...envFrom: object[]): readonly string[] => containerErrors({ envFrom });
  assert.deepEqual(sources({ prefix: 'A_', configMapRef: { name: 'a' } }, { secretRef: { name: 'b' } }), []);
  assert.deepEqual(sources({}), ['envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']);
  assert.deepEqual(sources({ configMapRef: { name: 'a' }, secretRef: { name: 'b' } }), [
    'envFrom: Invalid value: "": may not have more than one field specified at a time',
  ]);
  assert.deepEqual(sources({ configMapRef: {} }), ['envFrom[0].configMapRef.name: Required value']);
  assert.match(sources({ prefix: 'A=', configMapRef: { name: 'a' } })[0] ?? '', /^envFrom\[0\].prefix: Invalid value/);
});
