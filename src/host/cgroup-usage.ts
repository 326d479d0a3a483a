/** What control groups and the machine have used and use: read on request, from the kernel's own files. */
import { readdir, readFile } from 'node:fs/promises';
import { unlessMissing } from '../lib/unless-missing.ts';

export interface CgroupUsage {
  /** Since the group was made, in nanoseconds of one core. */
  readonly cpuNanos: number;
  readonly memory: MemoryUsage;
  readonly processes: number;
}

/** In bytes. */
export interface MemoryUsage {
  readonly usage: number;
  /** Without what could be given back at once: file pages that nobody used lately. */
  readonly workingSet: number;
  /** Anonymous memory. */
  readonly rss: number;
}

export interface MachineUsage {
  readonly cpuNanos: number;
  readonly memory: MemoryUsage & {
    readonly total: number;
    /** What can be had without swapping, as the kubelet reckons it: all but the working set. */
    readonly available: number;
  };
}

export interface UsageReader {
  /** Undefined when there is no such group, or the kernel accounts for no memory. */
  cgroup(path: string): Promise<CgroupUsage | undefined>;
  machine(): Promise<MachineUsage>;
}

const root = '/sys/fs/cgroup';

type ReadText = (path: string) => Promise<string>;
type ReadIfPresent = (path: string) => Promise<string | undefined>;

/** @param base the mounted root of control groups, @param proc of `/proc`, @param read of a file; other ones in tests */
export async function createUsageReader(
  base: string = root,
  proc = '/proc',
  read: ReadText = (path) => readFile(path, 'utf8'),
): Promise<UsageReader> {
  const text: ReadIfPresent = (path) => unlessMissing(unlessRemoved(read(path)));
  const names = await readdir(base).catch(() => [] as string[]);
  const isUnified = names.includes('cgroup.controllers');
  return {
    cgroup: isUnified ? (path) => unifiedUsage(text, `${base}${path}`) : (path) => legacyUsage(text, base, path),
    machine: () => machineUsage(text, proc),
  };
}

async function unifiedUsage(text: ReadIfPresent, directory: string): Promise<CgroupUsage | undefined> {
  const [cpu, current, stat, pids] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.stat', 'pids.current'].map((file) => text(`${directory}/${file}`)),
  );
  if (cpu === undefined || current === undefined) return undefined;
  const usage = Number(current);
  return {
    cpuNanos: field(cpu, 'usage_usec') * 1000,
    memory: {
      usage,
      workingSet: Math.max(0, usage - field(stat ?? '', 'inactive_file')),
      rss: field(stat ?? '', 'anon'),
    },
    processes: Number(pids ?? 0),
  };
}

async function legacyUsage(text: ReadIfPresent, base: string, path: string): Promise<CgroupUsage | undefined> {
  const [cpu, current, stat, pids] = await Promise.all([
    text(`${base}/cpuacct${path}/cpuacct.usage`),
    text(`${base}/memory${path}/memory.usage_in_bytes`),
    text(`${base}/memory${path}/memory.stat`),
    text(`${base}/pids${path}/pids.current`),
  ]);
  if (cpu === undefined || current === undefined) return undefined;
  const usage = Number(current);
  return {
    cpuNanos: Number(cpu),
    memory: {
      usage,
      workingSet: Math.max(0, usage - field(stat ?? '', 'total_inactive_file')),
      rss: field(stat ?? '', 'total_rss'),
    },
    processes: Number(pids ?? 0),
  };
}

/** The kernel counts in ticks of 10 ms. */
const tickNanos = 10_000_000;

async function machineUsage(text: ReadIfPresent, proc: string): Promise<MachineUsage> {
  const [stat = '', meminfo = ''] = await Promise.all([text(`${proc}/stat`), text(`${proc}/meminfo`)]);
  // user nice system idle iowait irq softirq steal: all but idling and waiting.
  const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks;
  return { cpuNanos: (user + nice + system + irq + softirq) * tickNanos, memory: machineMemory(meminfo) };
}

/** What `/proc/meminfo` says, as the kubelet reckons it. */
export function machineMemory(meminfo: string): MachineUsage['memory'] {
  const bytes = (name: string): number => field(meminfo, `${name}:`) * 1024;
  const total = bytes('MemTotal');
  const usage = total - bytes('MemFree');
  const workingSet = Math.max(0, usage - bytes('Inactive(file)'));
  return { total, usage, workingSet, rss: bytes('AnonPages'), available: total - workingSet };
}

/** The number after a name at the start of a line. */
function field(content: string, name: string): number {
  const start = content.startsWith(`${name} `) ? 0 : content.indexOf(`\n${name} `) + 1;
  if (start === 0 && !content.startsWith(`${name} `)) return 0;
  return Number.parseInt(content.slice(start + name.length + 1).trimStart(), 10) || 0;
}

/** The kernel says ENODEV of a file whose group was removed after it was opened. */
async function unlessRemoved(access: Promise<string>): Promise<string | undefined> {
  try {
    return await access;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENODEV') return undefined;
    throw error;
  }
}
