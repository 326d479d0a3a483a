/**
 * Which process a number stands for: numbers are given anew, when a process began is not. For what a process leaves on disk,
 * so that whoever finds it later knows whether it is still in use.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const isLinux = process.platform === 'linux';
/** Of a process that is over, and that only its parent has not asked about yet. */
const over = 'over';
/** Field 22 of proc_pid_stat(5), counted from the third, which is the first behind the name. */
const startField = 19;

/** A short name of the place where numbers of processes mean what they mean here: this machine, and this container of it. */
export function processPlace(): string {
  const namespace = isLinux ? orEmpty(() => readlinkSync('/proc/self/ns/pid')) : '';
  return shortHash([hostname(), orEmpty(() => readFileSync('/etc/machine-id', 'utf8')), namespace].join('\n'));
}

/** A short name of the moment when a process began, another one after each boot; undefined when that cannot be found out. */
export function processBirth(pid: number): string | undefined {
  try {
    return isLinux ? birthByProc(pid) : birthByPs(pid);
  } catch {
    return undefined;
  }
}

/** Whether a process runs still that was born then; true as well when that cannot be told. */
export function isProcessRunning(pid: number, birth: string | undefined): boolean {
  if (!isNumberTaken(pid)) return false;
  const found = processBirth(pid);
  return found === undefined || birth === undefined || found === birth;
}

function birthByProc(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Behind the name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return over;
  return shortHash(`${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${fields[startField]}`);
}

function birthByPs(pid: number): string {
  // eli's bundle has the module in no other way (scripts/build-cli.ts).
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const options = { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, encoding: 'utf8', timeout: 5_000 } as const;
  const [state = '', ...started] = execFileSync('ps', ['-o', 'state=', '-o', 'lstart=', '-p', String(pid)], options)
    .trim()
    .split(/\s+/);
  return state.startsWith('Z') ? over : shortHash(started.join(' '));
}

function isNumberTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's, which we may not reach.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
