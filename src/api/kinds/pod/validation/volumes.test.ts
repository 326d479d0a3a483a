import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podErrors } from '../../../../testing/pod-manifest.ts';

function errorsOf(source: object): readonly string[] {
  return podErrors({ volumes: [{ name: 'v', ...source }] }).map((error) => error.replace('spec.volumes[0].', ''));
}

test('a volume has a name of its own, a DNS label', () => {
  assert.deepEqual(podErrors({ volumes: [{ name: 'a' }, { name: 'a' }] }), [
    'spec.volumes[1].name: Duplicate value: "a"',
  ]);
  assert.match(errorsOf({ name: 'A' })[0] ?? '', /^name: Invalid value: "A": a lowercase RFC 1123 label/);
  assert.deepEqual(podErrors({ volumes: [{ emptyDir: {} }] }), ['spec.volumes[0].name: Required value']);
});

test('a volume has one source', () => {
  assert.deepEqual(errorsOf({ emptyDir: {}, hostPath: { path: '/dev' } }), [
    'hostPath: Forbidden: may not specify more than 1 volume type',
  ]);
});

test('sources of storage systems are understood, for the agent to refuse', () => {
  const sources = [
    { nfs: { server: 'nas', path: '/export' } },
    { persistentVolumeClaim: { claimName: 'disk' } },
    { csi: { driver: 'csi.example.com' } },
    { ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
    { iscsi: { targetPortal: '10.0.0.1:3260', iqn: 'iqn.2026-01.com.example:a' } },
    { image: { reference: 'models:1' } },
  ];
  for (const source of sources) assert.deepEqual(errorsOf(source), [], JSON.stringify(source));
});

test('a path of the device has no way upwards, and a known type', () => {
  assert.deepEqual(errorsOf({ hostPath: { path: '/dev', type: 'Directory' } }), []);
  assert.deepEqual(errorsOf({ hostPath: {} }), ['hostPath.path: Required value']);
  assert.deepEqual(errorsOf({ hostPath: { path: '/a/../b' } }), [
    'hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
  ]);
  assert.match(
    errorsOf({ hostPath: { path: '/a', type: 'Pipe' } })[0] ?? '',
    /^hostPath.type: Unsupported value: "Pipe"/,
  );
});

test('an empty directory has no negative size', () => {
  assert.deepEqual(errorsOf({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }), []);
  assert.deepEqual(errorsOf({ emptyDir: { sizeLimit: '-1' } }), [
    'emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
  ]);
});

test('a share is an absolute path, an image has a reference', () => {
  assert.deepEqual(errorsOf({ nfs: { server: 'nas', path: 'a' } }), [
    'nfs.path: Invalid value: "a": must be an absolute path',
  ]);
  assert.deepEqual(errorsOf({ image: {} }), ['image.reference: Required value']);
});

describe('files of config maps and secrets', () => {
  test('need the name of the object', () => {
    assert.deepEqual(errorsOf({ configMap: {} }), ['configMap.name: Required value']);
    assert.deepEqual(errorsOf({ secret: {} }), ['secret.secretName: Required value']);
  });

  test('have modes up to 0777', () => {
    const words = 'must be a number between 0 and 0777 (octal), both inclusive';
    assert.deepEqual(errorsOf({ configMap: { name: 'a', defaultMode: 0o777 } }), []);
    assert.deepEqual(errorsOf({ secret: { secretName: 'a', defaultMode: 512 } }), [
      `secret.defaultMode: Invalid value: 512: ${words}`,
    ]);
  });

  test('stay inside the volume', () => {
    const items = (path: string): readonly string[] =>
      errorsOf({ configMap: { name: 'a', items: [{ key: 'k', path }] } });
    assert.deepEqual(items('a/b'), []);
    assert.deepEqual(items('/a'), ['configMap.items[0].path: Invalid value: "/a": must be a relative path']);
    assert.deepEqual(items('..a'), ['configMap.items[0].path: Invalid value: "..a": must not start with \'..\'']);
    assert.deepEqual(items(''), ['configMap.items[0].path: Required value']);
  });
});
