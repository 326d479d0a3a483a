import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podErrors } from '../../../../testing/pod-manifest.ts';

function errorsOf(source: object): readonly string[] {
  return podErrors({ volumes: [{ name: 'v', ...source }] }).map((error) => error.replace('spec.volumes[0].', ''));
}

describe('a file about the pod', () => {
  const file = (changes: object): readonly string[] =>
    errorsOf({ downwardAPI: { items: [{ path: 'f', ...changes }] } }).map((error) =>
      error.replace('downwardAPI.items[0]', 'file'),
    );

  test('shows one field or one resource', () => {
    assert.deepEqual(file({ fieldRef: { fieldPath: 'metadata.labels' } }), []);
    assert.deepEqual(file({ resourceFieldRef: { containerName: 'app', resource: 'limits.cpu' } }), []);
    assert.deepEqual(file({}), ['file: Required value: one of fieldRef and resourceFieldRef is required']);
    assert.deepEqual(
      file({
        fieldRef: { fieldPath: 'metadata.name' },
        resourceFieldRef: { containerName: 'app', resource: 'limits.cpu' },
      }),
      ['file: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously'],
    );
  });

  test('says whose resources are meant', () => {
    assert.deepEqual(file({ resourceFieldRef: { resource: 'limits.cpu' } }), [
      'file.resourceFieldRef.containerName: Required value',
    ]);
  });

  test('cannot show what only variables can', () => {
    assert.match(file({ fieldRef: { fieldPath: 'status.podIP' } })[0] ?? '', /Unsupported value: "status.podIP"/);
  });
});

describe('sources that are projected together', () => {
  const projected = (...sources: object[]): readonly string[] => errorsOf({ projected: { sources } });

  test('are one kind each, and named', () => {
    assert.deepEqual(
      projected({ configMap: { name: 'a' } }, { secret: { name: 'b' } }, { serviceAccountToken: { path: 'token' } }),
      [],
    );
    assert.deepEqual(projected({ configMap: { name: 'a' }, secret: { name: 'b' } }), [
      'projected.sources[0]: Forbidden: may not specify more than 1 volume type per source',
    ]);
    assert.deepEqual(projected({ secret: {} }), ['projected.sources[0].secret.name: Required value']);
  });

  test('do not write one file twice', () => {
    const items = [{ key: 'k', path: 'same' }];
    assert.deepEqual(projected({ configMap: { name: 'a', items } }, { secret: { name: 'b', items } }), [
      'projected: Invalid value: "same": conflicting duplicate paths',
    ]);
  });

  test('keep tokens alive for at least ten minutes', () => {
    const token = (expirationSeconds: number): readonly string[] =>
      projected({ serviceAccountToken: { path: 'token', expirationSeconds } });
    assert.deepEqual(token(600), []);
    assert.match(token(599)[0] ?? '', /may not specify a duration less than 10 minutes$/);
    assert.match(token(2 ** 32 + 1)[0] ?? '', /may not specify a duration larger than 2\^32 seconds$/);
  });
});
