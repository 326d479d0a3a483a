/**
 * The process of the managed containerd: a session of its own, so that it outlives eliotd however that ends, and
 * found again by a later eliotd.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Processes, ProcessIdentity, ProcessInfo } from '../../../host/processes.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { Programs } from './find-programs.ts';
import type { ManagedLayout } from './layout.ts';

/** What containerd takes over from our environment: how to reach registries, where to put temporary files. */
const passedVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'TMPDIR'];

export interface ContainerdProcessDeps {
  readonly layout: ManagedLayout;
  readonly processes: Processes;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class ContainerdProcess {
  readonly #deps: ContainerdProcessDeps;

  constructor(deps: ContainerdProcessDeps) {
    this.#deps = deps;
  }

  /** The running containerd of this instance, whoever started it; undefined when there is none. */
  async find(): Promise<ProcessIdentity | undefined> {
    const { layout, processes } = this.#deps;
    const pid = Number(await readFile(layout.pidPath, 'utf8').catch(() => ''));
    const recorded = Number.isInteger(pid) && pid > 0 ? await processes.find(pid) : undefined;
    if (recorded !== undefined && this.#isOurs(recorded)) return recorded;
    // The file may be gone or not yet written: eliotd can be killed between two lines of its own.
    return (await processes.list()).find((process) => this.#isOurs(process));
  }

  /** Starts it and returns at once; whether it works is to be asked at its socket. */
  async start(programs: Programs): Promise<ProcessIdentity> {
    const { layout, processes, env } = this.#deps;
    await mkdir(layout.state, { recursive: true, mode: 0o711 });
    const log = await open(layout.logPath, 'a', 0o600);
    try {
      const passed = passedVariables.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
      const child = spawn(programs.containerd, ['--config', layout.configPath], {
        // A session of its own: no signal of our terminal or service reaches it.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        cwd: '/',
        env: { ...Object.fromEntries(passed), PATH: programs.path },
      });
      await once(child, 'spawn');
      child.unref();
      const found = child.pid === undefined ? undefined : await processes.find(child.pid);
      if (found === undefined) throw new StatusError('ServiceUnavailable', 'containerd ended at once');
      await writeFile(layout.pidPath, `${found.pid}\n`);
      return found;
    } finally {
      await log.close();
    }
  }

  /** SIGTERM, then SIGKILL after `graceMs`. Containers go on: their shims are processes of their own. */
  async stop(process: ProcessIdentity, graceMs: number, signal: AbortSignal): Promise<void> {
    const { processes } = this.#deps;
    if (graceMs > 0) {
      await processes.kill(process, 'SIGTERM');
      if (await processes.waitUntilGone(process, graceMs, signal)) return;
    }
    await processes.kill(process, 'SIGKILL');
    if (await processes.waitUntilGone(process, 10_000, signal)) return;
    throw new StatusError('Timeout', `containerd (pid ${process.pid}) does not end, not even by SIGKILL`);
  }

  #isOurs({ commandLine }: ProcessInfo): boolean {
    const [program = '', ...args] = commandLine;
    return basename(program) === 'containerd' && args.includes(this.#deps.layout.configPath);
  }
}
