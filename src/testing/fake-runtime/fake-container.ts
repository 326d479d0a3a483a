import { PassThrough, type Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Clock } from '../../lib/clock.ts';
import type {
  ContainerConfig,
  ContainerId,
  ExecRequest,
  Image,
  RuntimeContainer,
  RuntimeContainerStatus,
  SandboxId,
} from '../../runtime/runtime.ts';
import { CriLogWriter } from './cri-log-writer.ts';
import { FakeInput } from './fake-input.ts';
import { type FakeProcess, type FakeProgram, type FakeSignal, RunningProcess, writeAll } from './fake-process.ts';

export interface FakeContainerOptions {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly config: ContainerConfig;
  readonly image: Image;
  /** Absolute path of the log file. */
  readonly logPath: string;
  readonly clock: Clock;
  /** Receives log lines in CRI's format; undefined when nobody wants them. */
  readonly writeLog: ((path: string, text: string) => void) | undefined;
  readonly listen: FakeProcess['listen'];
  readonly onExit: (exitCode: number) => void;
}

/** One container of the fake runtime: its state, its process and who is attached to it. */
export class FakeContainer {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly config: ContainerConfig;
  readonly #options: FakeContainerOptions;
  readonly #createdAtMs: number;
  readonly #stdin = new PassThrough();
  readonly input = new FakeInput(this.#stdin);
  readonly #outputs = { stdout: new Set<Writable>(), stderr: new Set<Writable>() };
  readonly #execs = new Set<RunningProcess>();
  #state: RuntimeContainer['state'] = 'Created';
  #process: RunningProcess | undefined;
  /** Starts the program of a container that is held. */
  #begin: (() => void) | undefined;
  #endHeld: (exitCode: number) => void = () => {};
  #size: { readonly width: number; readonly height: number } | undefined;
  #startedAtMs = 0;
  #finishedAtMs = 0;
  #exitCode = 0;
  #reason = '';
  #message = '';
  #exited: Promise<void> = Promise.resolve();

  constructor(options: FakeContainerOptions) {
    this.#options = options;
    this.id = options.id;
    this.sandboxId = options.sandboxId;
    this.config = options.config;
    this.#createdAtMs = options.clock.now();
    if (!options.config.stdin) this.#stdin.end();
  }

  get state(): RuntimeContainer['state'] {
    return this.#state;
  }

  /** Resolves when the process has ended; at once when it never ran. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  get summary(): RuntimeContainer {
    const { config, image } = this.#options;
    return {
      id: this.id,
      sandboxId: this.sandboxId,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageId: image.id,
      state: this.#state,
      createdAtMs: this.#createdAtMs,
      labels: config.labels,
      annotations: config.annotations,
    };
  }

  get status(): RuntimeContainerStatus {
    return {
      ...this.summary,
      startedAtMs: this.#startedAtMs,
      finishedAtMs: this.#finishedAtMs,
      exitCode: this.#exitCode,
      reason: this.#reason,
      message: this.#message,
      logPath: this.#options.logPath,
    };
  }

  start(program: FakeProgram): void {
    const { clock, logPath, writeLog, config } = this.#options;
    this.#state = 'Running';
    this.#startedAtMs = clock.now();
    const log = writeLog && new CriLogWriter(clock, (text) => writeLog(logPath, text));
    const stdout = this.#output('stdout', log);
    const ended = Promise.withResolvers<number>();
    const begin = (): void => {
      this.#begin = undefined;
      this.#process = this.#spawn(
        program,
        [...config.command, ...config.args],
        { stdin: this.#stdin, stdout, stderr: config.tty ? stdout : this.#output('stderr', log) },
        true,
      );
      this.#process.exited.then(ended.resolve);
    };
    this.#exited = ended.promise.then((exitCode) => {
      log?.end();
      this.#finish(exitCode, exitCode === 0 ? 'Completed' : 'Error', '');
    });
    this.#endHeld = (exitCode) => {
      this.#begin = undefined;
      ended.resolve(exitCode);
    };
    if (config.holdUntilAttached) this.#begin = begin;
    else begin();
  }

  /** What a start that the runtime refused leaves behind (measured on containerd 1.6). */
  failStart(message: string): void {
    this.#startedAtMs = this.#options.clock.now();
    this.#finish(128, 'StartError', message);
  }

  signal(signal: FakeSignal): void {
    // While it is held, the process that holds it ends by any signal.
    if (this.#begin !== undefined) this.#endHeld(128 + (signal === 'SIGKILL' ? 9 : 15));
    else this.#process?.signal(signal);
  }

  /** Ends the process as a test decides, `OOMKilled` for example. */
  async end(exitCode: number, reason?: string): Promise<void> {
    this.#process?.end(exitCode);
    await this.#exited;
    if (reason) this.#reason = reason;
  }

  /** What a reboot leaves of a container that ran: nobody knows how it ended. */
  async lose(): Promise<void> {
    if (this.#state === 'Running') await this.end(255, 'Unknown');
  }

  async exec(program: FakeProgram, request: ExecRequest, signal: AbortSignal): Promise<number> {
    let size: { readonly width: number; readonly height: number } | undefined;
    const stopResize = followResize(request.resize, (next) => {
      size = next;
    });
    const nowhere = new Writable({ write: (_chunk, _encoding, callback) => callback() });
    const stdin = request.stdin ?? emptyInput();
    const stdout = request.stdout ?? nowhere;
    const running = this.#spawn(
      program,
      request.command,
      { stdin, stdout, stderr: request.tty ? stdout : (request.stderr ?? nowhere), tty: request.tty, size: () => size },
      false,
    );
    this.#execs.add(running);
    const hangUp = (): void => {
      running.signal('SIGHUP');
      running.signal('SIGKILL');
    };
    signal.addEventListener('abort', hangUp, { once: true });
    if (signal.aborted) hangUp();
    try {
      const exitCode = await running.exited;
      signal.throwIfAborted();
      return exitCode;
    } finally {
      signal.removeEventListener('abort', hangUp);
      this.#execs.delete(running);
      stopResize();
    }
  }

  async attach(request: Omit<ExecRequest, 'command'>, signal: AbortSignal): Promise<void> {
    const stopResize = followResize(request.resize, (size) => {
      this.#size = size;
    });
    if (request.stdout) this.#outputs.stdout.add(request.stdout);
    if (request.stderr) this.#outputs.stderr.add(request.stderr);
    this.#begin?.();
    if (request.stdin) this.#attachStdin(request.stdin);
    let onAbort = (): void => {};
    try {
      await Promise.race([
        this.#exited,
        new Promise((_resolve, reject) => {
          onAbort = () => reject(signal.reason);
          signal.addEventListener('abort', onAbort, { once: true });
          if (signal.aborted) onAbort();
        }),
      ]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (request.stdout) this.#outputs.stdout.delete(request.stdout);
      if (request.stderr) this.#outputs.stderr.delete(request.stderr);
      request.stdin?.unpipe(this.#stdin);
      if (this.config.stdinOnce && request.stdin) this.#stdin.end();
      stopResize();
    }
  }

  #attachStdin(stdin: Readable): void {
    // With stdinOnce the first client's end is the container's end of input.
    stdin.pipe(this.#stdin, { end: this.config.stdinOnce });
    finished(stdin, { writable: false }).catch(() => {});
  }

  #spawn(
    program: FakeProgram,
    args: readonly string[],
    streams: Pick<FakeProcess, 'stdin' | 'stdout' | 'stderr'> & Partial<Pick<FakeProcess, 'tty' | 'size'>>,
    isInit: boolean,
  ): RunningProcess {
    const { clock, listen, config } = this.#options;
    const env = Object.fromEntries(config.env.map(({ name, value }) => [name, value]));
    return new RunningProcess({
      program,
      isInit,
      process: { args, env, tty: config.tty, size: () => this.#size, listen, clock, ...streams },
    });
  }

  /** What the process writes goes to the log and, at their pace, to everybody attached. */
  #output(name: 'stdout' | 'stderr', log: CriLogWriter | undefined): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        log?.write(this.config.tty ? 'stdout' : name, chunk);
        const writes = [...this.#outputs[name]].map((stream) => writeAll(stream, chunk));
        Promise.all(writes).then(() => callback(), callback);
      },
    });
  }

  #finish(exitCode: number, reason: string, message: string): void {
    this.#state = 'Exited';
    this.#finishedAtMs = this.#options.clock.now();
    this.#exitCode = exitCode;
    this.#reason = reason;
    this.#message = message;
    for (const exec of this.#execs) exec.signal('SIGKILL');
    this.#options.onExit(this.#exitCode);
  }
}

function emptyInput(): Readable {
  const input = new PassThrough();
  input.end();
  return input;
}

/** Reads sizes in the background until they end or the returned function is called. */
function followResize(
  resize: ExecRequest['resize'],
  apply: (size: { width: number; height: number }) => void,
): () => void {
  const sizes = resize[Symbol.asyncIterator]();
  let stopped = false;
  const read = async (): Promise<void> => {
    for (let next = await sizes.next(); !next.done && !stopped; next = await sizes.next()) apply(next.value);
  };
  read().catch(() => {});
  return () => {
    stopped = true;
  };
}
