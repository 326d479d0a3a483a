/**
 * How far a pipe is: what of the source's output was written into the target's stdin, what of that the target may not have read
 * yet, and which write was under way when eliotd was killed. Pure.
 */
import { unreadInputBytes } from '../../runtime/runtime.ts';
import type { LogPosition } from './log-position.ts';

/**
 * Noted before and after each write, so that whoever comes after a kill can go on. Places are of the source's log, in order:
 * `read`, `middle`, `from`, `to`.
 */
export interface PipeProgress {
  /** The container that was written to; empty: what counts is `from` alone. */
  readonly target: string;
  /** Number of the last write, which is its mark. */
  readonly write: number;
  /** Up to here everything was written. Undefined: nothing yet, and the oldest output comes first. */
  readonly from: LogPosition | undefined;
  /** Behind the write that is under way; as `from` when none is. */
  readonly to: LogPosition | undefined;
  readonly pendingBytes: number;
  /** Before here the target has read everything. */
  readonly read: LogPosition | undefined;
  /** Bytes from `read` to `from`. */
  readonly readBytes: number;
  /** A place between, which takes the place of `read` when enough has come behind it. */
  readonly middle: LogPosition | undefined;
  readonly middleBytes: number;
  /** Bytes, the last that were written, which were in our hands; usually 0. */
  readonly taken: number;
  /** Whether these had not reached the target's own pipe. */
  readonly isTakenWaiting: boolean;
}

/** In a longer line no start is looked for: output without lines. */
const longLineBytes = 4 * unreadInputBytes;
/** Numbers of writes go round: a mark holds no more. */
const maxWrite = 2 ** 32;

/** Nothing is with a target; the next byte is at `from`. */
export function progressAt(from: LogPosition | undefined, write = 0): PipeProgress {
  const places = { from, to: from, read: from, middle: from };
  return {
    target: '',
    write,
    ...places,
    pendingBytes: 0,
    readBytes: 0,
    middleBytes: 0,
    taken: 0,
    isTakenWaiting: false,
  };
}

/** To be noted before a write: it will happen whole or not at all. */
export function beginWrite(progress: PipeProgress, to: LogPosition, bytes: number): PipeProgress {
  return { ...progress, write: (progress.write + 1) % maxWrite, to, pendingBytes: bytes };
}

/** The write that was begun has happened. */
export function endWrite(progress: PipeProgress): PipeProgress {
  const { to, pendingBytes } = progress;
  const readBytes = progress.readBytes + pendingBytes;
  const middleBytes = progress.middleBytes + pendingBytes;
  const done = { ...progress, from: to, pendingBytes: 0 };
  // So much is never unread: the target has read what lies before. A place between two lines is worth waiting for.
  const isEnough = middleBytes >= (to?.isMidLine ? longLineBytes : unreadInputBytes);
  if (!isEnough) return { ...done, readBytes, middleBytes };
  return { ...done, read: progress.middle, readBytes: middleBytes, middle: to, middleBytes: 0 };
}

/** The write that was begun has not happened, and will not. Its number is used up. */
export function cancelWrite(progress: PipeProgress): PipeProgress {
  return { ...progress, to: progress.from, pendingBytes: 0 };
}

/** The target has read all but the last `unread` bytes, the first of which is at `read` or behind it in the same line. */
export function learnRead(progress: PipeProgress, read: LogPosition | undefined, unread: number): PipeProgress {
  const { from } = progress;
  return { ...progress, read, readBytes: unread, middle: from, middleBytes: 0 };
}

/** What the record of a process that was killed means for the target that it wrote to, and that still runs. */
export function afterKill(progress: PipeProgress, wasWritten: boolean): PipeProgress {
  return wasWritten ? endWrite(progress) : cancelWrite(progress);
}

/** How many bytes behind `read` the target has surely read, when nobody can tell how many it did not read. */
export function surelyReadBytes({ readBytes }: PipeProgress): number {
  return Math.max(0, readBytes - unreadInputBytes);
}
