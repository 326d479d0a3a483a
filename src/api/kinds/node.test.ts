import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { type Node, nodeKind } from './node.ts';

function create(
  fields: object = {},
  labels: object = {},
): { readonly object: Node; readonly errors: readonly string[] } {
  return admitObject(nodeKind, { metadata: { name: 'device', labels }, ...fields });
}

function shown(fields: object, labels: object = {}): readonly unknown[] {
  return nodeKind.row(create(fields, labels).object, 0);
}

test('without reservations everything may be used', () => {
  const capacity = { cpu: '4' };
  assert.deepEqual(create({ status: { capacity } }).object.status.allocatable, capacity);
  assert.deepEqual(create({ status: { capacity, allocatable: { cpu: '3' } } }).object.status.allocatable, { cpu: '3' });
});

describe('a row', () => {
  const ready = (status: string): object => ({ status: { conditions: [{ type: 'Ready', status }] } });

  test('says whether the node is ready and takes pods', () => {
    assert.equal(shown({})[1], 'Unknown');
    assert.equal(shown(ready('True'))[1], 'Ready');
    assert.equal(shown(ready('Unknown'))[1], 'NotReady');
    assert.equal(shown({ ...ready('True'), spec: { unschedulable: true } })[1], 'Ready,SchedulingDisabled');
  });

  test('lists roles by name', () => {
    assert.equal(shown({})[2], '<none>');
    const labels = {
      'node-role.kubernetes.io/worker': '',
      'kubernetes.io/role': 'edge',
      'node-role.kubernetes.io/': 'x',
    };
    assert.equal(shown({}, labels)[2], 'edge,worker');
  });

  test('shows addresses and versions when asked for more', () => {
    const status = {
      addresses: [
        { type: 'Hostname', address: 'device' },
        { type: 'InternalIP', address: '192.168.1.5' },
        { type: 'InternalIP', address: 'fd00::5' },
      ],
      nodeInfo: {
        kubeletVersion: 'v1.35.0',
        osImage: 'Debian 12',
        kernelVersion: '6.1',
        containerRuntimeVersion: 'containerd://1.6.20',
      },
    };
    assert.deepEqual(create({ status }).errors, []);
    assert.deepEqual(shown({ status }).slice(4), [
      'v1.35.0',
      '192.168.1.5',
      '<none>',
      'Debian 12',
      '6.1',
      'containerd://1.6.20',
    ]);
    assert.deepEqual(shown({}).slice(4), ['', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>']);
  });

  test('has one cell for every column', () => {
    assert.equal(shown({}).length, nodeKind.columns.length);
  });
});

test('taints differ in key or effect', () => {
  const taint = { key: 'a', effect: 'NoSchedule' };
  assert.deepEqual(create({ spec: { taints: [taint, { ...taint, effect: 'NoExecute' }] } }).errors, []);
  assert.match(create({ spec: { taints: [taint, taint] } }).errors[0] ?? '', /^spec.taints\[1\]: Duplicate value/);
  assert.match(
    create({ spec: { taints: [{ key: 'a', effect: 'Now' }] } }).errors[0] ?? '',
    /^spec.taints\[0\].effect: Unsupported/,
  );
});

test('addresses of pods are given once', () => {
  const without = create().object;
  const cidrs = (cidr: string): object => ({
    metadata: { name: 'device' },
    spec: { podCIDR: cidr, podCIDRs: [cidr], providerID: 'p' },
  });
  const given = admitUpdate(nodeKind, cidrs('10.85.0.0/16'), without);
  assert.deepEqual(given.errors, []);
  assert.deepEqual(admitUpdate(nodeKind, cidrs('10.86.0.0/16'), given.object).errors, [
    'spec.podCIDR: Forbidden: node updates may not change podCIDR except from "" to valid',
    'spec.podCIDRs: Forbidden: node updates may not change podCIDRs except from "" to valid',
  ]);
});

test('nodes that take no pods can be selected', () => {
  const select = nodeKind.selectableFields['spec.unschedulable'];
  assert.equal(select?.(create().object), 'false');
  assert.equal(select?.(create({ spec: { unschedulable: true } }).object), 'true');
});
