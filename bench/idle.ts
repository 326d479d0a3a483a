/**
 * What an idle device with pods writes to its flash, and how much processor it takes, over ten minutes
 * (ELIOT_IDLE_SECONDS, ELIOT_IDLE_PODS). The data directory is a file system of its own on a loop device, so that the
 * kernel counts every sector that reaches it, whoever caused it; the processes' own counts stand beside that.
 *
 *   node bench/idle.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { shellPod, TestDevice, testImage } from '../test/support/device.ts';
import { findProcesses } from '../test/support/processes.ts';
import { cpuMs, writtenBytes } from './memory.ts';

const seconds = Number(process.env['ELIOT_IDLE_SECONDS'] ?? 600);
const pods = Number(process.env['ELIOT_IDLE_PODS'] ?? 10);
/** Kept observations and the copy of the database follow within about a minute; then it must be still. */
const settleSeconds = Number(process.env['ELIOT_IDLE_SETTLE_SECONDS'] ?? 150);

const device = await TestDevice.create({ runOnTmpfs: true });
const image = join(device.directory, 'disk.img');
mkdirSync(device.dataDir);
execFileSync('truncate', ['-s', '1G', image]);
// Nothing is left for the kernel to do later.
execFileSync('mke2fs', ['-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
execFileSync('mount', ['-o', 'loop', image, device.dataDir]);
try {
  await device.startDaemon();
  await device.waitForNode();
  await device.loadImage(testImage);
  const items = Array.from({ length: pods }, (_, index) => shellPod(`idle-${index}`, 'exec sleep 86400'));
  await device.create({ apiVersion: 'v1', kind: 'List', items });
  await device.kubectlOk(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s'], { timeoutMs: 130_000 });
  await delay(settleSeconds * 1000);

  const before = look();
  await delay(seconds * 1000);
  const now = look();
  console.log(`${pods} pods, ${seconds} s idle`);
  for (const [name, { pids, bytes, ms }] of now.processes) {
    const was = before.processes.get(name);
    const load = ((ms - (was?.ms ?? 0)) / (seconds * 1000)) * 100;
    const what = `${name} (${pids.length})`.padEnd(24);
    console.log(
      `${what} ${String(bytes - (was?.bytes ?? 0)).padStart(10)} bytes written, ${load.toFixed(3)} % of a core`,
    );
  }
  console.log(
    `${'the file system'.padEnd(24)} ${String((now.sectors - before.sectors) * 512).padStart(10)} bytes written`,
  );
} finally {
  await device.stopDaemon('SIGTERM');
  const flags = ['--data-dir', device.dataDir, '--run-dir', device.runDir, '--pod-cidr', device.podCidr];
  execFileSync(join(import.meta.dirname, '../bin/eliotd'), ['reset', ...flags, '--bridge', device.bridge]);
  execFileSync('umount', [device.dataDir]);
  await device.close();
}

interface Group {
  readonly pids: readonly number[];
  readonly bytes: number;
  readonly ms: number;
}

function look(): { readonly processes: ReadonlyMap<string, Group>; readonly sectors: number } {
  const ofDevice = (suffix: string): number[] =>
    findProcesses((args) => (args[0] ?? '').endsWith(suffix) && args.some((arg) => arg.includes(device.runDir))).map(
      ({ pid }) => pid,
    );
  const groups = { eliotd: [device.pid], containerd: ofDevice('/containerd'), shims: ofDevice('-shim-runc-v2') };
  const processes = new Map(
    Object.entries(groups).map(([name, pids]) => [
      name,
      { pids, bytes: writtenBytes(pids), ms: pids.reduce((sum, pid) => sum + cpuMs(pid), 0) },
    ]),
  );
  return { processes, sectors: sectorsWritten() };
}

/** Field 7 of the loop device's statistics (https://www.kernel.org/doc/Documentation/block/stat.txt). */
function sectorsWritten(): number {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === device.dataDir);
  const loop = basename(mount?.split(' ')[0] ?? '');
  return Number(readFileSync(`/sys/block/${loop}/stat`, 'utf8').trim().split(/\s+/)[6]);
}
