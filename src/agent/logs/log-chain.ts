/**
 * The files of one log in their order: where reading begins, and which file follows another.
 *
 * Files are told apart by their identity, never by their name: rotation renames them while they are read.
 */
import { findTail } from './find-tail.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import { parseLogLine, parseLogTime } from './log-line.ts';

/** Bounds the looks at a log that is rotated again and again meanwhile; then the newest answer must do. */
const maxTries = 8;
/** The time at the head of a line is shorter than this. */
const headBytes = 128;

/** What finding a file of a log needs. */
export type LogChainFiles = Pick<LogFiles, 'open' | 'readInode' | 'list'>;

export interface LogStart {
  readonly file: LogFile;
  readonly position: number;
  /** Identity of the newest file when this was decided: whoever does not follow ends with it. */
  readonly lastInode: number;
}

export interface StartOptions {
  /** Undefined: from the start. */
  readonly tailLines: number | undefined;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number | undefined;
}

/** Where to begin; undefined when there is no file. The caller closes the file. */
export async function openStart(files: LogFiles, path: string, options: StartOptions): Promise<LogStart | undefined> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const entries = await files.list(path);
    const last = entries.at(-1);
    if (last === undefined) return undefined;
    const start = await findStart(files, entries, options);
    if (start !== 'Rotated') return { ...start, lastInode: last.inode };
  }
  const file = await files.open(path);
  return file && { file, position: 0, lastInode: file.inode };
}

/**
 * The file of the log with this identity; undefined when it was removed. A file that is renamed while one looks is seen under neither
 * name, so one look is not believed. The caller closes it.
 */
export async function openSame(files: LogChainFiles, path: string, inode: number): Promise<LogFile | undefined> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const entry = (await files.list(path)).find((each) => each.inode === inode);
    const file = entry && (await openEntry(files, entry));
    if (file !== undefined) return file;
  }
  return undefined;
}

/** The file after the one with this identity; undefined when it is the newest. The caller closes it. */
export async function openNext(files: LogChainFiles, path: string, inode: number): Promise<LogFile | undefined> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    // By far the most frequent answer, and the cheapest.
    if ((await files.readInode(path)) === inode) return undefined;
    const entries = await files.list(path);
    // One that was removed meanwhile is older than all that are left.
    const next = entries[entries.findIndex((entry) => entry.inode === inode) + 1];
    if (next === undefined) return undefined;
    const file = await openEntry(files, next);
    if (file !== undefined) return file;
  }
  return undefined;
}

type Entry = Awaited<ReturnType<LogFiles['list']>>[number];

/** Undefined when the name means another file by now. */
async function openEntry(files: LogChainFiles, entry: Entry): Promise<LogFile | undefined> {
  const file = await files.open(entry.path);
  if (file === undefined || file.inode === entry.inode) return file;
  await file.close();
  return undefined;
}

/** Goes back from the newest file as far as the options need. */
async function findStart(
  files: LogFiles,
  entries: readonly Entry[],
  { tailLines, sinceMs }: StartOptions,
): Promise<Omit<LogStart, 'lastInode'> | 'Rotated'> {
  let left = tailLines ?? 0;
  for (let index = entries.length - 1; ; index -= 1) {
    const entry = entries[index];
    const file = entry && (await openEntry(files, entry));
    if (file === undefined) return 'Rotated';
    try {
      const isOldest = index === 0;
      if (tailLines !== undefined) {
        const tail = await findTail(file, left);
        left -= tail.lines;
        if (left <= 0 || isOldest) return { file, position: tail.position };
      } else if (isOldest || (sinceMs !== undefined && (await beginsBefore(file, sinceMs)))) {
        return { file, position: 0 };
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
  }
}

async function beginsBefore(file: LogFile, sinceMs: number): Promise<boolean> {
  const head = Buffer.alloc(headBytes);
  const line = parseLogLine(head.subarray(0, await file.read(head, 0)));
  return line !== undefined && parseLogTime(line.time) < sinceMs;
}
