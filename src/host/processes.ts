/** Processes as `/proc` shows them. A process is named by its id and its start time, as ids are used again. */
import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../lib/clock.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between the boot and the process' start (field 22 of `/proc/PID/stat`). */
  readonly startTicks: string;
}

export interface ProcessInfo extends ProcessIdentity {
  readonly parentPid: number;
  /** The command and its arguments; empty for a zombie or a kernel thread. */
  readonly commandLine: readonly string[];
}

export interface Processes {
  /** Undefined when there is no such process, or only its zombie. */
  find(pid: number): Promise<ProcessInfo | undefined>;
  list(): Promise<readonly ProcessInfo[]>;
  /** Sends a signal to exactly this process; false when it is gone. */
  kill(process: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean>;
  /** Whether the process was gone within `timeoutMs`. */
  waitUntilGone(process: ProcessIdentity, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

const lookEveryMs = 20;

export function createProcesses(clock: Clock): Processes {
  const isAlive = async ({ pid, startTicks }: ProcessIdentity): Promise<boolean> =>
    (await readProcess(pid))?.startTicks === startTicks;

  return {
    find: readProcess,
    list: async () => {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
      const found = await Promise.all(pids.map(readProcess));
      return found.filter((process) => process !== undefined);
    },
    kill: async (identity, signal) => {
      if (!(await isAlive(identity))) return false;
      try {
        return process.kill(identity.pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
        throw error;
      }
    },
    waitUntilGone: async (identity, timeoutMs, signal) => {
      const deadlineMs = clock.monotonicMs() + timeoutMs;
      while (await isAlive(identity)) {
        if (clock.monotonicMs() >= deadlineMs) return false;
        await clock.sleep(lookEveryMs, signal);
      }
      return true;
    },
  };
}

async function readProcess(pid: number): Promise<ProcessInfo | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    return parseProcess(pid, stat, commandLine);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** Reads proc(5)'s `stat` and `cmdline`; undefined for a zombie, whose id only waits to be collected. */
export function parseProcess(pid: number, stat: string, commandLine: string): ProcessInfo | undefined {
  // The second field is the program's name in brackets and may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid] = fields;
  const startTicks = fields[19];
  if (state === 'Z' || state === 'X' || parentPid === undefined || startTicks === undefined) return undefined;
  return {
    pid,
    startTicks,
    parentPid: Number(parentPid),
    commandLine: commandLine.split('\0').slice(0, -1),
  };
}

/** Whether this id is that of a process, or of one whose end nobody has heard of yet. */
export function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
