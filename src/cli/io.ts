/** The world around the command line, injected so that tests run it inside their own process. */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';
import type { LanAccess } from './discovery/lan.ts';

export interface InputStream extends Readable {
  readonly isTTY?: boolean;
  /** Only on a terminal: keys arrive one by one and Ctrl-C is a byte like any other. */
  setRawMode?(on: boolean): unknown;
}

/** On a terminal it also emits `resize`. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export type FileKind = 'file' | 'directory' | 'socket' | 'missing' | 'other';

/** What is written to a file: at once, or piece by piece as it comes. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface FileAccess {
  /** Rejects with Node's error, `code` included. */
  readFile(path: string): Promise<Buffer>;
  /** For large files, or a part of one, both ends included; fails like `readFile`, on the stream. */
  openFile(path: string, range?: { readonly start: number; readonly end: number }): Readable;
  /** Names in a directory, unsorted. */
  readDirectory(path: string): Promise<string[]>;
  kindOf(path: string): Promise<FileKind>;
  /** Bytes of a file. */
  sizeOf(path: string): Promise<number>;
  /** Whether this user may read and write `path`. */
  mayUse(path: string): Promise<boolean>;
  /**
   * Replaces a file, whole or not at all; where a symbolic link stands, the file it leads to. Missing directories above it
   * are made for this user alone. A content that fails leaves everything as it was, and its error is thrown.
   *
   * @param mode permission bits, for example 0o600
   */
  writeFile(path: string, content: FileContent, mode: number): Promise<void>;
  /** Makes an empty file and the missing directories above it; rejects with `code: 'EEXIST'` when there is one. */
  createFile(path: string): Promise<void>;
  /** Removes a file; a missing one is no failure. */
  removeFile(path: string): Promise<void>;
  /** Removes a directory with all that is in it; a missing one is no failure. */
  removeDirectory(path: string): Promise<void>;
}

/** Signals that ask the program to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
/** Signals that a program on the device can be passed: those of docker's --sig-proxy that mean something to one. */
export type SignalName =
  | StopSignal
  | 'SIGQUIT'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGALRM'
  | 'SIGCONT'
  | 'SIGTSTP'
  | 'SIGWINCH'
  | 'SIGIO'
  | 'SIGPWR';

export interface Processes {
  /** Our own id. */
  readonly own: number;
  /** Whether a process of this id runs on this machine, whoever's it is. */
  isRunning(id: number): boolean;
}

export interface CliIo {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly files: FileAccess;
  /**
   * Runs a program that has our terminal, and waits for it. Rejects with Node's error when it cannot be started.
   *
   * @returns its exit code; 128 + n when signal n ended it
   */
  runProgram(command: readonly string[]): Promise<number>;
  /**
   * What a program prints while it runs without our terminal. The stream fails with Node's error when it cannot be started,
   * and with what it said on stderr when it ends with another exit code than 0. It is ended when nobody reads on.
   */
  readProgram(command: readonly string[], signal: AbortSignal): Readable;
  /**
   * Calls `listener` for each signal that asks the program to stop, once: the next one ends it, unless the listener says
   * true, that it has dealt with it. Returns what ends it.
   */
  onStopSignal(listener: (name: StopSignal) => boolean): () => void;
  /** Calls `listener` for every other signal, instead of what it does by itself; returns what ends it. */
  onOtherSignal(listener: (name: SignalName) => void): () => void;
  readonly lan: LanAccess;
  readonly processes: Processes;
  /** Paths of the files that our output goes to, as far as this machine can tell. */
  outputFiles(): readonly string[];
  /** The directory in which we were started. */
  readonly directory: string;
}
