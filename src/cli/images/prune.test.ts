import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Image, ImageStatus } from '../../api/kinds/image.ts';
import { computeUnused, sizeOfImages } from './prune.ts';

const image = (name: string, status: ImageStatus = {}): Image =>
  ({
    apiVersion: 'eliot.run/v1alpha1',
    kind: 'Image',
    metadata: { name },
    spec: { image: name },
    status: { state: 'Present', id: `sha256:${name}`, sizeBytes: 10, ...status },
  }) as Image;

const names = (images: readonly Image[]): readonly string[] => images.map(({ spec }) => spec.image);

describe('what nothing wants', () => {
  const images = [
    image('unused'),
    image('used', { usedBy: ['default/web'] }),
    image('archive', { sideLoaded: true }),
    image('pause', { pinned: true }),
    image('coming', { state: 'Pulling' }),
    image('failed', { state: 'Failed' }),
  ];

  it('is an image of a registry without users', () =>
    assert.deepEqual(names(computeUnused(images, false)), ['unused']));

  it('is one from an archive too, when all are meant', () =>
    assert.deepEqual(names(computeUnused(images, true)), ['unused', 'archive']));

  it('is not an image that has another name by which it is wanted', () => {
    const id = 'sha256:same';
    assert.deepEqual(computeUnused([image('a', { id }), image('b', { id, usedBy: ['default/web'] })], true), []);
  });

  it('takes the room of an image once, whatever it is called', () => {
    const id = 'sha256:same';
    assert.equal(sizeOfImages([image('a', { id }), image('b', { id }), image('c')]), 20);
  });
});
