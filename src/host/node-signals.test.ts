import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createNodeSignals } from './node-signals.ts';

describe('what is left of the node', () => {
  let proc: string;
  before(() => {
    proc = mkdtempSync(join(tmpdir(), 'eliot-proc-'));
    mkdirSync(join(proc, 'sys/kernel'), { recursive: true });
    writeFileSync(
      join(proc, 'meminfo'),
      'MemTotal:        1000 kB\nMemFree:          300 kB\nMemAvailable:     450 kB\nActive(file):     50 kB\nInactive(file):   100 kB\n',
    );
    writeFileSync(join(proc, 'loadavg'), '0.00 0.01 0.05 2/345 6789\n');
    writeFileSync(join(proc, 'sys/kernel/pid_max'), '4194304\n');
    writeFileSync(join(proc, 'sys/kernel/threads-max'), '1000\n');
  });
  after(() => rmSync(proc, { recursive: true, force: true }));

  it('is memory without what is free or was not used lately, processes, and room on disk', async () => {
    const signals = createNodeSignals({ nodefs: '/', imagefs: '/does/not/exist' }, proc);
    const memory = { available: 400 * 1024, capacity: 1000 * 1024 };
    assert.deepEqual(signals.memory(), memory);
    const seen = await signals.read();
    assert.deepEqual(seen['memory.available'], memory);
    assert.deepEqual(seen['pid.available'], { available: 655, capacity: 1000 });
    assert.ok((seen['nodefs.available']?.capacity ?? 0) > 0);
    // Images lie beside the pods until they have a place of their own.
    assert.deepEqual(seen['imagefs.available']?.capacity, seen['nodefs.available']?.capacity);
  });

  it('leaves out what cannot be read', async () => {
    const signals = createNodeSignals({ nodefs: '/does/not/exist', imagefs: '/does/not/exist' }, '/does/not/exist');
    assert.equal(signals.memory(), undefined);
    assert.deepEqual(await signals.read(), {});
  });

  it('is read of this machine', () => {
    const { available = 0, capacity = 0 } = createNodeSignals({ nodefs: '/', imagefs: '/' }).memory() ?? {};
    assert.ok(available > 0 && available <= capacity, `${available} of ${capacity}`);
  });
});
