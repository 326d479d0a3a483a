import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createFiles } from '../host/files.ts';
import { silentLogger } from '../lib/logger.ts';
import { removeLeftovers } from './leftovers.ts';

it('removes what former pods left, and nothing of those that exist', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'eliot-leftovers-'));
  try {
    for (const path of ['pods/u1/volumes', 'pods/u2', 'logs/default_web_u1', 'logs/default_web_u2']) {
      await mkdir(join(dir, path), { recursive: true });
    }
    const removed: string[] = [];
    const unmounted: string[] = [];
    await removeLeftovers(
      {
        files: createFiles(),
        unmountBelow: async (path) => void unmounted.push(path),
        cgroups: { list: async () => ['podu1', 'podu2', 'burstable'], remove: async (path) => void removed.push(path) },
        log: silentLogger,
        podDirectories: [join(dir, 'pods'), join(dir, 'missing')],
        logDirectories: [join(dir, 'logs')],
        cgroupParents: ['/eliot-1'],
      },
      (uid) => uid === 'u2',
    );
    assert.deepEqual(await readdir(join(dir, 'pods')), ['u2']);
    assert.deepEqual(await readdir(join(dir, 'logs')), ['default_web_u2']);
    assert.deepEqual(removed, ['/eliot-1/podu1']);
    assert.deepEqual(unmounted, [join(dir, 'pods/u1')]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

it('does not end the daemon when a directory cannot be read', async () => {
  const warnings: string[] = [];
  const failing = { list: () => Promise.reject(new Error('EIO: i/o error')), remove: async () => {} };
  const deps = {
    podDirectories: ['/pods'],
    logDirectories: ['/logs'],
    cgroupParents: [],
    unmountBelow: async () => {},
  };
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  await removeLeftovers({ ...deps, files: failing, cgroups: failing, log }, () => false);
  assert.deepEqual(warnings, ['cannot look for what former pods left']);
});
