import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerErrors, podErrors } from '../../../../testing/pod-manifest.ts';

const errorsOf = (...ports: object[]): readonly string[] => containerErrors({ ports });

test('ports lie between 1 and 65535', () => {
  assert.deepEqual(errorsOf({ containerPort: 1 }, { containerPort: 65_535, hostPort: 65_535 }), []);
  assert.deepEqual(errorsOf({ containerPort: 65_536 }), [
    'ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
  ]);
  assert.deepEqual(errorsOf({ containerPort: 80, hostPort: -1 }), [
    'ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive',
  ]);
  assert.deepEqual(errorsOf({ name: 'web' }), ['ports[0].containerPort: Required value']);
});

test('protocols are known', () => {
  assert.deepEqual(errorsOf({ containerPort: 80, protocol: 'ICMP' }), [
    'ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ]);
});

test('names are service names, each used once', () => {
  assert.deepEqual(errorsOf({ containerPort: 80, name: 'http-1' }), []);
  assert.deepEqual(errorsOf({ containerPort: 80, name: 'Web' }), [
    'ports[0].name: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ]);
  assert.deepEqual(errorsOf({ containerPort: 80, name: '80' }), [
    'ports[0].name: Invalid value: "80": must contain at least one letter (a-z)',
  ]);
  assert.deepEqual(errorsOf({ containerPort: 80, name: 'a' }, { containerPort: 81, name: 'a' }), [
    'ports[1].name: Duplicate value: "a"',
  ]);
});

test('a port of the device leads to one container', () => {
  const container = (name: string, port: object): object => ({ name, image: 'busybox:1', ports: [port] });
  const both = (a: object, b: object): readonly string[] =>
    podErrors({ containers: [container('a', a), container('b', b)] });
  const port = { containerPort: 80, hostPort: 8080 };
  assert.deepEqual(both(port, port), ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"']);
  assert.deepEqual(both(port, { ...port, protocol: 'UDP' }), []);
  assert.deepEqual(both(port, { ...port, hostIP: '127.0.0.1' }), []);
});

test('the same container port twice is accepted, as Kubernetes does', () => {
  assert.deepEqual(errorsOf({ containerPort: 80 }, { containerPort: 80 }), []);
});
