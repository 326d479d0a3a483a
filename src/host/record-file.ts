/** A small file that is written often, and whole or not at all as far as only the writer can be killed. For tmpfs. */
import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A page of memory: a kill finds it with the old text or with the new one. */
const recordBytes = 4_096;

export interface RecordFile {
  /** The text, without blanks at its end; empty in a new file. */
  read(): string;
  /**
   * Replaces the text, at once.
   *
   * @throws Error when it is longer than 4,096 bytes; Node's own errors
   */
  write(text: string): void;
  close(): void;
}

/** Opens it, or makes it for its owner only, with the directories above it. */
export function openRecordFile(path: string): RecordFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const page = Buffer.alloc(recordBytes);
  return {
    read: () => readFileSync(path, 'utf8').trimEnd(),
    write: (text) => {
      if (Buffer.byteLength(text) > recordBytes)
        throw new Error(`a record of ${Buffer.byteLength(text)} bytes: ${path}`);
      page.fill(' ');
      page.write(text);
      writeSync(fd, page, 0, recordBytes, 0);
    },
    close: () => closeSync(fd),
  };
}
