import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerErrors } from '../../../../testing/pod-manifest.ts';

const errorsOf = (resources: object): readonly string[] => containerErrors({ resources });

test('CPU, memory, storage and devices may be asked for', () => {
  assert.deepEqual(
    errorsOf({
      limits: { cpu: '1500m', memory: '1Gi', 'ephemeral-storage': '1G', 'example.com/camera': 1 },
      requests: { cpu: 0.5, memory: '512Mi' },
    }),
    [],
  );
});

test('a request is at most its limit', () => {
  assert.deepEqual(errorsOf({ limits: { memory: '64Mi' }, requests: { memory: '65Mi' } }), [
    'resources.requests: Invalid value: "65Mi": must be less than or equal to memory limit of 64Mi',
  ]);
  assert.deepEqual(errorsOf({ limits: { cpu: '1' }, requests: { cpu: '1000m' } }), []);
});

test('amounts are not negative', () => {
  assert.deepEqual(errorsOf({ limits: { cpu: '-1' } }), [
    'resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    'resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
});

test('names without a domain are known ones', () => {
  assert.deepEqual(errorsOf({ requests: { memroy: '1' } }), [
    'resources.requests[memroy]: Invalid value: "memroy": must be a standard resource type or fully qualified',
    'resources.requests[memroy]: Invalid value: "memroy": must be a standard resource for containers',
  ]);
  assert.deepEqual(errorsOf({ requests: { storage: '1' } }), [
    'resources.requests[storage]: Invalid value: "storage": must be a standard resource for containers',
  ]);
  assert.match(errorsOf({ requests: { 'a b': '1' } })[0] ?? '', /Invalid value: "a b": name part must consist of/);
});

test('devices are whole, limited, and asked for in full', () => {
  const name = 'example.com/camera';
  assert.deepEqual(errorsOf({ limits: { [name]: '500m' } }), [
    `resources.limits[${name}]: Invalid value: "500m": must be an integer`,
    `resources.requests[${name}]: Invalid value: "500m": must be an integer`,
  ]);
  assert.deepEqual(errorsOf({ requests: { [name]: '1' } }), [
    'resources.limits: Required value: Limit must be set for non overcommitable resources',
  ]);
  assert.deepEqual(errorsOf({ limits: { [name]: '2' }, requests: { [name]: '1' } }), [
    `resources.requests: Invalid value: "1": must be equal to ${name} limit of 2`,
  ]);
});

test('huge pages need company', () => {
  assert.deepEqual(errorsOf({ limits: { 'hugepages-2Mi': '4Mi', memory: '8Mi' } }), []);
  assert.deepEqual(errorsOf({ limits: { 'hugepages-2Mi': '4Mi' } }), [
    'resources: Forbidden: HugePages require cpu or memory',
  ]);
});
