import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { SyncWish } from '../../apiserver/pod-sync.ts';
import { silentLogger } from '../../lib/logger.ts';
import { FileSync } from './file-sync.ts';

const podOf = (name: string, volume: object = { emptyDir: {} }): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: {
      securityContext: { runAsUser: 7, fsGroup: 8 },
      containers: [{ name: 'main', volumeMounts: [{ name: 'code', mountPath: '/code' }] }],
      volumes: [{ name: 'code', ...volume }],
    },
  }) as unknown as Pod;

describe('sync sessions of a device', () => {
  let pods: Map<string, Pod>;
  let isSetUp: boolean;
  /** Command lines of the children, and what ends each. */
  let children: { args: readonly string[]; signal: AbortSignal }[];
  let sync: FileSync;
  beforeEach(() => {
    pods = new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, podOf(name)]));
    isSetUp = true;
    children = [];
    sync = new FileSync({
      pods: { get: ({ name }) => pods.get(name) },
      volumePath: (uid, { name }) => `/data/pods/${uid}/volumes/kubernetes.io~empty-dir/${name}`,
      exists: async () => isSetUp,
      startChild: (_command, args, signal) => {
        const { promise: ended, resolve } = Promise.withResolvers<string | undefined>();
        children.push({ args, signal });
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
        return { stream: new PassThrough(), ended };
      },
      nodeProgram: 'node',
      syncProgram: 'eliot-sync.js',
      log: silentLogger,
    });
  });

  const open = (change: Partial<SyncWish> = {}) => {
    const { pod = 'a' } = change;
    const wish = { namespace: 'default', pod, uid: `uid-${pod}`, volume: 'code', session: 's1', isResumed: false };
    return sync.open({ ...wish, ...change }, new AbortController().signal);
  };

  it('are children that know their directory and whose the files are', async () => {
    await open();
    const volumes = '/data/pods/uid-a/volumes';
    assert.deepEqual(children[0]?.args, [
      'eliot-sync.js',
      '--root',
      `${volumes}/kubernetes.io~empty-dir/code`,
      '--staging',
      `${volumes}/eliot.run~sync/code`,
      '--uid',
      '7',
      '--gid',
      '8',
    ]);
  });

  it('write into no volume but an emptyDir of the pod that was authorised', async () => {
    pods.set('host', podOf('host', { hostPath: { path: '/' } }));
    await assert.rejects(open({ pod: 'host' }), /is no emptyDir/);
    await assert.rejects(open({ volume: 'other' }), /has no volume "other"; it has: code/);
    await assert.rejects(open({ uid: 'another' }), { reason: 'NotFound' });
    await assert.rejects(open({ pod: 'unknown' }), { reason: 'ServiceUnavailable' });
    isSetUp = false;
    await assert.rejects(open(), { reason: 'ServiceUnavailable' });
    assert.equal(children.length, 0);
  });

  it('are refused when another pod has the name by now than the one that is meant, also to whoever comes back', async () => {
    await open({ requiredUid: 'uid-a' });
    pods.set('a', { ...podOf('a'), metadata: { ...podOf('a').metadata, uid: 'uid-new' } });
    for (const isResumed of [false, true]) {
      await assert.rejects(open({ uid: 'uid-new', requiredUid: 'uid-a', isResumed }), {
        reason: 'Conflict',
        message: /Precondition failed: UID in precondition: uid-a, UID in object meta: uid-new/,
      });
    }
    assert.equal(children.length, 1);
    await open({ uid: 'uid-new', requiredUid: 'uid-new' });
    assert.equal(children.length, 2);
  });

  it('are one of a volume also when fifty begin at once, and none is left when the pod ends', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => open({ session: `s${index}` })));
    assert.equal(children.filter((child) => !child.signal.aborted).length, 1);
    await sync.endOf('uid-a');
    assert.equal(children.filter((child) => !child.signal.aborted).length, 0);
  });

  it('do not begin in a pod that ended while the session before was ended', async () => {
    await open();
    const second = open({ session: 's2' });
    pods.set('a', { ...podOf('a'), status: { phase: 'Failed' } } as unknown as Pod);
    await assert.rejects(second, { reason: 'Conflict' });
    assert.equal(children.length, 1);
  });

  it('are taken over by whoever comes later, and not by whoever comes back', async () => {
    await open({ session: 's1' });
    await open({ session: 's2' });
    assert.deepEqual(
      children.map(({ signal }) => signal.aborted),
      [true, false],
    );
    await assert.rejects(open({ session: 's1', isResumed: true }), { reason: 'Conflict' });
    await open({ session: 's2', isResumed: true });
    assert.deepEqual(
      children.map(({ signal }) => signal.aborted),
      [true, true, false],
    );
  });

  it('are four at once', async () => {
    for (const pod of ['a', 'b', 'c', 'd']) await open({ pod });
    await assert.rejects(open({ pod: 'e' }), { reason: 'TooManyRequests' });
    await sync.endOf('uid-b');
    await open({ pod: 'e' });
  });
});
