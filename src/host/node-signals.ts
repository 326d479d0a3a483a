/** How much is left of what all pods share: memory, disk, inodes, processes. Four small reads. */
import { readFileSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { machineMemory } from './cgroup-usage.ts';

/** Bytes, inodes or processes. */
export interface Signal {
  readonly available: number;
  readonly capacity: number;
}

export type SignalName =
  | 'memory.available'
  | 'nodefs.available'
  | 'nodefs.inodesFree'
  | 'imagefs.available'
  | 'imagefs.inodesFree'
  | 'pid.available';

export type Signals = Readonly<Partial<Record<SignalName, Signal>>>;

export interface NodeSignals {
  /** What cannot be read is left out. */
  read(): Promise<Signals>;
  /** `memory.available` alone, for whoever asks each second: some 20 µs. */
  memory(): Signal | undefined;
}

/** @param paths on the file system of pods and logs, and on that of images; @param proc of `/proc`; another one in tests */
export function createNodeSignals(
  paths: { readonly nodefs: string; readonly imagefs: string },
  proc = '/proc',
): NodeSignals {
  return {
    memory: () => readMemory(proc),
    async read() {
      const memory = readMemory(proc);
      const [nodefs, imagefs, processes] = await Promise.all([
        disk(paths.nodefs),
        // Until it is made it would stand beside the pods.
        disk(paths.imagefs).then((found) => found ?? disk(paths.nodefs)),
        readProcesses(proc),
      ]);
      return {
        ...(memory ? { 'memory.available': memory } : {}),
        ...(nodefs ? { 'nodefs.available': nodefs.bytes, 'nodefs.inodesFree': nodefs.inodes } : {}),
        ...(imagefs ? { 'imagefs.available': imagefs.bytes, 'imagefs.inodesFree': imagefs.inodes } : {}),
        ...(processes ? { 'pid.available': processes } : {}),
      };
    },
  };
}

/** The kernel answers from its own memory: a thread that waits for it would cost ten times as much as the read. */
function readMemory(proc: string): Signal | undefined {
  try {
    const { total, available } = machineMemory(readFileSync(`${proc}/meminfo`, 'latin1'));
    return total > 0 ? { available, capacity: total } : undefined;
  } catch {
    return undefined;
  }
}

async function disk(path: string): Promise<{ readonly bytes: Signal; readonly inodes: Signal } | undefined> {
  const found = await statfs(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return {
    bytes: { available: found.bavail * found.bsize, capacity: found.blocks * found.bsize },
    // Some file systems make inodes as they need them, and say that they have none.
    inodes: found.files === 0 ? { available: 1, capacity: 1 } : { available: found.ffree, capacity: found.files },
  };
}

async function readProcesses(proc: string): Promise<Signal | undefined> {
  const text = (path: string): Promise<string> => readFile(`${proc}/${path}`, 'utf8').catch(() => '');
  const [load, pidMax, threadsMax] = await Promise.all([
    text('loadavg'),
    text('sys/kernel/pid_max'),
    text('sys/kernel/threads-max'),
  ]);
  // `0.00 0.01 0.05 2/345 6789`: running and existing threads.
  const existing = Number(/ \d+\/(\d+) /.exec(load)?.[1]);
  const capacity = Math.min(Number(pidMax) || Infinity, Number(threadsMax) || Infinity);
  return Number.isFinite(existing) && Number.isFinite(capacity)
    ? { available: Math.max(0, capacity - existing), capacity }
    : undefined;
}
