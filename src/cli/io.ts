/** The world around the command line, injected so that tests run it inside their own process. */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';

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

export interface FileAccess {
  /** Rejects with Node's error, `code` included. */
  readFile(path: string): Promise<Buffer>;
  /** For large files; fails like `readFile`, on the stream. */
  openFile(path: string): Readable;
  /** Names in a directory, unsorted. */
  readDirectory(path: string): Promise<string[]>;
  kindOf(path: string): Promise<FileKind>;
  /** Bytes of a file. */
  sizeOf(path: string): Promise<number>;
  /** Whether this user may read and write `path`. */
  mayUse(path: string): Promise<boolean>;
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface CliIo {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly files: FileAccess;
  /** Calls `listener` for each signal that asks the program to stop; returns what ends it. */
  onSignal(listener: (name: SignalName) => void): () => void;
}
