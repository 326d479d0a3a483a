/** Looking at the machine's processes, mounts and namespaces, for tests that kill things. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessSeen {
  readonly pid: number;
  readonly args: readonly string[];
}

/** Every process whose arguments satisfy `matches`. */
export function findProcesses(matches: (args: readonly string[]) => boolean): ProcessSeen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), args: argsOf(Number(name)) }))
    .filter(({ args }) => args.length > 0 && matches(args));
}

function argsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** The process and everything below it, deepest last. */
export function withDescendants(pid: number): number[] {
  const children = existsSync(`/proc/${pid}/task/${pid}/children`)
    ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    : [];
  return [pid, ...children.flatMap(withDescendants)];
}

/** Sends SIGKILL; fine when the process is gone already. */
export function kill9(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Mount points below `directory`, deepest first. */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}

/** Names of the network namespaces that CNI made and that have an address which begins with `prefix`. */
export function cniNamespaces(prefix: string): string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns')
    .filter((name) => name.startsWith('cni-'))
    .filter((name) => addressesIn(name).includes(` ${prefix}`));
}

function addressesIn(namespace: string): string {
  try {
    return execFileSync('ip', ['-n', namespace, '-4', '-o', 'address'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    // It went away meanwhile.
    return '';
  }
}
