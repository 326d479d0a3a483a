/**
 * The named pipes through which a process of an exec and we exchange bytes. The shim opens the other ends.
 *
 * Each exec has a directory of its own, whose name says what it belongs to, so that what a crash left behind can be
 * found and ended (`sweep-orphan-execs.ts`).
 */
import { close, constants, open } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runChild } from '../../../host/run-child.ts';
import { StatusError } from '../../../lib/status-error.ts';

/** Paths for `Tasks.Exec`; empty where the process gets /dev/null or, with a terminal, nothing. */
export interface FifoPaths {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Measured: an output opened for both ways never ends (we would be a writer ourselves), and an input cannot be opened
 * for writing alone before the shim reads from it.
 */
const openFlags: Readonly<Record<keyof FifoPaths, number>> = {
  stdin: constants.O_RDWR | constants.O_NONBLOCK,
  stdout: constants.O_RDONLY | constants.O_NONBLOCK,
  stderr: constants.O_RDONLY | constants.O_NONBLOCK,
};

const openFile = promisify(open);
const closeFile = promisify(close);

export class Fifos {
  readonly paths: FifoPaths;
  readonly #directory: string;
  readonly #descriptors = new Map<keyof FifoPaths, number>();

  private constructor(directory: string, wanted: { readonly stdin: boolean; readonly stderr: boolean }) {
    this.#directory = directory;
    this.paths = {
      stdin: wanted.stdin ? join(directory, 'stdin') : '',
      stdout: join(directory, 'stdout'),
      stderr: wanted.stderr ? join(directory, 'stderr') : '',
    };
  }

  /** Makes the pipes in a new directory and opens our ends, before the process exists. */
  static async create(
    directory: string,
    wanted: { readonly stdin: boolean; readonly stderr: boolean },
    signal: AbortSignal,
  ): Promise<Fifos> {
    const fifos = new Fifos(directory, wanted);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await fifos.#open(signal);
    } catch (error) {
      await fifos.close();
      throw error;
    }
    return fifos;
  }

  /**
   * Our end as a stream; undefined when there is no such pipe. Once each, after the process was started: before that
   * nobody has the other end of an output, which reads as its end.
   */
  socket(name: keyof FifoPaths): Socket | undefined {
    const fd = this.#descriptors.get(name);
    if (fd === undefined) return undefined;
    this.#descriptors.delete(name);
    const socket = new Socket({ fd, readable: name !== 'stdin', writable: name === 'stdin' });
    socket.on('error', () => {});
    return socket;
  }

  /** Closes what `socket` did not take and removes the pipes. */
  async close(): Promise<void> {
    for (const fd of this.#descriptors.values()) await closeFile(fd);
    this.#descriptors.clear();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #open(signal: AbortSignal): Promise<void> {
    // Node cannot make a FIFO; one short process makes all of them (6 ms).
    const made = await runChild('mkfifo', ['-m', '600', ...Object.values(this.paths).filter(Boolean)], signal);
    if (made.exitCode !== 0) throw new StatusError('InternalError', `cannot make pipes: ${made.stderr.trim()}`);
    for (const name of ['stdin', 'stdout', 'stderr'] as const) {
      if (this.paths[name]) this.#descriptors.set(name, await openFile(this.paths[name], openFlags[name]));
    }
  }
}
