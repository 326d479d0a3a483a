import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerErrors } from '../../../../testing/pod-manifest.ts';

const volumes = [
  { name: 'data', emptyDir: {} },
  { name: 'disk', persistentVolumeClaim: { claimName: 'disk' } },
  { name: 'model', image: { reference: 'model:1' } },
];

function errorsOf(volumeMounts: readonly object[], container: object = {}): readonly string[] {
  return containerErrors({ volumeMounts, ...container }, { volumes });
}

test('a mount names a volume of the pod and a place', () => {
  assert.deepEqual(errorsOf([{ name: 'data', mountPath: '/data' }]), []);
  assert.deepEqual(errorsOf([{ name: 'nothing', mountPath: '/data' }]), ['volumeMounts[0].name: Not found: "nothing"']);
  assert.deepEqual(errorsOf([{ name: 'data' }]), ['volumeMounts[0].mountPath: Required value']);
  assert.deepEqual(errorsOf([{ mountPath: '/data' }]), ['volumeMounts[0].name: Required value']);
});

test('a volume may be mounted twice, though not at one place', () => {
  const mount = { name: 'data', mountPath: '/data' };
  assert.deepEqual(errorsOf([mount, { ...mount, mountPath: '/again' }]), []);
  assert.deepEqual(errorsOf([mount, mount]), ['volumeMounts[1].mountPath: Invalid value: "/data": must be unique']);
});

test('a part of a volume lies inside it', () => {
  const part = (changes: object): readonly string[] => errorsOf([{ name: 'data', mountPath: '/data', ...changes }]);
  assert.deepEqual(part({ subPath: 'a/b' }), []);
  assert.deepEqual(part({ subPath: '/a' }), ['volumeMounts[0].subPath: Invalid value: "/a": must be a relative path']);
  assert.deepEqual(part({ subPathExpr: '$(A)/../b' }), [
    'volumeMounts[0].subPathExpr: Invalid value: "$(A)/../b": must not contain \'..\'',
  ]);
  assert.deepEqual(part({ subPath: 'a', subPathExpr: 'b' }), [
    'volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive',
  ]);
});

test('an image is mounted whole', () => {
  assert.deepEqual(errorsOf([{ name: 'model', mountPath: '/model', subPath: 'a' }]), [
    'volumeMounts[0].subPath: Invalid value: "a": not allowed in image volume sources',
  ]);
});

test('only privileged containers pass mounts on to the device', () => {
  const mounts = [{ name: 'data', mountPath: '/data', mountPropagation: 'Bidirectional' }];
  assert.deepEqual(errorsOf(mounts), [
    'volumeMounts[0].mountPropagation: Forbidden: ' +
      'Bidirectional mount propagation is available only to privileged containers',
  ]);
  assert.deepEqual(errorsOf(mounts, { securityContext: { privileged: true } }), []);
  assert.deepEqual(errorsOf([{ name: 'data', mountPath: '/data', mountPropagation: 'Some' }]), [
    'volumeMounts[0].mountPropagation: Unsupported value: "Some": ' +
      'supported values: "Bidirectional", "HostToContainer", "None"',
  ]);
});

test('read-only all the way down needs a read-only mount', () => {
  const mount = { name: 'data', mountPath: '/data', recursiveReadOnly: 'Enabled' };
  assert.deepEqual(errorsOf([{ ...mount, readOnly: true }]), []);
  assert.deepEqual(errorsOf([mount]), [
    'volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
  ]);
  assert.equal(errorsOf([{ ...mount, readOnly: true, mountPropagation: 'HostToContainer' }]).length, 1);
});

test('a device is a claim, and no mount', () => {
  const devices = (name: string, devicePath = '/dev/x'): readonly string[] =>
    errorsOf([{ name: 'data', mountPath: '/data' }], { volumeDevices: [{ name, devicePath }] });
  assert.deepEqual(devices('disk'), []);
  assert.equal(devices('data').length, 2);
  assert.deepEqual(devices('none'), ['volumeDevices[0].name: Not found: "none"']);
  assert.deepEqual(devices('disk', '/dev/../x'), [
    'volumeDevices[0].devicePath: Invalid value: "/dev/../x": can not contain backsteps (\'..\')',
  ]);
  assert.deepEqual(devices('disk', '/data'), [
    'volumeMounts[0].mountPath: Invalid value: "/data": must not already exist as a path in volumeDevices',
  ]);
});
