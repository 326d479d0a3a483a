/** What every command gets: the world around it, its global flags, and its connection when it asks for one. */
import type { CliIo, SignalName, StopSignal } from './io.ts';
import { write } from './output.ts';
import type { Session, SessionFlags } from './session.ts';
import { Terminal } from './terminal/terminal.ts';

export interface GlobalFlags extends SessionFlags {
  /** Every device that is known, instead of one. */
  readonly allNodes?: boolean | undefined;
  /** `-o`, as typed. */
  readonly output?: string | undefined;
  /** Nothing but results and failures. */
  readonly quiet?: boolean | undefined;
}

/** What a command does differently when it is one of several, each for one device. */
export interface OneOfSeveral {
  /** Its device. */
  readonly node: string;
  /** Instead of what `-o` says. */
  readonly output: string | undefined;
  /** Takes a table that is not aligned yet, a tab between cells, instead of printing it. */
  readonly onTable: (text: string, hasHeader: boolean) => void;
}

export class CommandContext {
  readonly io: CliIo;
  readonly signal: AbortSignal;
  readonly #oneOf: OneOfSeveral | undefined;
  #flags: GlobalFlags = {};
  #verb = '';
  #session: Promise<Session> | undefined;
  #opened: Session | undefined;
  #terminal: Terminal | undefined;
  #signalListener: ((name: SignalName) => void) | undefined;

  constructor(io: CliIo, signal: AbortSignal, oneOf?: OneOfSeveral) {
    this.io = io;
    this.signal = signal;
    this.#oneOf = oneOf;
  }

  get flags(): GlobalFlags {
    return this.#flags;
  }

  /** The first word of what is to be done: `get`, `rollout`. */
  get verb(): string {
    return this.#verb;
  }

  /** Set once, when the command line has been read. */
  useFlags(flags: GlobalFlags, verb: string): void {
    this.#verb = verb;
    const { node, output = flags.output } = this.#oneOf ?? {};
    this.#flags = node === undefined ? flags : { ...flags, node, allNodes: false, output };
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

  /** What a person sees while the command works. */
  get terminal(): Terminal {
    const { stderr, env, clock } = this.io;
    const isQuiet = this.#flags.quiet ?? false;
    this.#terminal ??= new Terminal({ stderr, env, clock, isQuiet, signal: this.signal });
    return this.#terminal;
  }

  /** Writes to stdout at the reader's pace. */
  print(text: string | Buffer): Promise<void> {
    // Often the same screen, where something may move.
    if (this.io.stdout.isTTY) this.#terminal?.makeRoomFor(text);
    return write(this.io.stdout, text);
  }

  /** Writes what a program on the device printed to its stderr, at the reader's pace. */
  printError(text: string | Buffer): Promise<void> {
    this.#terminal?.makeRoomFor(text);
    return write(this.io.stderr, text);
  }

  /** Writes lines with a tab between cells in columns. */
  async printTable(text: string, hasHeader: boolean): Promise<void> {
    if (this.#oneOf) return this.#oneOf.onTable(text, hasHeader);
    const { alignTabs, tableTabs } = await import('./printers/tab-writer.ts');
    await this.print(alignTabs(text, tableTabs));
  }

  /** A line on stderr that belongs to the result: a warning, or that nothing was found. */
  note(line: string): void {
    this.terminal.note(line);
  }

  /** A line on stderr for a person who waits; scripts never see it. */
  hint(line: string): void {
    if (this.io.stderr.isTTY && !this.#flags.quiet) this.note(line);
  }

  /** Nothing moves on the terminal any longer. */
  close(): void {
    this.#terminal?.close();
    this.#opened?.transport.close();
  }

  /** Hands every signal to `listener`, instead of stopping the command, until the returned function is called. */
  captureSignals(listener: (name: SignalName) => void): () => void {
    this.#signalListener = listener;
    const release = this.io.onOtherSignal(listener);
    return () => {
      this.#signalListener = undefined;
      release();
    };
  }

  /** Whether a signal that asks to stop was handed to somebody who captures them. */
  handOn(name: StopSignal): boolean {
    this.#signalListener?.(name);
    return this.#signalListener !== undefined;
  }

  async #open(): Promise<Session> {
    // The network code is not loaded for `--help`.
    const { openSession } = await import('./session.ts');
    this.#opened = await this.terminal.during('connecting to the device', () =>
      openSession(this.#flags, this.io, this.signal, {
        onWarning: (text) => this.note(`Warning: ${text}`),
        onMoved: (device, server) => this.note(`Note: ${device} has moved to ${server}`),
        whileWaiting: (work) => this.terminal.during('waiting for the device', work, 'when nothing else is'),
      }),
    );
    return this.#opened;
  }
}
