/**
 * Control groups of pods: made, limited and removed by us, since the runtime writes no limit there
 * and leaves the directories behind (runtime-facts 0.9). Knows v2 (one tree) and v1 (one tree a
 * controller, also in hybrid mode). Paths are below the root, for example `/eliot-1/burstable/pod<uid>`.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { StatusError } from '../lib/status-error.ts';

export interface CgroupLimits {
  /** As v1's cpu.shares; converted to a weight on v2. */
  readonly cpuShares: number;
  /** Microseconds a period; 0: no limit. */
  readonly cpuQuota: number;
  /** Microseconds. */
  readonly cpuPeriod: number;
  /** 0: no limit. */
  readonly memoryBytes: number;
  /** 0: no limit. */
  readonly pids: number;
}

export interface Cgroups {
  /** Makes the group and its parents and writes the limits. Repeatable. */
  ensure(path: string, limits: CgroupLimits): Promise<void>;
  /**
   * Removes the group and everything below it. Fine when there is none. Processes that are still in it are ended by
   * SIGKILL, as the kubelet does: a runtime that was killed at the wrong moment has forgotten them.
   *
   * @throws StatusError `Conflict` when a process does not end within about a second
   */
  remove(path: string): Promise<void>;
  /** Names of the groups directly below; empty when there is no such group. */
  list(path: string): Promise<readonly string[]>;
}

const root = '/sys/fs/cgroup';
const v1Controllers = ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids', 'blkio', 'devices', 'freezer'] as const;
const v2Controllers = ['cpu', 'memory', 'pids', 'cpuset', 'io'] as const;

/** @param base the mounted root; another one in tests */
export async function createCgroups(base: string = root): Promise<Cgroups> {
  const names = await readdir(base).catch(() => [] as string[]);
  // A v2 root has the file; in hybrid mode it is one level down and controllers stay on v1.
  if (names.includes('cgroup.controllers')) return new UnifiedCgroups(base);
  return new LegacyCgroups(
    base,
    v1Controllers.filter((controller) => names.includes(controller)),
  );
}

/**
 * Whether the kernel can limit memory. Some boards start without it (Raspberry Pi's firmware passes
 * `cgroup_disable=memory`).
 */
export async function hasMemoryCgroups(base: string = root): Promise<boolean> {
  const controllers = await readFile(`${base}/cgroup.controllers`, 'utf8').catch(() => undefined);
  if (controllers !== undefined) return controllers.trim().split(/\s+/).includes('memory');
  return (await readdir(base).catch(() => [] as string[])).includes('memory');
}

class UnifiedCgroups implements Cgroups {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    const directory = `${this.#base}${path}`;
    await mkdir(directory, { recursive: true });
    await this.#delegate(path);
    await Promise.all([
      write(directory, 'cpu.weight', String(weightOf(limits.cpuShares))),
      write(directory, 'cpu.max', `${limits.cpuQuota > 0 ? limits.cpuQuota : 'max'} ${limits.cpuPeriod}`),
      write(directory, 'memory.max', limits.memoryBytes > 0 ? String(limits.memoryBytes) : 'max'),
      write(directory, 'pids.max', limits.pids > 0 ? String(limits.pids) : 'max'),
    ]);
  }

  async remove(path: string): Promise<void> {
    await removeTree(`${this.#base}${path}`);
  }

  list(path: string): Promise<readonly string[]> {
    return children(`${this.#base}${path}`);
  }

  /** A controller works in a group only when every parent hands it down. */
  async #delegate(path: string): Promise<void> {
    const available = new Set((await readFile(`${this.#base}/cgroup.controllers`, 'utf8')).trim().split(/\s+/));
    const enabled = v2Controllers.filter((controller) => available.has(controller)).map((name) => `+${name}`);
    const parts = path.split('/').filter(Boolean);
    for (let depth = 0; depth < parts.length; depth++) {
      const parent = [this.#base, ...parts.slice(0, depth)].join('/');
      const active = await readFile(`${parent}/cgroup.subtree_control`, 'utf8').catch(() => '');
      const missing = enabled.filter((name) => !active.split(/\s+/).includes(name.slice(1)));
      if (missing.length > 0) await write(parent, 'cgroup.subtree_control', missing.join(' '));
    }
  }
}

class LegacyCgroups implements Cgroups {
  readonly #base: string;
  readonly #controllers: readonly string[];

  constructor(base: string, controllers: readonly string[]) {
    this.#base = base;
    this.#controllers = controllers;
  }

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    await Promise.all(
      this.#controllers.map((controller) => mkdir(`${this.#base}/${controller}${path}`, { recursive: true })),
    );
    const memory = String(limits.memoryBytes > 0 ? limits.memoryBytes : -1);
    await Promise.all([
      this.#writeCpu(path, limits),
      this.#write('memory', path, 'memory.limit_in_bytes', memory),
      this.#write('pids', path, 'pids.max', limits.pids > 0 ? String(limits.pids) : 'max'),
    ]);
  }

  async remove(path: string): Promise<void> {
    for (const tree of await this.#trees()) await removeTree(`${this.#base}/${tree}${path}`);
  }

  async list(path: string): Promise<readonly string[]> {
    const lists = await Promise.all((await this.#trees()).map((tree) => children(`${this.#base}/${tree}${path}`)));
    return [...new Set(lists.flat())];
  }

  /** The quota is a part of the period, which has to be there first. */
  async #writeCpu(path: string, { cpuShares, cpuPeriod, cpuQuota }: CgroupLimits): Promise<void> {
    await this.#write('cpu', path, 'cpu.shares', String(cpuShares));
    await this.#write('cpu', path, 'cpu.cfs_period_us', String(cpuPeriod));
    await this.#write('cpu', path, 'cpu.cfs_quota_us', String(cpuQuota > 0 ? cpuQuota : -1));
  }

  async #write(controller: string, path: string, file: string, value: string): Promise<void> {
    if (this.#controllers.includes(controller)) await write(`${this.#base}/${controller}${path}`, file, value);
  }

  /** The runtime makes groups in every tree of the machine, named ones (`systemd`, `unified`) included. */
  async #trees(): Promise<readonly string[]> {
    return await readdir(this.#base).catch(() => []);
  }
}

async function write(directory: string, file: string, value: string): Promise<void> {
  const path = `${directory}/${file}`;
  try {
    await writeFile(path, value);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A controller that the kernel runs without has no file, and nobody may make one there.
    if (code === 'ENOENT' || (code === 'EACCES' && !existsSync(path))) return;
    throw new StatusError('InternalError', `write ${value} to ${directory}/${file}`, { cause });
  }
}

async function children(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Looks at a group that a process has still to leave, and the milliseconds between them. */
const emptyLooks = 40;
const emptyLookMs = 25;

async function removeTree(directory: string): Promise<void> {
  for (const name of await children(directory)) await removeTree(`${directory}/${name}`);
  for (let look = 1; ; look += 1) {
    try {
      await rmdir(directory);
      return;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return;
      if (look >= emptyLooks) throw new StatusError('Conflict', `cgroup ${directory} is still in use`, { cause });
    }
    await killMembers(directory);
    await delay(emptyLookMs);
  }
}

async function killMembers(directory: string): Promise<void> {
  const members = await readFile(`${directory}/cgroup.procs`, 'utf8').catch(() => '');
  for (const pid of members.split('\n').filter(Boolean).map(Number)) {
    // 0 is a process outside of our PID namespace; it is not ours to end.
    if (pid <= 1) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
}

/** The kernel's and runc's conversion of shares (2 to 262144) to a weight (1 to 10000). */
function weightOf(shares: number): number {
  return 1 + Math.floor(((Math.min(262_144, Math.max(2, shares)) - 2) * 9_999) / 262_142);
}
