import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imagesOf, userName, wantsImages } from './image-use.ts';
import type { KubeObject } from './meta.ts';
import { kinds } from './scheme.ts';

const objectWith = (more: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'web', namespace: 'default' }, ...more }) as KubeObject;

describe('the images of', () => {
  it('a pod are those of all its containers, by their full names', () => {
    const spec = {
      initContainers: [{ image: 'busybox' }],
      containers: [
        { image: 'busybox:latest' },
        { image: 'r.lan/a@sha256:'.padEnd(64 + 15, 'a') },
        { image: 'Not A Name' },
      ],
      ephemeralContainers: [{ image: 'debug:1' }],
    };
    assert.deepEqual(imagesOf(objectWith({ spec })), [
      'docker.io/library/busybox:latest',
      'r.lan/a@sha256:'.padEnd(64 + 15, 'a'),
      'docker.io/library/debug:1',
    ]);
  });

  it('what has a template are those of the template', () => {
    const spec = { template: { spec: { containers: [{ image: 'web:2' }] } } };
    assert.deepEqual(imagesOf(objectWith({ spec })), ['docker.io/library/web:2']);
  });

  it('a bundle are those of the version that runs and of the one that may come back', () => {
    const spec = { digest: 'sha256:a', images: ['r/web@sha256:a'], previous: { images: ['r/web@sha256:b'] } };
    assert.deepEqual(imagesOf(objectWith({ spec })), ['r/web@sha256:a', 'r/web@sha256:b']);
  });

  it('anything else are none', () => {
    assert.deepEqual(imagesOf(objectWith({ data: { a: 'b' } })), []);
  });
});

it('knows by its description which kind wants images', () => {
  const found = kinds.filter(wantsImages).map(({ kind }) => kind);
  for (const kind of ['Pod', 'ReplicaSet', 'Deployment', 'Bundle']) assert.ok(found.includes(kind), kind);
  for (const kind of ['ConfigMap', 'Namespace', 'Image']) assert.ok(!found.includes(kind), kind);
});

it('names a user in a few words', () => {
  assert.equal(userName({ kind: 'Pod' }, objectWith({})), 'default/web');
  assert.equal(userName({ kind: 'Deployment' }, objectWith({})), 'Deployment default/web');
});
