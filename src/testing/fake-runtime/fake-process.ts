/**
 * A process that exists in memory only: a program (an async function) with streams, signals and an
 * exit code, which behaves towards its runtime as a Linux process does.
 *
 * The first process of a container ignores SIGTERM and SIGHUP unless it installed a handler, as PID 1
 * of a PID namespace does; any other process dies of them (128 + signal number). SIGKILL always works.
 */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';

/** What a signal does: `default`, `ignore`, or end the program with this exit code. */
export type SignalAction = 'default' | 'ignore' | number;

export type FakeSignal = 'SIGHUP' | 'SIGTERM' | 'SIGKILL';

const signalNumbers: Readonly<Record<FakeSignal, number>> = { SIGHUP: 1, SIGKILL: 9, SIGTERM: 15 };

/** The signal of a number, when it is one of those. */
export function fakeSignalOf(number: number): FakeSignal | undefined {
  return (Object.keys(signalNumbers) as FakeSignal[]).find((name) => signalNumbers[name] === number);
}

/** What a program sees of its process. */
export interface FakeProcess {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Ends at once when nobody can write to it. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly tty: boolean;
  /** The terminal's size; undefined before the first resize. */
  readonly size: () => { readonly width: number; readonly height: number } | undefined;
  /** Accepts connections on a port of the sandbox until the process ends. */
  readonly listen: (port: number, accept: (connection: Duplex) => void) => void;
  readonly clock: Clock;
  /** Chooses what SIGTERM and SIGHUP do from now on. */
  readonly onTerm: (action: SignalAction) => void;
  /** Aborts when the process has ended, however it did. */
  readonly ended: AbortSignal;
}

/** Resolves with the exit code. It may never resolve: a signal ends the process from outside. */
export type FakeProgram = (process: FakeProcess) => Promise<number>;

export interface FakeProcessOptions {
  readonly program: FakeProgram;
  readonly process: Omit<FakeProcess, 'onTerm' | 'ended'>;
  /** Whether it is PID 1 of its container. */
  readonly isInit: boolean;
}

/** A started program. */
export class RunningProcess {
  /** The exit code; never rejects (a program that throws exits with 1). */
  readonly exited: Promise<number>;
  readonly #isInit: boolean;
  readonly #ended = new AbortController();
  #termAction: SignalAction = 'default';
  #resolve: (exitCode: number) => void = () => {};

  constructor(options: FakeProcessOptions) {
    this.#isInit = options.isInit;
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const process: FakeProcess = {
      ...options.process,
      onTerm: (action) => {
        this.#termAction = action;
      },
      ended: this.#ended.signal,
    };
    // Not at once: whoever starts a process must first hold it in hand.
    Promise.resolve()
      .then(() => options.program(process))
      .then(
        (exitCode) => this.end(exitCode),
        () => this.end(1),
      );
  }

  /** Sends a signal; nothing happens when the process has ended. */
  signal(signal: FakeSignal): void {
    const action = signal === 'SIGKILL' ? 'default' : this.#termAction;
    if (typeof action === 'number') this.end(action);
    else if (signal === 'SIGKILL' || (action === 'default' && !this.#isInit)) this.end(128 + signalNumbers[signal]);
  }

  /** Ends the process with this exit code, as a test decides. */
  end(exitCode: number): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error('the process has ended'));
    this.#resolve(exitCode);
  }
}

/** Writes and resolves when the reader took it; a reader that has gone is no error for the program. */
export function writeAll(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve();
    stream.write(chunk, () => resolve());
  });
}
