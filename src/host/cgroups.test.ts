import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createCgroups, hasMemoryCgroups } from './cgroups.ts';

const limits = { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryBytes: 1 << 20, pids: 64 };
const none = { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, pids: 0 };
const pod = '/eliot-1/burstable/podu1';
let base = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'eliot-cgroups-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

/** The kernel makes these files with the directory; a plain directory does not have them. */
async function addFiles(path: string, ...names: string[]): Promise<void> {
  await mkdir(join(base, path), { recursive: true });
  for (const name of names) await writeFile(join(base, path, name), '');
}
const read = (path: string): Promise<string> => readFile(join(base, path), 'utf8');

describe('cgroup v1', () => {
  beforeEach(async () => {
    for (const controller of ['cpu', 'memory', 'pids', 'systemd', 'unified']) await mkdir(join(base, controller));
  });

  it('has the group in the tree of each controller, with its limits', async () => {
    const cgroups = await createCgroups(base);
    await cgroups.ensure(pod, limits);
    assert.equal(await read(`cpu${pod}/cpu.shares`), '512');
    assert.equal(await read(`cpu${pod}/cpu.cfs_quota_us`), '50000');
    assert.equal(await read(`memory${pod}/memory.limit_in_bytes`), String(1 << 20));
    assert.equal(await read(`pids${pod}/pids.max`), '64');
    await cgroups.ensure(pod, none);
    assert.equal(await read(`cpu${pod}/cpu.cfs_quota_us`), '-1');
    assert.equal(await read(`memory${pod}/memory.limit_in_bytes`), '-1');
    assert.equal(await read(`pids${pod}/pids.max`), 'max');
  });

  it('loses the group in every tree, whoever made it there', async () => {
    const cgroups = await createCgroups(base);
    for (const tree of ['cpu', 'systemd', 'unified'])
      await mkdir(join(base, tree, pod, 'container'), { recursive: true });
    assert.deepEqual(await cgroups.list(dirname(pod)), ['podu1']);
    await cgroups.remove(pod);
    await cgroups.remove(pod);
    for (const tree of ['cpu', 'systemd', 'unified'])
      assert.deepEqual(await readdir(join(base, tree, dirname(pod))), []);
    assert.deepEqual(await cgroups.list('/nowhere'), []);
  });
});

describe('cgroup v2', () => {
  beforeEach(() => writeFile(join(base, 'cgroup.controllers'), 'cpuset cpu io memory pids\n'));

  it('hands its controllers down and has the limits in one tree', async () => {
    await addFiles('', 'cgroup.subtree_control');
    await addFiles('eliot-1/burstable/podu1', 'cpu.max');
    const cgroups = await createCgroups(base);
    await cgroups.ensure(pod, limits);
    assert.equal(await read('cgroup.subtree_control'), '+cpu +memory +pids +cpuset +io');
    assert.equal(await read('eliot-1/burstable/cgroup.subtree_control'), '+cpu +memory +pids +cpuset +io');
    assert.equal(await read(`${pod}/cpu.max`), '50000 100000');
    assert.equal(await read(`${pod}/cpu.weight`), '20');
    assert.equal(await read(`${pod}/memory.max`), String(1 << 20));
    await cgroups.ensure(pod, none);
    assert.equal(await read(`${pod}/cpu.max`), 'max 100000');
    assert.equal(await read(`${pod}/cpu.weight`), '1');
    assert.equal(await read(`${pod}/pids.max`), 'max');
  });

  it('does not hand down what is handed down already', async () => {
    await addFiles('');
    await writeFile(join(base, 'cgroup.subtree_control'), 'cpuset cpu io memory pids');
    const cgroups = await createCgroups(base);
    await cgroups.ensure('/eliot-1', limits);
    assert.equal(await read('cgroup.subtree_control'), 'cpuset cpu io memory pids');
  });
});

it('says so while a process is in the group', async () => {
  await mkdir(join(base, 'cpu', pod), { recursive: true });
  await writeFile(join(base, 'cpu', pod, 'tasks'), '1');
  const cgroups = await createCgroups(base);
  await assert.rejects(cgroups.remove(pod), /still in use/);
});

it('ends processes that a killed runtime forgot in a group', async () => {
  await writeFile(join(base, 'cgroup.controllers'), '');
  const forgotten = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = once(forgotten, 'exit');
  await addFiles(`${pod}/sandbox`);
  await writeFile(join(base, pod, 'sandbox/cgroup.procs'), `${forgotten.pid}\n`);
  // A plain directory keeps its file, unlike the kernel's.
  await assert.rejects((await createCgroups(base)).remove(pod), /still in use/);
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});

describe('a kernel without memory control groups', () => {
  it('is noticed in v1', async () => {
    await mkdir(join(base, 'cpu'));
    assert.equal(await hasMemoryCgroups(base), false);
    await mkdir(join(base, 'memory'));
    assert.equal(await hasMemoryCgroups(base), true);
  });

  it('is noticed in v2', async () => {
    await writeFile(join(base, 'cgroup.controllers'), 'cpuset cpu io pids\n');
    assert.equal(await hasMemoryCgroups(base), false);
    await writeFile(join(base, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    assert.equal(await hasMemoryCgroups(base), true);
  });

  it('still has groups for everything else', async () => {
    await mkdir(join(base, 'cpu'));
    const cgroups = await createCgroups(base);
    await cgroups.ensure(pod, limits);
    assert.equal(await read(`cpu${pod}/cpu.shares`), '512');
  });
});
