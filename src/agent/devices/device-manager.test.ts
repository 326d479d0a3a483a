import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { DeviceNode } from '../../host/device-nodes.ts';
import { makePod } from '../../testing/pods.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { DeviceManager } from './device-manager.ts';

let plugged: DeviceNode[] = [];
let pods: Pod[] = [];
let observed = new Map<string, ObservedPod>();

const node = (path: string, gid = 0): DeviceNode => ({ path, realPath: `/real${path}`, gid, mode: 0o660 });
const manager = (shared = 1): DeviceManager =>
  new DeviceManager({
    settings: [{ name: 'serial', paths: ['/dev/tty*'], shared, permissions: 'rw' }],
    nodes: { find: async () => plugged, watch: () => {} },
    pods: () => pods,
    observed: { get: (uid) => observed.get(uid) },
  });
const asking = (name: string, count = '1'): object => ({
  name,
  image: 'i',
  resources: { limits: { 'eliot.run/serial': count } },
});
function add(uid: string, spec: object = { containers: [asking('a')] }): Pod {
  const pod = makePod({ metadata: { uid, name: uid }, spec, status: {} });
  pods.push(pod);
  return pod;
}
const container = (pod: Pod): Container => pod.spec.containers[0] as Container;
const paths = async (devices: DeviceManager, pod: Pod, of = container(pod)): Promise<unknown> => {
  const given = await devices.assign(pod, of);
  return typeof given === 'string' ? given : given.paths['eliot.run/serial'];
};

beforeEach(() => {
  plugged = [node('/dev/tty0', 20), node('/dev/tty1')];
  pods = [];
  observed = new Map();
});

describe('devices', () => {
  it('are counted, and handed out one by one with their group', async () => {
    const devices = manager();
    await devices.refresh();
    assert.deepEqual(devices.resources(), { 'eliot.run/serial': { capacity: '2', allocatable: '2' } });
    const first = add('p1');
    assert.deepEqual(await devices.assign(first, container(first)), {
      devices: [{ hostPath: '/real/dev/tty0', containerPath: '/dev/tty0', permissions: 'rw' }],
      groups: [20],
      paths: { 'eliot.run/serial': ['/dev/tty0'] },
    });
    assert.deepEqual(await paths(devices, add('p2')), ['/dev/tty1']);
    assert.equal(await paths(devices, add('p3')), '1 of eliot.run/serial wanted, 0 free of 2 that are plugged in');
  });

  it('are none for a container that asks for none', async () => {
    const pod = add('p1', { containers: [{ name: 'a', image: 'i' }] });
    assert.deepEqual(await manager().assign(pod, container(pod)), { devices: [], groups: [], paths: {} });
  });

  it('stay with their container, and come back when its pod has gone', async () => {
    const devices = manager();
    const [first, second] = [add('p1'), add('p2')];
    await paths(devices, first);
    assert.deepEqual(await paths(devices, second), ['/dev/tty1']);
    assert.deepEqual(await paths(devices, first), ['/dev/tty0']);
    pods = [second];
    assert.deepEqual(await paths(devices, add('p3')), ['/dev/tty0']);
  });

  it('are known again after a restart, from what containers say of themselves', async () => {
    const old = add('old');
    observed.set('old', {
      containers: [
        { name: 'a', state: 'Running', annotations: { 'run.eliot.devices': '{"eliot.run/serial":["/dev/tty0"]}' } },
      ],
    } as unknown as ObservedPod);
    const devices = manager();
    assert.deepEqual(await paths(devices, add('new')), ['/dev/tty1']);
    assert.deepEqual(await paths(devices, old), ['/dev/tty0']);
  });

  it('of a finished pod are free once nothing of it runs', async () => {
    const devices = manager();
    plugged = [node('/dev/tty0')];
    await paths(devices, add('done'));
    pods = [{ ...(pods[0] as Pod), status: { phase: 'Failed' } }];
    observed.set('done', { containers: [{ name: 'a', state: 'Running', annotations: {} }] } as unknown as ObservedPod);
    const next = add('next');
    assert.match(String(await paths(devices, next)), /0 free/);
    observed.set('done', { containers: [{ name: 'a', state: 'Exited', annotations: {} }] } as unknown as ObservedPod);
    assert.deepEqual(await paths(devices, next), ['/dev/tty0']);
  });

  it('that are unplugged lower what can be asked for, and are replaced at the next start', async () => {
    const devices = manager();
    const pod = add('p1');
    await paths(devices, pod);
    plugged = [node('/dev/tty1')];
    assert.equal(await devices.refresh(), true);
    assert.equal(await devices.refresh(), false);
    assert.deepEqual(devices.resources(), { 'eliot.run/serial': { capacity: '2', allocatable: '1' } });
    assert.deepEqual(await paths(devices, pod), ['/dev/tty1']);
  });

  it('that are shared go to so many containers, evenly', async () => {
    const devices = manager(2);
    await devices.refresh();
    assert.equal(devices.resources()['eliot.run/serial']?.allocatable, '4');
    const given: unknown[] = [];
    for (const uid of ['p1', 'p2', 'p3', 'p4', 'p5']) given.push(await paths(devices, add(uid)));
    assert.deepEqual(given.slice(0, 4), [['/dev/tty0'], ['/dev/tty1'], ['/dev/tty0'], ['/dev/tty1']]);
    assert.match(String(given[4]), /0 free of 2/);
  });

  it('are handed on by an init container to those after it, and not by one that goes on running', async () => {
    const devices = manager();
    const pod = add('p1', {
      initContainers: [asking('init'), { ...asking('side'), restartPolicy: 'Always' }],
      containers: [asking('main')],
    });
    const [init, side] = pod.spec.initContainers as [Container, Container];
    assert.deepEqual(await paths(devices, pod, init), ['/dev/tty0']);
    assert.deepEqual(await paths(devices, pod, side), ['/dev/tty0']);
    assert.deepEqual(await paths(devices, pod), ['/dev/tty1']);
  });
});
