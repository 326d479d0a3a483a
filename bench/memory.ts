/** Memory, CPU time and disk writes of processes, as the kernel counts them. */
import { readFileSync } from 'node:fs';

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

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
