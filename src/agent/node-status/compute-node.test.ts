import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeNodeLabels, computeNodeStatus, isNodeStatusChanged, type NodeObservation } from './compute-node.ts';

const settings = { nodeName: 'pi', labels: { zone: 'kitchen' }, podCidr: '10.85.0.0/16', maxPods: 110 };
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

  it('has not changed when only the heartbeat is newer', () => {
    const first = computeNodeStatus(settings, machine, healthy, [], at(0));
    const second = computeNodeStatus(settings, machine, healthy, first.conditions ?? [], at(1));
    assert.equal(isNodeStatusChanged(second, first), false);
    const moved = computeNodeStatus(settings, machine, { ...healthy, addresses: ['10.0.0.1'] }, [], at(1));
    assert.equal(isNodeStatusChanged(moved, first), true);
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
