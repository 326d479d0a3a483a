/**
 * The log of one container, as `kubectl logs` shows it: from the files that the runtime and rotation wrote, from the
 * start or the last lines, up to now or as it grows. Memory is bounded by one block whatever the files are; the
 * reader's pace is the stream's back-pressure.
 *
 * What rotation kept is read too, oldest first (the kubelet shows the newest file only). Following survives rotation,
 * truncation and deletion, and loses lines only when their file was removed before it was read. It ends when the
 * container has ended and everything was read.
 */
import { Readable } from 'node:stream';
import { Alarm } from '../../lib/alarm.ts';
import type { Clock } from '../../lib/clock.ts';
import { LineSplitter } from './line-splitter.ts';
import { openNext, openStart } from './log-chain.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import { LogOutput, type LogOutputOptions } from './log-output.ts';

const blockBytes = 65_536;

/** Milliseconds after which the file is looked at when no change was reported: watching can fail without a word. */
const lookAgainMs = 1_000;

/** Milliseconds after which it is asked again whether the runtime has let go of a file; nobody reports that. */
const handOverMs = 20;

export interface ReadLogDeps {
  readonly files: LogFiles;
  readonly clock: Clock;
}

export interface ReadLogOptions extends LogOutputOptions {
  readonly follow: boolean;
  /** Undefined: from the start. */
  readonly tailLines: number | undefined;
}

/** Whether the container may still write, and when that changes. */
export interface LogWriterState {
  hasEnded(): boolean;
  /** Calls `listener` when `hasEnded` may have changed, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** The stream fails when a file cannot be read, and ends early when `signal` aborts. */
export function readContainerLog(
  deps: ReadLogDeps,
  path: string,
  options: ReadLogOptions,
  writer: LogWriterState,
  signal: AbortSignal,
): Readable {
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  return new LogStream(readLog(deps, path, options, writer, stopped), stop);
}

/** As `Readable.from`, which would wait for a sleeping generator before it lets itself be destroyed. */
class LogStream extends Readable {
  readonly #blocks: AsyncGenerator<Buffer>;
  readonly #stop: AbortController;

  constructor(blocks: AsyncGenerator<Buffer>, stop: AbortController) {
    super();
    this.#blocks = blocks;
    this.#stop = stop;
  }

  override _read(): void {
    this.#blocks.next().then(
      ({ value, done }) => this.push(done ? null : value),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stop.abort();
    // It may stand at a block that nobody will take; then this is what lets it close its file.
    this.#blocks.return(undefined).catch(() => {});
    callback(error);
  }
}

async function* readLog(
  deps: ReadLogDeps,
  path: string,
  options: ReadLogOptions,
  writer: LogWriterState,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const output = new LogOutput(options);
  const alarm = new Alarm();
  signal.addEventListener('abort', alarm.ring, { once: true });
  const unwatch = options.follow ? deps.files.watch(path, alarm.ring) : () => {};
  const unlisten = options.follow ? writer.onChange(alarm.ring) : () => {};
  try {
    while (!signal.aborted && !output.isFull) {
      const hasEnded = writer.hasEnded();
      const start = await openStart(deps.files, path, options);
      if (start) {
        const { position, lastInode } = start;
        let file: LogFile | undefined = start.file;
        for (let from = position; file; from = 0) {
          file = yield* readFile({
            deps,
            path,
            file,
            position: from,
            lastInode,
            options,
            output,
            writer,
            alarm,
            signal,
          });
        }
        return;
      }
      // The runtime makes the file when it makes the container; a follower waits for it.
      if (!options.follow || hasEnded) return;
      await alarm.wait(deps.clock, lookAgainMs);
    }
  } finally {
    unwatch();
    unlisten();
    signal.removeEventListener('abort', alarm.ring);
  }
}

interface Reading {
  readonly deps: ReadLogDeps;
  readonly path: string;
  readonly file: LogFile;
  readonly position: number;
  readonly lastInode: number;
  readonly options: ReadLogOptions;
  readonly output: LogOutput;
  readonly writer: LogWriterState;
  readonly alarm: Alarm;
  readonly signal: AbortSignal;
}

/** Reads one file to its end and closes it; returns the file that follows, when that is wanted. */
async function* readFile(reading: Reading): AsyncGenerator<Buffer, LogFile | undefined> {
  const { deps, path, file, options, output, writer, alarm, signal, lastInode } = reading;
  const splitter = new LineSplitter();
  const block = Buffer.alloc(blockBytes);
  let { position } = reading;
  let next: LogFile | undefined;
  let isHandedOn = false;
  try {
    while (!signal.aborted && !output.isFull) {
      // Asked before reading: what was written before the end is then in the file.
      const hasEnded = writer.hasEnded();
      const bytes = await file.read(block, position);
      if (bytes > 0) {
        position += bytes;
        const shown = output.format(splitter.split(block.subarray(0, bytes)));
        if (shown.length > 0) yield shown;
        continue;
      }
      // Everything of the old file was read after the runtime had gone over to the new one: nothing is between them.
      if (next) {
        isHandedOn = true;
        return next;
      }
      if (!options.follow && file.inode === lastInode) break;
      if ((await file.readSize()) < position) {
        position = 0;
        splitter.takeRest();
        continue;
      }
      next = await openNext(deps.files, path, file.inode);
      if (next && options.follow && (await file.isBeingWritten())) {
        await next.close();
        next = undefined;
        await alarm.wait(deps.clock, handOverMs);
        continue;
      }
      if (next) continue;
      if (hasEnded || !options.follow) break;
      await alarm.wait(deps.clock, lookAgainMs);
    }
    // A line that is just being written belongs to a later look; at the very end it is all there will be.
    const rest = output.format([splitter.takeRest()]);
    if (rest.length > 0 && !signal.aborted) yield rest;
    return undefined;
  } finally {
    await file.close();
    if (!isHandedOn) await next?.close();
  }
}
