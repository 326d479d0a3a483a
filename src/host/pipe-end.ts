/** A pipe of the kernel that others write to and read from, opened beside them. */
import { closeSync, constants, fstatSync, futimesSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * A mark is a time of change that no clock shows for centuries. A write to a named pipe sets that time to now in the same system
 * call, so the kernel itself tells whether there was one, even when the writer is killed right behind it (docs/adr/0048).
 */
const markBaseSeconds = 2 ** 33;
/** What a pipe holds unless somebody made it larger. */
const blockBytes = 65_536;

export interface PipeEnd {
  /** As in `pipe:[12345]`, which a link of `/proc/PID/fd` says. */
  readonly inode: number;
  /** Writes all of at most 4,096 bytes, or nothing: false when there is no room. */
  write(bytes: Uint8Array): boolean;
  /** Only of a pipe with a name: the kernel keeps no times of others since Linux 6.15. */
  mark(number: number): void;
  isMarked(number: number): boolean;
  /** What nobody has read, the first of it when there is more: somebody may write for as long as this reads. */
  take(mostBytes: number): Buffer;
  /**
   * Gives back what was taken a moment ago.
   *
   * @throws Error when somebody else has filled the pipe meanwhile
   */
  putBack(bytes: Buffer): void;
  close(): void;
}

/** What was opened is something else than a pipe. */
export class NoPipeError extends Error {}

/**
 * @param path of a named pipe, or `/proc/PID/fd/N`
 * @throws NoPipeError; Node's own errors
 */
export function openPipeEnd(path: string): PipeEnd {
  // For both ways: what its reader leaves unread is there as long as somebody could read it.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const found = fstatSync(fd);
  if (!found.isFIFO()) {
    closeSync(fd);
    throw new NoPipeError(`${path} is no pipe`);
  }
  return {
    inode: found.ino,
    write: (bytes) => unlessBusy(() => writeSync(fd, bytes)) !== undefined,
    mark: (number) => futimesSync(fd, markBaseSeconds + number, markBaseSeconds + number),
    isMarked: (number) => fstatSync(fd).mtimeMs === (markBaseSeconds + number) * 1_000,
    take: (mostBytes) => {
      const taken: Buffer[] = [];
      for (let left = mostBytes; left > 0; ) {
        const block = Buffer.alloc(Math.min(blockBytes, left));
        const bytes = unlessBusy(() => readSync(fd, block));
        if (bytes === undefined || bytes === 0) break;
        taken.push(block.subarray(0, bytes));
        left -= bytes;
      }
      return Buffer.concat(taken);
    },
    putBack: (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        const written = unlessBusy(() => writeSync(fd, bytes.subarray(done)));
        if (written === undefined) throw new Error(`${bytes.length - done} bytes do not fit into the pipe any more`);
        done += written;
      }
    },
    close: () => closeSync(fd),
  };
}

/** Undefined when it would have had to wait. */
function unlessBusy(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
