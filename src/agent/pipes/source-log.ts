/**
 * What a container has printed on stdout, byte by byte as it came, over all its runs and all files of their logs: oldest first,
 * each byte once. Pieces of long lines are joined again. Where a run ended within a line, that line is ended, so that it does not
 * spoil the first one of the next run.
 *
 * One block is in memory. What was removed before it was read is passed over.
 */

import { type LogChainFiles, openNext, openSame } from '../logs/log-chain.ts';
import type { LogFile } from '../logs/log-files.ts';
import { parseLogLine } from '../logs/log-line.ts';
import { type LogPosition, runNumber } from './log-position.ts';

/** The runtime cuts lines at 16 KiB of text, so an entry always fits. */
const blockBytes = 32_768;
const newline = 0x0a;
const lineEnd = Buffer.from('\n');

export interface SourceLogDeps {
  readonly files: LogChainFiles;
  /** Paths of the logs of all runs of the container that there are, in any order. */
  readonly runs: () => Promise<readonly string[]>;
  /** Whether more may still be written to the log of this run. */
  readonly mayGrow: (run: string) => boolean;
}

/** What the source printed on stdout, as it printed it: without what the log says of each line. */
export interface LogPiece {
  readonly bytes: Buffer;
  /** The place behind it. */
  readonly next: LogPosition;
  /** Of the entry that comes next, among those in memory. */
  readonly index: number;
}

/** A complete line of the file, if its text goes to stdout. */
interface Entry {
  readonly start: number;
  readonly text: Buffer;
}

interface Cursor {
  readonly index: number;
  readonly skip: number;
}

export class SourceLog {
  readonly #deps: SourceLogDeps;
  /** Undefined until there is a log. */
  #position: LogPosition | undefined;
  #file: LogFile | undefined;
  #entries: readonly Entry[] = [];
  #cursor: Cursor = { index: 0, skip: 0 };
  /** Bytes of the file up to the end of `#entries`. */
  #end = 0;
  #hasLostPlace = false;
  #isHandingOver = false;
  /** Files are changed one after another: a piece that was asked for and not awaited must not open one after the end. */
  #isClosed = false;

  /** @param position where to begin; undefined: with the oldest that there is */
  constructor(deps: SourceLogDeps, position: LogPosition | undefined) {
    this.#deps = deps;
    this.#position = position;
  }

  /** Whether the place where it was to begin is there no more, so that it began with the oldest that is left. */
  get hasLostPlace(): boolean {
    return this.#hasLostPlace;
  }

  /** Whether there is nothing now only because the runtime has not let go of a file that was rotated: a matter of milliseconds. */
  get isHandingOver(): boolean {
    return this.#isHandingOver;
  }

  /** The place of the next byte; undefined as long as there is no log. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  /** At most `maxBytes` from the present place on, which stays where it is; undefined when there is nothing now. */
  async peek(maxBytes: number): Promise<LogPiece | undefined> {
    if (this.#cursor.index >= this.#entries.length && !(await this.#load())) return undefined;
    const parts: Buffer[] = [];
    let left = maxBytes;
    let { index, skip } = this.#cursor;
    for (let entry = this.#entries[index]; entry !== undefined && left > 0; entry = this.#entries[index]) {
      const part = entry.text.subarray(skip, skip + left);
      parts.push(part);
      left -= part.length;
      skip += part.length;
      if (skip < entry.text.length) break;
      index += 1;
      skip = 0;
    }
    const bytes = Buffer.concat(parts);
    const entry = this.#entries[index];
    const { run, inode } = this.#position ?? { run: '', inode: 0 };
    const next = { run, inode, offset: entry?.start ?? this.#end, skip, isMidLine: bytes.at(-1) !== newline };
    return { bytes, next, index };
  }

  /** Goes on behind a piece that `peek` has just given. */
  accept({ next, index }: LogPiece): void {
    this.#cursor = { index, skip: next.skip };
    this.#position = next;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Reads the next entries; false when there are none now. */
  async #load(): Promise<boolean> {
    const { files, mayGrow } = this.#deps;
    let next: LogFile | undefined;
    this.#entries = [];
    this.#cursor = { index: 0, skip: 0 };
    try {
      while (!this.#isClosed && (this.#file !== undefined || (await this.#open()))) {
        const { run, inode } = this.#position ?? { run: '', inode: 0 };
        // Asked before reading: what was written before the end is then in the file.
        const isWritten = mayGrow(run);
        if (await this.#read()) return true;
        if (next !== undefined) {
          // Everything of the old file was read after the runtime had gone over to the new one: nothing is between them.
          await this.#enter(next, run, 0, 0);
          next = undefined;
          continue;
        }
        next = await openNext(files, run, inode);
        this.#isHandingOver = next !== undefined && (await this.#file?.isBeingWritten()) === true;
        if (this.#isHandingOver) return false;
        if (next === undefined && (isWritten || !(await this.#leaveRun()))) return false;
        if (this.#entries.length > 0) return true;
      }
      return false;
    } finally {
      await next?.close();
    }
  }

  /** The next entries of the present file; false at its end. */
  async #read(): Promise<boolean> {
    const file = this.#file;
    if (file === undefined) return false;
    for (;;) {
      const block = Buffer.alloc(blockBytes);
      const bytes = await file.read(block, this.#end);
      if (bytes === 0) {
        if ((await file.readSize()) >= this.#end) return false;
        // Somebody emptied it.
        this.#end = 0;
        continue;
      }
      const last = block.lastIndexOf(newline, bytes - 1);
      // A line that is just being written is for a later look; one without an end is none of the runtime's.
      if (last < 0 && bytes < blockBytes) return false;
      this.#take(entriesIn(block.subarray(0, last + 1), this.#end), this.#end + (last < 0 ? bytes : last + 1));
      if (this.#entries.length > 0) return true;
    }
  }

  #take(entries: readonly Entry[], end: number): void {
    const { offset = 0, skip = 0 } = this.#position ?? {};
    const isFirst = skip > 0 && entries[0]?.start === offset;
    this.#entries = entries;
    this.#cursor = { index: 0, skip: isFirst ? skip : 0 };
    this.#end = end;
  }

  /** Opens the file of the present place, or the first one behind it that is left. */
  async #open(): Promise<boolean> {
    const { files } = this.#deps;
    const at = this.#position;
    if (at === undefined) return await this.#enterRunAfter(-1);
    const same = await openSame(files, at.run, at.inode);
    if (same !== undefined) {
      // A power cut may have taken the end of the file.
      const size = await same.readSize();
      await this.#enter(same, at.run, Math.min(at.offset, size), at.offset <= size ? at.skip : 0);
      return true;
    }
    this.#hasLostPlace = true;
    if (this.#endLine(at)) return true;
    const [oldest] = await files.list(at.run);
    const file = oldest && (await files.open(oldest.path));
    if (file === undefined)
      return await this.#enterRunAfter((await this.#numberBefore(at.run)) ?? runNumber(at.run) ?? -1);
    await this.#enter(file, at.run, 0, 0);
    return true;
  }

  /** From the end of a run that has ended into the next one; false when there is none. */
  async #leaveRun(): Promise<boolean> {
    const at = this.#position;
    if (at === undefined) return false;
    const after = await this.#numberBefore(at.run);
    if (after === undefined) return false;
    return this.#endLine(at) || (await this.#enterRunAfter(after));
  }

  /** The number behind which the next run is to be looked for; undefined when there is no next run. */
  async #numberBefore(run: string): Promise<number | undefined> {
    const number = runNumber(run) ?? -1;
    const others = (await this.#deps.runs()).filter((other) => other !== run);
    if (others.some((other) => (runNumber(other) ?? -1) > number)) return number;
    // A runtime that has forgotten all it had counts from 0 again.
    const anew = others.find((other) => this.#deps.mayGrow(other));
    return anew === undefined ? undefined : (runNumber(anew) ?? 0) - 1;
  }

  /** An end for a line that has none, at the very end of what there is; false when it needs none. */
  #endLine(at: LogPosition): boolean {
    if (!at.isMidLine) return false;
    this.#end = this.#file === undefined ? at.offset : this.#end;
    this.#entries = [{ start: this.#end, text: lineEnd }];
    this.#cursor = { index: 0, skip: 0 };
    return true;
  }

  async #enterRunAfter(number: number): Promise<boolean> {
    const { files, runs } = this.#deps;
    const later = (await runs())
      .flatMap((run) => ({ run, number: runNumber(run) ?? -1 }))
      .filter((each) => each.number > number)
      .sort((a, b) => a.number - b.number);
    for (const { run } of later) {
      const [oldest] = await files.list(run);
      const file = oldest && (await files.open(oldest.path));
      if (file === undefined) continue;
      await this.#enter(file, run, 0, 0);
      return true;
    }
    return false;
  }

  async #enter(file: LogFile, run: string, offset: number, skip: number): Promise<void> {
    await this.#file?.close();
    // It was closed meanwhile, and nobody else would close this one.
    if (this.#isClosed) return await file.close();
    this.#file = file;
    this.#end = offset;
    this.#entries = [];
    this.#cursor = { index: 0, skip: 0 };
    const isSameRun = this.#position?.run === run;
    this.#position = {
      run,
      inode: file.inode,
      offset,
      skip,
      isMidLine: isSameRun && this.#position?.isMidLine === true,
    };
  }
}

function entriesIn(block: Buffer, offset: number): readonly Entry[] {
  const entries: Entry[] = [];
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(newline, start);
    const line = parseLogLine(block.subarray(start, end));
    if (line?.isStdout) {
      // The newline of the file, when it is the line's own too.
      const text = line.isPartial ? line.text : block.subarray(end - line.text.length, end + 1);
      if (text.length > 0) entries.push({ start: offset + start, text });
    }
    start = end + 1;
  }
  return entries;
}
