/** Runs the command line inside the test's own process, with streams that remember what was written. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, createReadStream } from 'node:fs';
import { access, readdir, readFile, rm, stat } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import type { LanAccess } from '../cli/discovery/lan.ts';
import type { CliIo, FileAccess, InputStream, OutputStream, SignalName, StopSignal } from '../cli/io.ts';
import { runEli } from '../cli/main.ts';
import { createSystemClock } from '../lib/clock.ts';
import { printedBy } from '../lib/printed-by.ts';
import { createUserFile, writeUserFile } from '../lib/user-file.ts';

export interface EliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Default: none, as on a machine without a network. */
  readonly lan?: LanAccess;
  readonly outputFiles?: readonly string[];
  /** Default: that of the test. */
  readonly directory?: string;
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
  readonly #signalListeners = new Set<(name: SignalName) => void>();

  constructor(args: readonly string[], options: Omit<EliOptions, 'stdin'> & { readonly tty?: boolean } = {}) {
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
      runProgram,
      readProgram: (command, signal) => printedBy(spawn, command, signal),
      onStopSignal: (listener) => this.#listen((name) => isStopSignal(name) && listener(name)),
      onOtherSignal: (listener) => this.#listen((name) => isStopSignal(name) || listener(name)),
      lan: options.lan ?? noLan,
      processes: { own: process.pid, isRunning: (id) => id === process.pid },
      outputFiles: () => options.outputFiles ?? [],
      directory: options.directory ?? process.cwd(),
    };
    this.ended = runEli(args, io);
  }

  signal(name: SignalName): void {
    for (const listener of this.#signalListeners) listener(name);
  }

  #listen(listener: (name: SignalName) => unknown): () => void {
    this.#signalListeners.add(listener);
    return () => this.#signalListeners.delete(listener);
  }
}

function isStopSignal(name: SignalName): name is StopSignal {
  return ['SIGINT', 'SIGTERM', 'SIGHUP'].includes(name);
}

/** Runs a command line to its end. */
export async function eli(args: readonly string[], options: EliOptions = {}): Promise<EliResult> {
  const { stdin = '', ...rest } = options;
  const run = new EliRun(args, rest);
  run.stdin.end(stdin);
  const exitCode = await run.ended;
  return { exitCode, stdout: run.stdout.text, stderr: run.stderr.text };
}

/** Without a terminal, so that what an editor says stays out of the test's own output. */
async function runProgram([program = '', ...args]: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode ?? 1;
}

/** A machine with no network. */
const noLan: LanAccess = {
  interfaces: async () => ({}),
  openSockets: async () => ({ setLinks: async () => ({ open: [], fresh: [] }), send: async () => {}, close: () => {} }),
};

/** The files of this machine. */
export const realFiles: FileAccess = {
  openFile: (path, range) => createReadStream(path, range),
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
  writeFile: writeUserFile,
  createFile: createUserFile,
  removeFile: (path) => rm(path, { force: true }),
  removeDirectory: (path) => rm(path, { recursive: true, force: true }),
};
