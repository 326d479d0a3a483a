import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../testing/pods.ts';
import { exceededLimit, hasStorageLimit } from './storage-limits.ts';

const mib = 1024 * 1024;
const limited = (name: string, limit?: string): object => ({
  name,
  image: 'i',
  resources: limit === undefined ? {} : { limits: { 'ephemeral-storage': limit } },
});
const use = (containers: Record<string, number>, emptyDirs: Record<string, number> = {}) => ({
  containers: new Map(Object.entries(containers)),
  emptyDirs: new Map(Object.entries(emptyDirs)),
});

describe('room on disk', () => {
  it('of a container is its own files and logs', () => {
    const pod = makePod({ spec: { containers: [limited('a', '2Mi'), limited('b')] } });
    assert.equal(exceededLimit(pod, use({ a: 2 * mib, b: 900 * mib })), undefined);
    assert.equal(
      exceededLimit(pod, use({ a: 2 * mib + 1 })),
      'Container a exceeded its local ephemeral storage limit "2Mi". ',
    );
  });

  it('of an emptyDir on disk is its size limit', () => {
    const volumes = [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }];
    const pod = makePod({ spec: { containers: [limited('a')], volumes } });
    assert.equal(exceededLimit(pod, use({}, { scratch: mib })), undefined);
    assert.equal(
      exceededLimit(pod, use({}, { scratch: 2 * mib })),
      'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ',
    );
  });

  it('of a pod is that of its containers together, emptyDirs included, when each has a limit', () => {
    const pod = makePod({ spec: { containers: [limited('a', '2Mi'), limited('b', '2Mi')] } });
    assert.equal(exceededLimit(pod, use({ a: mib, b: mib }, { scratch: 2 * mib })), undefined);
    assert.equal(
      exceededLimit(pod, use({ a: mib, b: mib }, { scratch: 3 * mib })),
      'Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ',
    );
  });

  it('is looked at only where there is a limit', () => {
    const memory = [{ name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }];
    assert.equal(hasStorageLimit(makePod({ spec: { containers: [limited('a')], volumes: memory } })), false);
    assert.equal(hasStorageLimit(makePod({ spec: { containers: [limited('a', '1Mi')] } })), true);
    const disk = [{ name: 'd', emptyDir: { sizeLimit: '1Mi' } }];
    assert.equal(hasStorageLimit(makePod({ spec: { containers: [limited('a')], volumes: disk } })), true);
  });
});
