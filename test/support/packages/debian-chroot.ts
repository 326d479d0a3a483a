/**
 * A small Debian in which packages can be installed, run and removed: a copy of the one that `scripts/package/make-chroot.sh`
 * makes, with process ids, mounts and network of its own. There is no systemd; `test/vm` has it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type CommandOptions, type CommandResult, run, runOk } from '../command.ts';
import { waitFor } from '../wait.ts';

const root = join(import.meta.dirname, '../../..');
const template = join(root, '.cache/packages/chroot');

/** Reaps what the programs leave, as an init does; Eliot's own sandbox program can. */
const init = join(root, 'assets/pause/pause-amd64');

const environment = ['-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'DEBIAN_FRONTEND=noninteractive'];

/** Why no chroot can be used here; undefined when one can. */
export function whyNoChroot(): string | undefined {
  return existsSync(template) ? undefined : 'the chroot is not made: run npm run test:packages';
}

export class DebianChroot {
  /** Its root directory, as the host sees it. */
  readonly directory: string;
  readonly #first: ChildProcess;
  readonly #pid: string;

  private constructor(directory: string, first: ChildProcess, pid: string) {
    this.directory = directory;
    this.#first = first;
    this.#pid = pid;
  }

  static async start(): Promise<DebianChroot> {
    const directory = mkdtempSync(join(tmpdir(), 'eliot-chroot-'));
    await runOk('cp', ['-a', '--reflink=auto', `${template}/.`, directory]);
    copyFileSync(init, join(directory, 'sbin/init'));
    const script = join(root, 'scripts/package/enter-chroot.sh');
    const spaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child'];
    // With the test that started it, however that ends.
    const first = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...spaces, script, directory, '/sbin/init'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const pid = await waitFor('the chroot to have its first process', () => {
      if (first.exitCode !== null) throw new Error(`it ended with ${first.exitCode}`);
      const child = readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8').trim();
      return child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8') === 'init\n' && child;
    });
    return new DebianChroot(directory, first, pid);
  }

  /** Runs a script as root inside. */
  shell(script: string, options: CommandOptions = {}): Promise<CommandResult> {
    return run(...this.command(['sh', '-c', script]), options);
  }

  /** Runs a script that must succeed; what it printed. */
  async shellOk(script: string, options: CommandOptions = {}): Promise<string> {
    return (await runOk(...this.command(['sh', '-c', script]), options)).stdout.trimEnd();
  }

  /** The command of the host that runs `args` inside, with an environment of its own. */
  command(args: readonly string[]): readonly [string, string[]] {
    return [
      'nsenter',
      ['--target', this.#pid, '--mount', '--pid', '--net', '--uts', '--ipc', 'env', ...environment, ...args],
    ];
  }

  /** Puts files of the host into its /root. */
  copyIn(...files: readonly string[]): void {
    for (const file of files) copyFileSync(file, join(this.directory, 'root', basename(file)));
  }

  /** Every file and directory of the system but what changes by itself, one a line. */
  async files(): Promise<string[]> {
    const ignored = ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'var/log', 'var/cache', 'var/lib/dpkg', 'var/lib/apt'];
    const pruned = ignored.map((path) => `-path /${path}`).join(' -o ');
    return (await this.shellOk(`find / \\( ${pruned} \\) -prune -o -print`)).split('\n').sort();
  }

  /** Ends all that runs in it, and removes it. */
  async close(): Promise<void> {
    this.#first.kill('SIGKILL');
    await waitFor('the chroot to end', () => !existsSync(`/proc/${this.#pid}`));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
