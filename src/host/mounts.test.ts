import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { type Mounts, parseMountInfo, unmountBelow } from './mounts.ts';

const { signal } = new AbortController();

function fakeMounts(paths: string[], isStuck = false): Mounts & { readonly unmounted: string[] } {
  const unmounted: string[] = [];
  return {
    unmounted,
    list: async () => [...paths],
    unmount: async (path) => {
      unmounted.push(path);
      if (!isStuck) paths.splice(paths.lastIndexOf(path), 1);
    },
  };
}

describe('mounts', () => {
  it('are read with spaces and backslashes in their paths', () => {
    const text =
      '22 1 0:21 / /proc rw - proc proc rw\n23 1 8:1 /a /mnt/a\\040b\\134c rw shared:1 - ext4 /dev/sda1 rw\n';
    assert.deepEqual(parseMountInfo(text), ['/proc', '/mnt/a b\\c']);
  });

  it('below a directory go, deepest first, and no others', async () => {
    const mounts = fakeMounts(['/', '/run/eliot', '/run/eliot/a', '/run/eliot/a/b', '/run/eliot2/a']);
    await unmountBelow(mounts, ['/run/eliot'], signal);
    assert.deepEqual(mounts.unmounted, ['/run/eliot/a/b', '/run/eliot/a', '/run/eliot']);
    assert.deepEqual(await mounts.list(), ['/', '/run/eliot2/a']);
  });

  it('that lie over each other all go', async () => {
    const mounts = fakeMounts(['/x/a', '/x/a']);
    await unmountBelow(mounts, ['/x'], signal);
    assert.deepEqual(await mounts.list(), []);
  });

  it('that stay are an error, not an endless loop', async () => {
    const mounts = fakeMounts(['/x/a'], true);
    await assert.rejects(unmountBelow(mounts, ['/x'], signal), (error) => isStatusError(error, 'InternalError'));
  });
});
