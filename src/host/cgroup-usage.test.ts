import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createUsageReader } from './cgroup-usage.ts';

let base = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'eliot-usage-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function file(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(base, path)), { recursive: true });
  await writeFile(join(base, path), content);
}

const expected = {
  cpuNanos: 1_500_000_000,
  memory: { usage: 5_000_000, workingSet: 4_000_000, rss: 3_000_000 },
  processes: 7,
};

describe('what a control group uses', () => {
  it('is read from the trees of v1, with everything below', async () => {
    await file('cpuacct/a/pod1/cpuacct.usage', '1500000000\n');
    await file('memory/a/pod1/memory.usage_in_bytes', '5000000\n');
    await file(
      'memory/a/pod1/memory.stat',
      'inactive_file 5\nrss 5\ntotal_rss 3000000\ntotal_rss_huge 0\ntotal_inactive_file 1000000\n',
    );
    await file('pids/a/pod1/pids.current', '7\n');
    const reader = await createUsageReader(base);
    assert.deepEqual(await reader.cgroup('/a/pod1'), expected);
    assert.equal(await reader.cgroup('/a/none'), undefined);
  });

  it('is read from the one tree of v2', async () => {
    await file('cgroup.controllers', 'cpu memory pids\n');
    await file('a/pod1/cpu.stat', 'usage_usec 1500000\nuser_usec 1\nsystem_usec 1\n');
    await file('a/pod1/memory.current', '5000000\n');
    await file('a/pod1/memory.stat', 'anon 3000000\nfile 1\ninactive_file 1000000\n');
    await file('a/pod1/pids.current', '7\n');
    const reader = await createUsageReader(base);
    assert.deepEqual(await reader.cgroup('/a/pod1'), expected);
    assert.equal(await reader.cgroup('/a/none'), undefined);
  });

  it('is nothing when the group is removed while it is read, and other failures are told', async () => {
    for (const tree of ['cgroup.controllers', 'memory']) {
      await rm(base, { recursive: true });
      await file(tree, '');
      const failing = (code: string) =>
        createUsageReader(base, '/proc', () => Promise.reject(Object.assign(new Error(code), { code })));
      assert.equal(await (await failing('ENODEV')).cgroup('/a/pod1'), undefined);
      await assert.rejects((await failing('EIO')).cgroup('/a/pod1'), { code: 'EIO' });
    }
  });

  it('of the machine is what is neither idle nor free', async () => {
    await file('proc/stat', 'cpu  100 10 50 9000 900 5 5 3 0 0\ncpu0 1 1 1 1\n');
    await file(
      'proc/meminfo',
      'MemTotal:  1000 kB\nMemFree:   400 kB\nMemAvailable: 600 kB\nInactive(file):  100 kB\nAnonPages: 300 kB\n',
    );
    const { cpuNanos, memory } = await (await createUsageReader(base, join(base, 'proc'))).machine();
    assert.equal(cpuNanos, 170 * 10_000_000);
    assert.deepEqual(memory, {
      total: 1_024_000,
      usage: 614_400,
      workingSet: 512_000,
      rss: 307_200,
      available: 512_000,
    });
  });
});
