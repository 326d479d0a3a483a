/** What every command gets: the world around it, its global flags, and its connection when it asks for one. */
import type { CliIo } from './io.ts';
import { write } from './output.ts';
import type { Session, SessionFlags } from './session.ts';

export interface GlobalFlags extends SessionFlags {
  /** `-o`, as typed. */
  readonly output?: string | undefined;
}

export class CommandContext {
  readonly io: CliIo;
  readonly signal: AbortSignal;
  #flags: GlobalFlags = {};
  #session: Promise<Session> | undefined;
  #opened: Session | undefined;

  constructor(io: CliIo, signal: AbortSignal) {
    this.io = io;
    this.signal = signal;
  }

  get flags(): GlobalFlags {
    return this.#flags;
  }

  /** Set once, when the command line has been read. */
  useFlags(flags: GlobalFlags): void {
    this.#flags = flags;
  }

  /** The connection to the device; opened at the first call. */
  session(): Promise<Session> {
    this.#session ??= this.#open();
    return this.#session;
  }

  /** The connection, when one was opened. */
  get opened(): Session | undefined {
    return this.#opened;
  }

  /** Writes to stdout at the reader's pace. */
  print(text: string): Promise<void> {
    return write(this.io.stdout, text);
  }

  /** A line on stderr that belongs to the result: a warning, or that nothing was found. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  /** A line on stderr for a person who waits; scripts never see it. */
  hint(line: string): void {
    if (this.io.stderr.isTTY) this.note(line);
  }

  async #open(): Promise<Session> {
    // The network code is not loaded for `--help`.
    const { openSession } = await import('./session.ts');
    this.#opened = await openSession(this.#flags, this.io, this.signal);
    return this.#opened;
  }
}
