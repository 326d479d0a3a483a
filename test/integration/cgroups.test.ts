/** Control groups of the real kernel; the rules of both versions are tested beside their code on plain directories. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { createCgroups } from '../../src/host/cgroups.ts';

// In hybrid mode the tree of version 2 has no controllers: just as on a kernel that was told to run without one.
const base = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.controllers`));

it('a group is made also where the kernel counts no memory', {
  skip: base === undefined && 'no cgroup v2 is mounted on this machine',
}, async () => {
  const cgroups = await createCgroups(base);
  const parent = `/eliot-test-${process.pid}`;
  try {
    const limits = { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, pids: 64 };
    await cgroups.ensure(`${parent}/pod`, limits);
    assert.deepEqual(await cgroups.list(parent), ['pod']);
  } finally {
    await cgroups.remove(parent);
  }
  assert.deepEqual(await cgroups.list(parent), []);
});
