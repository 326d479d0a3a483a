import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podKind } from '../../api/kinds/pod/pod.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import { admitObject } from '../../testing/admit-object.ts';
import { parseBind } from '../pod-parts/mounts.ts';
import { computeUpPod, type UpPodWish } from './compute-up-pod.ts';

const wish: UpPodWish = {
  name: 'web',
  namespace: 'default',
  image: 'docker.io/library/node:latest',
  command: ['node', 'server.js'],
  workdir: '/volume',
  env: [],
  mounts: [],
  syncs: [{ source: '.', destination: '/volume' }],
  ports: [],
  limits: {},
  requests: {},
  privileged: false,
  hostNetwork: false,
  pullPolicy: 'IfNotPresent',
  stopSeconds: 3,
  lease: 'eli-up-1',
  owner: 'ada@laptop',
  ownerProcess: 42,
  ownerMachine: { id: 'a1', boot: 'b1' },
};
const podOf = (change: Partial<UpPodWish> = {}): Pod => computeUpPod({ ...wish, ...change });
const containerOf = (change: Partial<UpPodWish> = {}): Container => podOf(change).spec.containers[0] as Container;

describe('the pod of eli up', () => {
  it('says whose it is, hangs on a lease, and its program waits for the files', () => {
    const { metadata, spec } = podOf();
    assert.equal(metadata.name, 'web');
    assert.deepEqual(metadata.labels, { 'app.kubernetes.io/managed-by': 'eli-up' });
    assert.deepEqual(metadata.annotations, {
      'eliot.run/lease': 'eli-up-1',
      'eliot.run/hold-until-attached': 'web',
      'eliot.run/start.web': '1',
      'eliot.run/owner': 'ada@laptop',
      'eliot.run/owner-process': '42',
      'eliot.run/owner-machine': 'a1.b1',
    });
    assert.equal(spec.restartPolicy, 'Always');
    assert.equal(containerOf().stdin, true);
  });

  it('has a volume of its own for each directory that is synced, and one for what is worth keeping', () => {
    const syncs = [...wish.syncs, { source: '../shared', destination: '/shared' }];
    assert.deepEqual(
      podOf({ syncs }).spec.volumes?.map(({ name, emptyDir }) => [name, emptyDir]),
      [
        ['sync-0', {}],
        ['sync-1', {}],
        ['cache', {}],
      ],
    );
    assert.deepEqual(
      containerOf({ syncs }).volumeMounts?.map(({ name, mountPath }) => [name, mountPath]),
      [
        ['sync-0', '/volume'],
        ['sync-1', '/shared'],
        ['cache', '/var/cache/eliot-up'],
      ],
    );
  });

  it('mounts what it is told to where it would have mounted something of its own', () => {
    const { volumeMounts } = containerOf({ mounts: [parseBind('/data:/var/cache/eliot-up', '--bind')] });
    assert.deepEqual(
      volumeMounts?.map(({ mountPath }) => mountPath),
      ['/var/cache/eliot-up', '/volume'],
    );
  });

  it('passes words and variables on as they are', () => {
    const { command, env } = containerOf({ command: ['echo', '$(HOME) $$'], env: [{ name: 'A', value: '$(B)' }] });
    assert.deepEqual(command, ['echo', '$$(HOME) $$$$']);
    assert.deepEqual(env, [{ name: 'A', value: '$$(B)' }]);
  });

  it('is what a device takes', () => {
    const change: Partial<UpPodWish> = {
      ports: [{ local: 3_000, remote: 80 }],
      limits: { memory: '64Mi' },
      requests: { cpu: '100m' },
      privileged: true,
      hostNetwork: true,
      mounts: [parseBind('/data:/data:ro', '--bind')],
      env: [{ name: 'A', value: '1' }],
    };
    const { object: admitted, errors } = admitObject(podKind, podOf(change));
    assert.deepEqual(errors, []);
    const [container] = admitted.spec.containers;
    assert.equal(container?.ports?.[0]?.containerPort, 80);
    assert.deepEqual(container?.resources?.limits, { memory: '64Mi' });
    assert.deepEqual(container?.resources?.requests, { cpu: '100m', memory: '64Mi' });
    assert.equal(container?.securityContext?.privileged, true);
    assert.equal(admitted.spec.hostNetwork, true);
  });
});
