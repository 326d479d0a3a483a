/** Memory, CPU time and disk writes of processes, as the kernel counts them. */
import { readFileSync, readlinkSync } from 'node:fs';

export interface Memory {
  /** Proportional set size: shared pages divided among those who share them. */
  readonly pssMb: number;
  /** Private anonymous memory: what nobody can take back. */
  readonly anonymousMb: number;
}

const kiloBytes = (text: string, key: string): number =>
  Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);

/** Sums over `pids`; a process that has gone counts as nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  let pss = 0;
  let anonymous = 0;
  for (const pid of pids) {
    const text = readOrEmpty(`/proc/${pid}/smaps_rollup`);
    pss += kiloBytes(text, 'Pss');
    anonymous += kiloBytes(text, 'Anonymous');
  }
  return { pssMb: pss / 1024, anonymousMb: anonymous / 1024 };
}

/**
 * PSS in MB of a process as if nothing else on the machine ran its program: the pages of its executable count whole.
 * A benchmark that is a Node program itself would otherwise bear half of eliotd's. 0 when it has gone.
 */
export function pssAloneMb(pid: number): number {
  let executable: string;
  try {
    executable = readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return 0;
  }
  // Each mapping begins with its addresses; its path, if any, is the line's end.
  const mappings = readOrEmpty(`/proc/${pid}/smaps`).split(/^(?=[\da-f]+-[\da-f]+ )/m);
  const sizes = mappings.map((text) =>
    kiloBytes(text, text.split('\n', 1)[0]?.endsWith(` ${executable}`) ? 'Rss' : 'Pss'),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** Bytes that the processes caused to be written to a disk. */
export function writtenBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const text = readOrEmpty(`/proc/${pid}/io`);
    return sum + Number(/^write_bytes: (\d+)$/m.exec(text)?.[1] ?? 0);
  }, 0);
}

/** Milliseconds of CPU time used so far (clock ticks are 10 ms). */
export function cpuMs(pid: number): number {
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}

/** Milliseconds of CPU time of the processes that this one has started and that have ended (clock ticks are 10 ms). */
export function childrenCpuMs(): number {
  const fields = readOrEmpty('/proc/self/stat').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * 10;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
