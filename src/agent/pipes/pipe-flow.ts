/**
 * One pipe: what the source printed goes into the stdin of the target, in order and at the pace of the target, as long as there
 * is a target to write to. What is read and not written is one block, whatever waits in the log.
 *
 * Each write is noted before it is done and marked on the input itself, so that whoever comes after a kill knows whether it was
 * done. What an ended target had not read goes to its next run, from the start of the line it was in (docs/adr/0048).
 */

import { Alarm } from '../../lib/alarm.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type ContainerInput, carriedInputBytes, undividedBytes } from '../../runtime/runtime.ts';
import { countUnreadBytes } from './count-lost.ts';
import { isSamePosition, type LogPosition } from './log-position.ts';
import {
  afterKill,
  beginWrite,
  cancelWrite,
  endWrite,
  learnRead,
  type PipeProgress,
  progressAt,
  surelyReadBytes,
} from './pipe-progress.ts';
import { type LogPiece, SourceLog, type SourceLogDeps } from './source-log.ts';
import { findByte, findLineStart, readText } from './walk-back.ts';

/** Where a pipe notes how far it is; whole or not at all, and at once. */
export interface ProgressRecord {
  read(): PipeProgress | undefined;
  write(progress: PipeProgress): void;
}

export interface PipeFlowDeps extends SourceLogDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** For the log: pod and containers. */
  readonly name: string;
  /** The run of the target that may be written to now; undefined when there is none. */
  readonly target: () => string | undefined;
  readonly openInput: (container: string, signal: AbortSignal) => Promise<ContainerInput>;
  readonly record: ProgressRecord;
  /** Where to begin when there is no record, as after a boot. */
  readonly kept: LogPosition | undefined;
  /** Told when there is something new to keep. */
  readonly onMoved: () => void;
  /** Told, once for each run of the target, why it cannot be written to. */
  readonly onRefused: (message: string) => void;
  /** Calls `listener` when the log may have grown, until the returned function is called. */
  readonly watch: (run: string, listener: () => void) => () => void;
}

/** Milliseconds between two looks at a log or a target that says nothing: the system may fail to tell. */
const idleMs = 10_000;
/** While there is no log to watch. */
const noLogMs = 1_000;
/** While the runtime has not let go of a log that was rotated. */
const handOverMs = 20;
const firstFullMs = 5;
const longestFullMs = 500;
/** After the last write: by then the runtime has handed everything on. */
const quietMs = 200;
const longestQuietMs = 30_000;
/** A pipe that is never quiet is held up for `quietMs` so often, to learn what was read. */
const forcedQuietMs = 20_000;
const retryMs = 1_000;
const newline = 0x0a;

export class PipeFlow {
  readonly #deps: PipeFlowDeps;
  readonly #alarm = new Alarm();
  #progress: PipeProgress = progressAt(undefined);
  #source: SourceLog;
  #input: ContainerInput | undefined;
  #refused: string | undefined;
  #fullMs = firstFullMs;
  #quietMs = quietMs;
  #quietFromMs = 0;
  #learnedAtMs = 0;
  #watched: { readonly directory: string; readonly end: () => void } | undefined;

  constructor(deps: PipeFlowDeps) {
    this.#deps = deps;
    this.#source = new SourceLog(deps, undefined);
  }

  /** To be called when a container of the pod began or ended. */
  readonly wake = (): void => this.#alarm.ring();

  /** Up to where everything was surely read: from there on nothing is lost. Undefined: nothing was. */
  async safePosition(): Promise<LogPosition | undefined> {
    return (await this.#positionBehindRead(surelyReadBytes(this.#progress)))?.position;
  }

  /** Up to where everything was written. */
  get position(): LogPosition | undefined {
    return this.#progress.from;
  }

  /** Works until `signal` aborts; failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#alarm.ring, { once: true });
    try {
      this.#progress = this.#deps.record.read() ?? progressAt(this.#deps.kept);
      await this.#seek(this.#progress.from);
      while (!signal.aborted) {
        try {
          await this.#step(signal);
        } catch (error) {
          if (signal.aborted) return;
          if (this.#input !== undefined && isStatusError(error, 'Invalid')) {
            this.#refuse(this.#progress.target, error.message);
            continue;
          }
          this.#deps.log.warn('pipe between containers failed', { pipe: this.#deps.name, error });
          await this.#alarm.wait(this.#deps.clock, retryMs);
        }
      }
    } finally {
      signal.removeEventListener('abort', this.#alarm.ring);
      this.#watched?.end();
      this.#input?.close();
      await this.#source.close();
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const target = this.#deps.target();
    if (this.#input !== undefined && target !== this.#progress.target) await this.#leaveTarget(this.#input);
    if (target === undefined) return await this.#alarm.wait(clock, idleMs);
    if (this.#input === undefined && !(await this.#enterTarget(target, signal))) {
      return await this.#alarm.wait(clock, idleMs);
    }
    // Counting failed, and nobody knows what is left in the input.
    if (this.#input !== undefined && this.#progress.taken > 0) await this.#resume(target, this.#input);
    const nowMs = clock.monotonicMs();
    const isUnsure = this.#progress.readBytes > 0;
    if (isUnsure && nowMs - this.#learnedAtMs >= forcedQuietMs && this.#quietMs === quietMs) {
      await clock.sleep(quietMs, signal);
      await this.#learn();
    }
    const moved = await this.#move();
    if (moved === 'Full') {
      await this.#alarm.wait(clock, this.#fullMs);
      this.#fullMs = Math.min(longestFullMs, this.#fullMs * 2);
    } else if (moved === 'Nothing') await this.#rest();
  }

  /** Writes one piece, when there is one and room for it. */
  async #move(): Promise<'Moved' | 'Full' | 'Nothing'> {
    const piece = await this.#nextPiece();
    const input = this.#input;
    if (piece === undefined || input === undefined) return 'Nothing';
    if (this.#progress.from === undefined) this.#begin(this.#source.position);
    const begun = beginWrite(this.#progress, piece.next, piece.bytes.length);
    // In this order a kill between any two leaves no doubt.
    input.mark(begun.write);
    this.#note(begun);
    if (!input.write(piece.bytes)) {
      this.#note(cancelWrite(begun));
      return 'Full';
    }
    this.#progress = endWrite(begun);
    this.#source.accept(piece);
    this.#fullMs = firstFullMs;
    this.#quietMs = quietMs;
    this.#quietFromMs = this.#deps.clock.monotonicMs();
    this.#deps.onMoved();
    return 'Moved';
  }

  /** Whole lines, when there are some: then places between two writes are places between two lines. */
  async #nextPiece(): Promise<LogPiece | undefined> {
    const piece = await this.#source.peek(undividedBytes);
    const end = (piece?.bytes.lastIndexOf(newline) ?? -1) + 1;
    return piece === undefined || end === 0 || end === piece.bytes.length ? piece : await this.#source.peek(end);
  }

  /** Nothing is to be written: waits for more, and meanwhile learns what the target has read. */
  async #rest(): Promise<void> {
    const { clock } = this.#deps;
    this.#watch();
    if (this.#progress.readBytes > 0) {
      const dueMs = this.#quietFromMs + this.#quietMs;
      const waitMs = dueMs - clock.monotonicMs();
      if (waitMs > 0) await this.#alarm.wait(clock, Math.min(waitMs, idleMs));
      if (clock.monotonicMs() < dueMs) return;
      await this.#learn();
      this.#quietFromMs = clock.monotonicMs();
      if (this.#progress.readBytes > 0) {
        this.#quietMs = Math.min(longestQuietMs, this.#quietMs * 2);
        return;
      }
    }
    const nothingMs = this.#watched === undefined ? noLogMs : idleMs;
    await this.#alarm.wait(clock, this.#source.isHandingOver ? handOverMs : nothingMs);
  }

  /** Asks how much of what was written is not read yet. Nothing is written meanwhile. */
  async #learn(): Promise<void> {
    this.#learnedAtMs = this.#deps.clock.monotonicMs();
    if (this.#input === undefined) return;
    this.#input.mark(this.#progress.write);
    const unread = await this.#input.countUnread((taken, isTakenWaiting) => {
      this.#note({ ...this.#progress, taken, isTakenWaiting });
    });
    if (unread === undefined || unread > this.#progress.readBytes) return;
    const { from, readBytes } = this.#progress;
    if (unread === 0 && from?.isMidLine !== true) this.#note(learnRead(this.#progress, from, 0));
    else {
      const place = await this.#positionBehindRead(readBytes - unread);
      if (place !== undefined) this.#note(learnRead(this.#progress, place.position, readBytes - place.bytes));
    }
    this.#deps.onMoved();
  }

  /** @returns false when it cannot be written to */
  async #enterTarget(target: string, signal: AbortSignal): Promise<boolean> {
    const { openInput } = this.#deps;
    if (this.#refused === target) return false;
    let input: ContainerInput;
    try {
      input = await openInput(target, signal);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return false;
      if (!isStatusError(error, 'Invalid')) throw error;
      this.#refuse(target, error.message);
      return false;
    }
    try {
      await this.#resume(target, input);
      this.#input = input;
      this.#learnedAtMs = this.#deps.clock.monotonicMs();
      return true;
    } catch (error) {
      input.close();
      if (!isStatusError(error, 'Invalid')) throw error;
      this.#refuse(target, error.message);
      return false;
    }
  }

  /** This run of the target is written to no more. */
  #refuse(target: string, why: string): void {
    this.#input?.close();
    this.#input = undefined;
    this.#refused = target;
    this.#deps.onRefused(why);
  }

  /** Finds out where to go on: with the target that was written to last, or with another run of it. */
  async #resume(target: string, input: ContainerInput): Promise<void> {
    let progress = this.#progress;
    if (progress.target === target) {
      if (progress.pendingBytes > 0) progress = afterKill(progress, !input.isMarked(progress.write));
      if (progress.taken > 0) progress = await this.#giveBack(progress, input);
    } else if (progress.target !== '') {
      // Nobody can tell what it had read: rather again than not at all.
      this.#progress = endWrite(progress);
      const place = await this.#positionBehindRead(surelyReadBytes(this.#progress));
      progress = progressAt(place?.position, progress.write);
    }
    this.#note({ ...progress, target });
    await this.#seek(progress.from);
  }

  /** Whoever had bytes of the input in hand was killed, or could not put them back: they are written again unless they are there. */
  async #giveBack(progress: PipeProgress, input: ContainerInput): Promise<PipeProgress> {
    const { taken, isTakenWaiting, readBytes, write } = progress;
    const done = { ...progress, taken: 0 };
    const isBack = isTakenWaiting ? !input.isMarked(write) : (await input.countUnread(() => {})) !== 0;
    if (isBack) return done;
    const left = Math.max(0, readBytes - taken);
    const place = await this.#withLog((log) => findByte(log, left));
    if (place === undefined) return { ...progressAt(undefined, write), target: progress.target };
    // What the target may not have read begins where it did: the start of a line that it has in part is still looked for there.
    return learnRead({ ...done, from: place.position, to: place.position }, done.read, left);
  }

  /** The target has ended: what it did not read is for its next run. */
  async #leaveTarget(input: ContainerInput): Promise<void> {
    const { readBytes, write } = this.#progress;
    const unread = await input.takeUnread();
    this.#input = undefined;
    input.close();
    const text = await this.#withLog((log) => readText(log, readBytes));
    const count = text.length === readBytes ? countUnreadBytes(unread, text) : unread.count + carriedInputBytes;
    const place = await this.#positionBehindRead(Math.max(0, readBytes - count));
    this.#note(progressAt(place?.position, write));
    this.#quietMs = quietMs;
    await this.#seek(place?.position);
    this.#deps.onMoved();
  }

  async #positionBehindRead(
    bytes: number,
  ): Promise<{ readonly position: LogPosition; readonly bytes: number } | undefined> {
    const { read, from } = this.#progress;
    if (read === undefined) return undefined;
    if (isSamePosition(read, from)) return { position: read, bytes: 0 };
    return await this.#withLog((log) => findLineStart(log, bytes));
  }

  async #withLog<T>(work: (log: SourceLog) => Promise<T>): Promise<T> {
    const log = new SourceLog(this.#deps, this.#progress.read);
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  #begin(position: LogPosition | undefined): void {
    this.#progress = { ...progressAt(position, this.#progress.write), target: this.#progress.target };
  }

  #note(progress: PipeProgress): void {
    this.#deps.record.write(progress);
    this.#progress = progress;
  }

  async #seek(position: LogPosition | undefined): Promise<void> {
    await this.#source.close();
    this.#source = new SourceLog(this.#deps, position);
  }

  /** Hears of the log that is read now. */
  #watch(): void {
    const run = this.#source.position?.run;
    const directory = run?.slice(0, run.lastIndexOf('/'));
    if (run === undefined || directory === undefined || this.#watched?.directory === directory) return;
    this.#watched?.end();
    this.#watched = { directory, end: this.#deps.watch(run, this.#alarm.ring) };
    // What came before is heard of by nobody.
    this.#alarm.ring();
  }
}
