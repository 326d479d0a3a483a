/** Runs the command line inside the test's own process, with streams that remember what was written. */
import { constants, createReadStream } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import type { CliIo, FileAccess, InputStream, OutputStream, SignalName } from '../cli/io.ts';
import { runEli } from '../cli/main.ts';
import { createSystemClock } from '../lib/clock.ts';

export interface EliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export interface EliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Remembers what was written; `printed` resolves when a pattern has appeared. */
export class Written extends Writable {
  readonly isTTY: boolean;
  columns = 80;
  rows = 24;
  #text = '';
  #waiting: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  get text(): string {
    return this.#text;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString('utf8');
    for (const { pattern, resolve } of this.#waiting) if (pattern.test(this.#text)) resolve();
    this.#waiting = this.#waiting.filter(({ pattern }) => !pattern.test(this.#text));
    done();
  }

  printed(pattern: RegExp): Promise<void> {
    if (pattern.test(this.#text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ pattern, resolve }));
  }
}

/** A run that is under way: for what waits, follows or reads. */
export class EliRun {
  readonly stdin: PassThrough & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown };
  readonly stdout: Written;
  readonly stderr: Written;
  /** Every change of the terminal's mode. */
  readonly rawModes: boolean[] = [];
  readonly ended: Promise<number>;
  #signal: ((name: SignalName) => void) | undefined;

  constructor(args: readonly string[], options: { readonly env?: EliOptions['env']; readonly tty?: boolean } = {}) {
    const { tty = false } = options;
    this.stdin = new PassThrough();
    if (tty) {
      this.stdin.isTTY = true;
      this.stdin.setRawMode = (on) => this.rawModes.push(on);
    }
    this.stdout = new Written(tty);
    this.stderr = new Written(tty);
    const io: CliIo = {
      stdin: this.stdin as InputStream,
      stdout: this.stdout as OutputStream,
      stderr: this.stderr as OutputStream,
      env: options.env ?? {},
      clock: createSystemClock(),
      files: realFiles,
      onSignal: (listener) => {
        this.#signal = listener;
        return () => {
          this.#signal = undefined;
        };
      },
    };
    this.ended = runEli(args, io);
  }

  signal(name: SignalName): void {
    this.#signal?.(name);
  }
}

/** Runs a command line to its end. */
export async function eli(args: readonly string[], options: EliOptions = {}): Promise<EliResult> {
  const run = new EliRun(args, options.env === undefined ? {} : { env: options.env });
  run.stdin.end(options.stdin ?? '');
  const exitCode = await run.ended;
  return { exitCode, stdout: run.stdout.text, stderr: run.stderr.text };
}

const realFiles: FileAccess = {
  openFile: (path) => createReadStream(path),
  readFile: (path) => readFile(path),
  readDirectory: (path) => readdir(path),
  kindOf: async (path) => {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) return 'missing';
    if (stats.isDirectory()) return 'directory';
    return stats.isSocket() ? 'socket' : stats.isFile() ? 'file' : 'other';
  },
  sizeOf: async (path) => (await stat(path)).size,
  mayUse: (path) =>
    access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    ),
};
