import { readFile } from 'node:fs/promises';
import { isStatusError } from '../../../lib/status-error.ts';
import type { ContainerId } from '../../runtime.ts';
import type { Method } from '../grpc/method.ts';
import { taskService } from '../methods.ts';
import type { StreamDeps } from '../stream-deps.ts';

/** Milliseconds for calls that end a process; they must not hang on a shim that does. */
const endTimeoutMs = 30_000;

/** Milliseconds between SIGHUP and SIGKILL for a process whose client has gone. */
const hangUpGraceMs = 1_000;

/** Milliseconds before asking again for an exit code when containerd was away. */
const waitAgainMs = 200;

const sighup = 1;
const sigkill = 9;

/** A process that was started in a container beside its own one. Its calls go on when the client has gone. */
export class ExecProcess {
  readonly #deps: Pick<StreamDeps, 'grpc' | 'clock'>;
  readonly #ids: { readonly containerId: string; readonly execId: string };
  readonly #never = new AbortController().signal;

  constructor(deps: Pick<StreamDeps, 'grpc' | 'clock'>, container: ContainerId, execId: string) {
    this.#deps = deps;
    this.#ids = { containerId: container, execId };
  }

  /** The exit code, when the process has ended. A restart of containerd meanwhile does not lose it. */
  async exitCode(): Promise<number> {
    for (;;) {
      try {
        const answer = await this.#deps.grpc.unary(taskService.wait, this.#ids, { signal: this.#never });
        return answer.exitStatus;
      } catch (error) {
        if (!isStatusError(error, 'ServiceUnavailable')) throw error;
        await this.#deps.clock.sleep(waitAgainMs);
      }
    }
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#call(taskService.resizePty, { ...this.#ids, width, height });
  }

  /** Tells the shim that no more input comes. Never for a terminal: its shell would die of SIGHUP (measured). */
  async closeStdin(): Promise<void> {
    await this.#call(taskService.closeIO, { ...this.#ids, stdin: true });
  }

  /**
   * Ends the process as a terminal that is unplugged does: SIGHUP to it and to what it has started, and SIGKILL to it
   * when it is still there after a short grace. Resolves when the process has ended.
   *
   * @param pid the process in the host's PID namespace
   */
  async hangUp(pid: number, exited: Promise<unknown>): Promise<void> {
    const descendants = await readDescendants(pid);
    await this.#kill(sighup);
    for (const descendant of descendants) signalProcess(descendant);
    const done = new AbortController();
    const grace = this.#deps.clock.sleep(hangUpGraceMs, done.signal).catch(() => {});
    const ended = exited.then(
      () => done.abort(),
      () => done.abort(),
    );
    await Promise.race([ended, grace]);
    if (!done.signal.aborted) await this.#kill(sigkill);
    await ended;
  }

  /** Ends it at once, whatever state it is in, and removes every trace. For leftovers. */
  async remove(): Promise<void> {
    await this.#kill(sigkill);
    await this.#call(taskService.wait, this.#ids);
    await this.delete();
  }

  /** Removes the record of a process that has ended, or was never started. Fine when there is none. */
  async delete(): Promise<void> {
    await this.#call(taskService.deleteProcess, this.#ids);
  }

  async #kill(signal: number): Promise<void> {
    await this.#call(taskService.kill, { ...this.#ids, signal });
  }

  /** A process that has ended meanwhile cannot be resized, signalled or deleted: that is what was wanted. */
  async #call<Request, Response>(method: Method<Request, Response>, request: Request): Promise<void> {
    try {
      await this.#deps.grpc.unary(method, request, { signal: this.#never, timeoutMs: endTimeoutMs });
    } catch (error) {
      if (!isStatusError(error)) throw error;
    }
  }
}

/** The processes below `pid`, by /proc; empty when the kernel does not list children. */
async function readDescendants(pid: number): Promise<number[]> {
  if (pid <= 1) return [];
  try {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return [...children, ...(await Promise.all(children.map(readDescendants))).flat()];
  } catch {
    return [];
  }
}

function signalProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGHUP');
  } catch {
    // It has ended by itself.
  }
}
