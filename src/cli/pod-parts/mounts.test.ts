import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { type MountSpec, parseBind, parseMount, toQuantity, volumesOf } from './mounts.ts';

const hostPath = (path: string): MountSpec['source'] => ({ hostPath: { path, type: '' } });

describe('what is mounted', () => {
  const binds: readonly (readonly [text: string, spec: MountSpec])[] = [
    ['/a:/b', { source: hostPath('/a'), mount: { mountPath: '/b' } }],
    ['/a:/b:ro', { source: hostPath('/a'), mount: { mountPath: '/b', readOnly: true } }],
    ['/a:/b:rw,rbind,rprivate', { source: hostPath('/a'), mount: { mountPath: '/b' } }],
    [
      '/a:/b:ro,rslave',
      { source: hostPath('/a'), mount: { mountPath: '/b', readOnly: true, mountPropagation: 'HostToContainer' } },
    ],
    ['/a:/b:rshared', { source: hostPath('/a'), mount: { mountPath: '/b', mountPropagation: 'Bidirectional' } }],
  ];
  for (const [text, spec] of binds) {
    it(`is read from --bind ${text}`, () => assert.deepEqual(parseBind(text, '--bind'), spec));
  }

  const mounts: readonly (readonly [text: string, spec: MountSpec])[] = [
    [
      'type=bind,source=/a,destination=/b,options=ro:rprivate',
      { source: hostPath('/a'), mount: { mountPath: '/b', readOnly: true } },
    ],
    ['src=/a,dst=/b,readonly', { source: hostPath('/a'), mount: { mountPath: '/b', readOnly: true } }],
    ['type=tmpfs,target=/b', { source: { emptyDir: { medium: 'Memory' } }, mount: { mountPath: '/b' } }],
    [
      'type=tmpfs,dst=/b,tmpfs-size=64m,options=nosuid:mode=1777',
      { source: { emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }, mount: { mountPath: '/b' } },
    ],
  ];
  for (const [text, spec] of mounts) {
    it(`is read from --mount ${text}`, () => assert.deepEqual(parseMount(text, '--mount'), spec));
  }

  for (const text of ['', '/a', ':/b', '/a:', 'a:/b', '/a:b', '/a:/b:what', '/a:/b:ro:x']) {
    it(`is not read from --bind "${text}"`, () => assert.throws(() => parseBind(text, '--bind'), UsageError));
  }
  for (const text of [
    'type=volume,src=x,dst=/b',
    'dst=/b',
    'src=/a',
    'src=/a,dst=/b,nope=1',
    'type=tmpfs,dst=/b,options=what',
  ]) {
    it(`is not read from --mount "${text}"`, () => assert.throws(() => parseMount(text, '--mount'), UsageError));
  }

  it('is one volume for one path of the device', () => {
    const { volumes, mounts: mounted } = volumesOf(
      ['/a:/b', '/a:/c:ro', '/d:/e'].map((text) => parseBind(text, '--bind')),
    );
    assert.deepEqual(
      volumes.map(({ name, hostPath: source }) => [name, source?.path]),
      [
        ['mount-0', '/a'],
        ['mount-1', '/d'],
      ],
    );
    assert.deepEqual(
      mounted.map(({ name }) => name),
      ['mount-0', 'mount-0', 'mount-1'],
    );
  });
});

describe('a size', () => {
  for (const [docker, quantity] of [
    ['64m', '64Mi'],
    ['1g', '1Gi'],
    ['512k', '512Ki'],
    ['100b', '100'],
    ['1.5g', '1.5Gi'],
    ['64Mi', '64Mi'],
    ['64M', '64M'],
    ['1000', '1000'],
  ] as const) {
    it(`of docker's ${docker} is ${quantity}`, () => assert.equal(toQuantity(docker), quantity));
  }
});
