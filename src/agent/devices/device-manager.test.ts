import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { DeviceNode } from '../../host/device-nodes.ts';
import { silentLogger } from '../../lib/logger.ts';
import { makePod } from '../../testing/pods.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { DeviceManager, type DeviceSetting } from './device-manager.ts';

let plugged: DeviceNode[] = [];
let pods: Pod[] = [];
let observed = new Map<string, ObservedPod>();

const node = (path: string, gid = 0): DeviceNode => ({ path, realPath: `/real${path}`, gid, mode: 0o660 });
const serial = (shared = 1): DeviceSetting => ({ name: 'serial', paths: ['/dev/tty*'], shared, permissions: 'rw' });
const manager = (shared = 1): DeviceManager => managerOf([serial(shared)], async () => plugged);
const managerOf = (
  settings: readonly DeviceSetting[],
  find: (patterns: readonly string[]) => Promise<readonly DeviceNode[]>,
  warnings: unknown[] = [],
): DeviceManager =>
  new DeviceManager({
    settings,
    nodes: { find, watch: () => {} },
    pods: () => pods,
    observed: { get: (uid) => observed.get(uid) },
    log: { ...silentLogger, warn: (_message, fields) => void warnings.push(fields) },
  });
const asking = (name: string, count = '1', resource = 'serial'): object => ({
  name,
  image: 'i',
  resources: { limits: { [`eliot.run/${resource}`]: count } },
});
function add(uid: string, spec: object = { containers: [asking('a')] }): Pod {
  const pod = makePod({ metadata: { uid, name: uid }, spec, status: {} });
  pods.push(pod);
  return pod;
}
const container = (pod: Pod): Container => pod.spec.containers[0] as Container;
const paths = async (devices: DeviceManager, pod: Pod, of = container(pod), resource = 'serial'): Promise<unknown> => {
  const given = await devices.assign(pod, of);
  return typeof given === 'string' ? given : given.paths[`eliot.run/${resource}`];
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

  describe('that two settings name', () => {
    const meter: DeviceSetting = { name: 'meter', paths: ['/dev/by-id/meter'], shared: 1, permissions: 'rw' };
    const tty = (name: string, path = `/dev/${name}`): DeviceNode => ({ ...node(path), realPath: `/dev/${name}` });
    let hasLink = true;
    const find = async (patterns: readonly string[]): Promise<readonly DeviceNode[]> =>
      patterns.includes('/dev/tty*') ? [tty('tty0'), tty('tty1')] : hasLink ? [tty('tty0', '/dev/by-id/meter')] : [];
    const counted = (devices: DeviceManager): unknown =>
      Object.entries(devices.resources()).map(([, { capacity, allocatable }]) => [capacity, allocatable]);

    it('are those of the first one, which is said once', async () => {
      hasLink = true;
      const warnings: unknown[] = [];
      const devices = managerOf([meter, serial()], find, warnings);
      await devices.refresh();
      await devices.refresh();
      assert.deepEqual(counted(devices), [
        ['1', '1'],
        ['1', '1'],
      ]);
      assert.deepEqual(warnings, [{ device: '/dev/tty0', resource: 'eliot.run/serial', belongsTo: 'eliot.run/meter' }]);
      assert.deepEqual(await paths(devices, add('p1')), ['/dev/tty1']);
      const pod = add('p2', { containers: [asking('a', '1', 'meter')] });
      assert.deepEqual(await paths(devices, pod, container(pod), 'meter'), ['/dev/by-id/meter']);
    });

    it('are free only when nobody has them under their other name, whose link came first', async () => {
      hasLink = false;
      const devices = managerOf([meter, serial()], find);
      assert.deepEqual(await paths(devices, add('early')), ['/dev/tty0']);
      hasLink = true;
      const pod = add('p2', { containers: [asking('a', '1', 'meter')] });
      assert.equal(await paths(devices, pod), '1 of eliot.run/meter wanted, 0 free of 1 that are plugged in');
      assert.deepEqual(counted(devices), [
        ['1', '1'],
        ['1', '1'],
      ]);
      pods = [pod];
      assert.deepEqual(await paths(devices, pod, container(pod), 'meter'), ['/dev/by-id/meter']);
    });
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
