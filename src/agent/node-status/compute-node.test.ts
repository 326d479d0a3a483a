import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/kinds/node.ts';
import {
  computeNodeAnnotations,
  computeNodeLabels,
  computeNodeStatus,
  computeTaints,
  isNodeStatusChanged,
  type NodeObservation,
  withResources,
} from './compute-node.ts';

const settings = {
  nodeName: 'pi',
  isNodeNameSet: false,
  labels: { zone: 'kitchen' },
  podCidr: '10.85.0.0/16',
  devices: [],
  maxPods: 110,
  nodeStatusMaxImages: 2,
  systemReserved: { cpu: 500, memory: 100 * 1024 * 1024 },
  kubeReserved: { memory: 28 * 1024 * 1024 },
  evictionHard: { 'memory.available': { amount: 100 * 1024 * 1024 }, 'nodefs.available': { share: 0.1 } },
};
const machine = {
  architecture: 'arm64',
  kernelVersion: '6.6.1',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  cpus: 4,
  memoryBytes: 1024 * 1024 * 1024,
  storageBytes: 8 * 1024 * 1024 * 1024,
  machineId: 'abc',
  bootId: 'boot-1',
};
const healthy: NodeObservation = {
  runtimeVersion: 'containerd://1.6.20',
  problems: [],
  addresses: ['192.168.1.7'],
  apiPort: 6443,
  storeRecovered: false,
  images: [],
};
const at = (second: number): string => `2026-01-01T00:00:0${second}Z`;

describe('the status of a node', () => {
  it('is Ready with the reason and message of the kubelet', () => {
    const status = computeNodeStatus(settings, machine, healthy, [], at(0));
    assert.deepEqual(status.conditions?.at(-1), {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'kubelet is posting ready status',
      lastHeartbeatTime: at(0),
      lastTransitionTime: at(0),
    });
    assert.equal(status.capacity?.['memory'], '1048576Ki');
    assert.deepEqual(status.addresses, [
      { type: 'InternalIP', address: '192.168.1.7' },
      { type: 'Hostname', address: 'pi' },
    ]);
  });

  it('is not Ready while the runtime is down, and says since when', () => {
    const before = computeNodeStatus(settings, machine, healthy, [], at(0));
    const down = { ...healthy, problems: ['container runtime is down: no answer'] };
    const first = computeNodeStatus(settings, machine, down, before.conditions ?? [], at(1));
    const second = computeNodeStatus(settings, machine, down, first.conditions ?? [], at(2));
    const ready = second.conditions?.at(-1);
    assert.equal(ready?.status, 'False');
    assert.equal(ready?.reason, 'KubeletNotReady');
    assert.equal(ready?.lastTransitionTime, at(1));
    assert.equal(ready?.lastHeartbeatTime, at(2));
  });

  it('tells that the store was recovered', () => {
    const status = computeNodeStatus(settings, machine, { ...healthy, storeRecovered: true }, [], at(0));
    assert.equal(status.conditions?.find(({ type }) => type === 'StoreRecovered')?.status, 'True');
  });

  it('names another device that has the identity of this one', () => {
    const duplicates = [{ node: 'pi', addresses: ['10.0.0.9'] }];
    const status = computeNodeStatus(settings, machine, { ...healthy, duplicates }, [], at(0));
    const condition = status.conditions?.find(({ type }) => type === 'DuplicateIdentity');
    assert.equal(condition?.status, 'True');
    assert.match(
      condition?.message ?? '',
      /pi at 10\.0\.0\.9; on the copy, stop eliotd and run "eliotd reset --identity"$/,
    );
  });

  it('says whether its name is set on the device', () => {
    const source = 'eliot.run/node-name-source';
    assert.equal(computeNodeAnnotations({ devices: [], isNodeNameSet: true })[source], 'setting');
    assert.equal(computeNodeAnnotations({ devices: [], isNodeNameSet: false })[source], 'device');
  });

  it('names the largest images, digests before tags', () => {
    const image = (name: string, sizeBytes: number) => ({
      tags: [`${name}:1`],
      digests: [`${name}@sha256:a`],
      sizeBytes,
    });
    const images = [image('small', 1), image('large', 9), image('middle', 5)];
    const status = computeNodeStatus(settings, machine, { ...healthy, images }, [], at(0));
    assert.deepEqual(status.images, [
      { names: ['large@sha256:a', 'large:1'], sizeBytes: 9 },
      { names: ['middle@sha256:a', 'middle:1'], sizeBytes: 5 },
    ]);
  });

  it('tells which option a kernel needs that cannot limit memory', () => {
    const status = computeNodeStatus(settings, machine, { ...healthy, hasMemoryCgroups: false }, [], at(0));
    const condition = status.conditions?.find(({ type }) => type === 'MemoryCgroupsMissing');
    assert.equal(condition?.status, 'True');
    assert.match(condition?.message ?? '', /add "cgroup_enable=memory cgroup_memory=1" to its command line/);
    assert.equal(status.conditions?.at(-1)?.status, 'True', 'the node is ready all the same');
  });

  it('has not changed when only the heartbeat is newer', () => {
    const first = computeNodeStatus(settings, machine, healthy, [], at(0));
    const second = computeNodeStatus(settings, machine, healthy, first.conditions ?? [], at(1));
    assert.equal(isNodeStatusChanged(second, first), false);
    const moved = computeNodeStatus(settings, machine, { ...healthy, addresses: ['10.0.0.1'] }, [], at(1));
    assert.equal(isNodeStatusChanged(moved, first), true);
  });

  it('has changed when nothing of it is known any more, as after a boot', () => {
    const status = computeNodeStatus(settings, machine, healthy, [], at(0));
    assert.equal(isNodeStatusChanged(status, {} as Node['status']), true);
  });

  it('keeps back what is reserved and what must be left before pods are evicted', () => {
    const { capacity, allocatable } = computeNodeStatus(settings, machine, healthy, [], at(0));
    assert.deepEqual(capacity, { cpu: '4', 'ephemeral-storage': '8388608Ki', memory: '1048576Ki', pods: '110' });
    assert.deepEqual(allocatable, {
      cpu: '3500m',
      'ephemeral-storage': '7549747Ki',
      memory: `${1048576 - (100 + 28 + 100) * 1024}Ki`,
      pods: '110',
    });
  });

  it('keeps resources that somebody else added to the node', () => {
    const status = computeNodeStatus(settings, machine, healthy, [], at(0));
    const published = { ...status, capacity: { 'example.com/dongle': '2', 'eliot.run/gone': '1', cpu: '9' } };
    const next = withResources(
      status,
      { ...published, allocatable: { 'example.com/dongle': '1' } },
      { 'eliot.run/serial': { capacity: '2', allocatable: '1' } },
    );
    assert.equal(next.capacity?.['eliot.run/serial'], '2');
    assert.equal(next.allocatable?.['eliot.run/serial'], '1');
    assert.equal(next.capacity?.['example.com/dongle'], '2');
    assert.equal(next.allocatable?.['example.com/dongle'], '1');
    assert.equal(next.capacity?.['eliot.run/gone'], undefined);
    assert.equal(next.capacity?.['cpu'], '4');
  });

  it('taints a node that is short of something or cordoned, and leaves the taints of others', () => {
    const node = (unschedulable: boolean, pressure: string, taints: object[]): Node =>
      ({
        spec: { unschedulable, taints },
        status: { conditions: [{ type: 'DiskPressure', status: pressure }] },
      }) as unknown as Node;
    const foreign = { key: 'lab', value: 'x', effect: 'NoExecute' };
    const short = computeTaints(node(true, 'True', [foreign]));
    assert.deepEqual(short, [
      foreign,
      { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ]);
    assert.deepEqual(computeTaints(node(true, 'True', [...short])), short);
    assert.deepEqual(computeTaints(node(false, 'False', [...short])), [foreign]);
  });

  it('carries the labels that were set beside those of the machine', () => {
    assert.deepEqual(computeNodeLabels(settings, machine), {
      zone: 'kitchen',
      'kubernetes.io/hostname': 'pi',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'arm64',
    });
  });
});

describe('the annotations of a node', () => {
  it('say which devices pods may ask for, and that there is nothing to say', () => {
    const devices = [{ name: 'serial', paths: ['/dev/ttyUSB*'] }];
    const { 'eliot.run/devices': offered } = computeNodeAnnotations({ devices, isNodeNameSet: false });
    assert.equal(offered, '{"eliot.run/serial":["/dev/ttyUSB*"]}');
    const none = computeNodeAnnotations({ devices: [], isNodeNameSet: false });
    assert.ok('eliot.run/devices' in none);
    assert.equal(none['eliot.run/devices'], undefined);
  });
});
