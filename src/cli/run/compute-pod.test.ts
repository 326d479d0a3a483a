import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podKind } from '../../api/kinds/pod/pod.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import { admitObject } from '../../testing/admit-object.ts';
import { UsageError } from '../usage-error.ts';
import { computePod, type RunWish } from './compute-pod.ts';
import type { RunFlags } from './run-flags.ts';

const wish: RunWish = {
  image: 'docker.io/library/busybox:1',
  command: [],
  flags: {},
  namespace: 'default',
  env: [],
  tty: false,
  lease: undefined,
  isRemoved: false,
  offeredDevices: { 'eliot.run/serial': ['/dev/ttyUSB*'] },
};
const podOf = (flags: RunFlags, more: Partial<RunWish> = {}): Pod => computePod({ ...wish, flags, ...more });
const containerOf = (flags: RunFlags, more: Partial<RunWish> = {}): Container =>
  podOf(flags, more).spec.containers[0] as Container;

describe('the pod of eli run', () => {
  it('is called as its image, and runs once', () => {
    const { metadata, spec } = podOf({});
    assert.equal(metadata.generateName, 'busybox-');
    assert.equal(spec.containers[0]?.name, 'busybox');
    assert.equal(spec.restartPolicy, 'Never');
  });

  it('is called as it was told to, and so is its container', () => {
    const { metadata, spec } = podOf({ name: 'my.web' });
    assert.deepEqual([metadata.name, metadata.generateName, spec.containers[0]?.name], ['my.web', undefined, 'my-web']);
  });

  it('is held until somebody is attached, but not when nobody will be', () => {
    const held = 'eliot.run/hold-until-attached';
    assert.deepEqual(podOf({}).metadata.annotations, { [held]: 'busybox' });
    assert.equal(containerOf({}).stdin, true);
    assert.equal(podOf({ detach: true }).metadata.annotations, undefined);
    assert.equal(containerOf({ detach: true }).stdin, undefined);
  });

  it('says who cares for it, and that it goes when it has ended', () => {
    const { annotations } = podOf({ detach: true }, { lease: 'laptop', isRemoved: true }).metadata;
    assert.deepEqual(annotations, { 'eliot.run/lease': 'laptop', 'eliot.run/remove-when-finished': 'true' });
  });

  it('ends its input with ours, but not that of a terminal, which can be left', () => {
    assert.equal(containerOf({ stdin: true }).stdinOnce, true);
    assert.equal(containerOf({ stdin: true, tty: true }, { tty: true }).stdinOnce, undefined);
  });

  it('has everything that the flags say, in the words of Kubernetes, and the device takes it', () => {
    const flags: RunFlags = {
      name: 'all',
      label: ['app=web', 'mark'],
      bind: ['/data:/data:ro'],
      mount: ['type=tmpfs,dst=/tmp'],
      workdir: '/srv',
      entrypoint: '/bin/sh',
      user: '1000:20',
      hostname: 'box',
      device: ['serial', 'example.com/camera=2'],
      capAdd: ['cap_net_admin'],
      capDrop: ['ALL'],
      readOnly: true,
      init: true,
      cpus: '0.5',
      memory: '64m',
      limit: ['ephemeral-storage=1Gi'],
      port: ['8080:80', '127.0.0.1:53:53/udp'],
      imagePull: 'missing',
      restart: 'on-failure',
      stopTimeout: '3',
    };
    const pod = podOf(flags, { command: ['-c', 'true'], env: [{ name: 'A', value: '1' }] });
    assert.deepEqual(pod.metadata.labels, { app: 'web', mark: '' });
    const { spec } = pod;
    assert.deepEqual(
      [spec.restartPolicy, spec.hostname, spec.shareProcessNamespace, spec.terminationGracePeriodSeconds],
      ['OnFailure', 'box', true, 3],
    );
    const { command, args, workingDir, resources, securityContext, ports, imagePullPolicy } = containerOf(flags, {
      command: ['-c', 'true'],
    });
    assert.deepEqual(
      [command, args, workingDir, imagePullPolicy],
      [['/bin/sh'], ['-c', 'true'], '/srv', 'IfNotPresent'],
    );
    assert.deepEqual(resources, {
      limits: {
        cpu: '0.5',
        memory: '64Mi',
        'ephemeral-storage': '1Gi',
        'eliot.run/serial': '1',
        'example.com/camera': '2',
      },
    });
    assert.deepEqual(securityContext, {
      runAsUser: 1000,
      runAsGroup: 20,
      readOnlyRootFilesystem: true,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
    });
    assert.deepEqual(ports, [
      { containerPort: 80, hostPort: 8080, protocol: 'TCP' },
      { containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '127.0.0.1' },
    ]);
    assert.deepEqual(admitObject(podKind, pod).errors, []);
  });

  it('uses the network of the device when it is told to', () => {
    const pod = podOf({ name: 'web', network: 'host', port: ['80'] });
    assert.equal(pod.spec.hostNetwork, true);
    assert.deepEqual(admitObject(podKind, pod).errors, []);
  });

  it('asks for what the device offers by the name of a file', () => {
    const flags = { device: ['/dev/ttyUSB0', '/dev/ttyUSB1'] };
    assert.deepEqual(containerOf(flags).resources, { limits: { 'eliot.run/serial': '2' } });
  });

  it('may open any other file below /dev only with every right', () => {
    assert.throws(() => podOf({ device: ['/dev/mem'] }), /none of those that the device offers/);
    assert.throws(() => podOf({ device: ['/dev/ttyUSB0:/dev/meter'] }), /none of those that the device offers/);
    assert.equal(podOf({ device: ['/dev/ttyUSB0'], privileged: true }).spec.volumes, undefined);
    const { spec } = podOf({ device: ['/dev/ttyUSB0:/dev/meter'], privileged: true });
    assert.equal(spec.volumes?.[0]?.hostPath?.path, '/dev/ttyUSB0');
    assert.equal(spec.containers[0]?.volumeMounts?.[0]?.mountPath, '/dev/meter');
  });

  const wrong: readonly RunFlags[] = [
    { restart: 'sometimes' },
    { restart: 'on-failure:3' },
    { imagePull: 'maybe' },
    { user: 'root' },
    { network: 'none' },
    { label: ['=x'] },
    { cpus: 'many' },
    { memory: 'much' },
    { limit: ['x'] },
    { port: ['http'] },
    { port: ['0:80'] },
    { port: ['80-90:80-90'] },
    { port: ['80:99999'] },
    { port: ['80/icmp'] },
    { device: ['serial=0'] },
    { device: ['/dev/a:b'], privileged: true },
    { stopTimeout: 'soon' },
  ];
  for (const flags of wrong) {
    it(`is refused with ${JSON.stringify(flags)}`, () => assert.throws(() => podOf(flags), UsageError));
  }
});
