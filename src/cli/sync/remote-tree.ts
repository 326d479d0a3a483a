/**
 * The device's tree: what is in it, as the device told and as our own changes have made it, and how it is changed. One request
 * after the other is sent; their answers come later, in the same order.
 */
import type { Duplex } from 'node:stream';
import { encodeRecipe, type RecipeChunk } from '../../api/sync/chunk-recipe.ts';
import { FrameWriter } from '../../api/sync/frame-writer.ts';
import { dataBytes, dataFrame, FrameReader, jsonFrame } from '../../api/sync/frames.ts';
import { parseAnswer, type SyncAnswer, type SyncRequest } from '../../api/sync/messages.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import type { IgnoreSource } from '../../lib/tree/ignore-rules.ts';
import { maxTreeEntries } from '../../lib/tree/scan-tree.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import { RemoteFailure, sessionFailure } from './sync-failures.ts';

type Done = SyncAnswer & { readonly is: 'done' };
type Numbered = Exclude<SyncRequest, { readonly do: 'open' | 'end' }>;
/** A request without its number. */
export type Wish = Numbered extends infer R ? (R extends Numbered ? Omit<R, 'n'> : never) : never;

/** Whoever sent a request may go on while its answer is on its way. */
export interface Sent {
  /** @throws TreeError as the device says; StatusError when the connection is lost */
  readonly answer: Promise<Done>;
}

interface Waiting {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: unknown) => void;
  /** Takes the content of a file that was asked for. */
  readonly sink?: ContentSink | undefined;
}

/** Where the content of a file goes that comes from the device. Neither may throw. */
export interface ContentSink {
  begin(entry: FileEntry): void;
  add(bytes: Buffer): void;
}

/** A file of which only some chunks have to move. */
export interface ChunkedFile {
  readonly chunks: readonly RecipeChunk[];
  /** One chunk. @throws TreeError when it cannot be had after all */
  read(index: number): Buffer;
  /** @throws TreeError when the chunks are not, or no longer, the file that was announced */
  check(): void;
}

/** Requests that are under way at once: more would only be a longer list. */
const maxUnanswered = 512;

export class RemoteTree {
  readonly #stream: Duplex;
  readonly #writer: FrameWriter;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #scanned = Promise.withResolvers<string | undefined>();
  #failure: { readonly error: unknown } | undefined;
  /** Whoever waits for something that may never come now. */
  readonly #waiters = new Set<(error: unknown) => void>();
  #room: (() => void) | undefined;
  /** Told what the device lacks of the file that is being sent. */
  #onLacks: ((ranges: readonly (readonly [number, number])[]) => void) | undefined;
  /** The file whose content comes now. */
  #sink: ContentSink | undefined;
  #number = 0;
  /** Bytes of files that were sent. */
  sentBytes = 0;
  /** Told the paths that others have changed. */
  onChange: ((paths: ReadonlySet<string>) => void) | undefined;

  /** @param stream as `openSyncStream` gives it */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#writer = new FrameWriter(stream);
    this.#scanned.promise.catch(() => {});
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /**
   * Waits for what `begin` is given the end of.
   *
   * @returns when that was called @throws what the session ends with, whyever: a StatusError when the connection is lost
   */
  async until(begin: (done: () => void) => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.add(reject);
    begin(resolve);
    try {
      await promise;
    } finally {
      this.#waiters.delete(reject);
    }
  }

  /**
   * Begins the session; resolves when all of the device's tree is known.
   *
   * @param follow whether changes that others make there are told later
   * @returns which tree it is; undefined when the device does not say
   * @throws StatusError when the connection is lost, or the device cannot read its tree
   */
  async open(rules: readonly IgnoreSource[], follow: boolean): Promise<string | undefined> {
    void this.#listen();
    await this.#write(jsonFrame({ do: 'open', follow, rules } satisfies SyncRequest));
    return await this.#scanned.promise;
  }

  /** Sends a request; resolves when it has left, and its answer is waited for. */
  async send(wish: Wish): Promise<Sent> {
    await this.#untilRoom();
    const { n, sent } = this.#expectAnswer();
    await this.#write(jsonFrame({ ...wish, n }));
    return sent;
  }

  /**
   * Sends a file, whose content comes piece by piece, each at most 256 KiB.
   *
   * @param pieces may throw when the content cannot be had after all: the device forgets it, and that is what this throws
   */
  async sendFile(wish: Wish & { readonly do: 'put' }, pieces: Iterable<Buffer>): Promise<Sent> {
    await this.#untilRoom();
    const { n, sent } = this.#expectAnswer();
    // Small files leave in one piece: a system call and a TLS record less.
    const held: Buffer[] = [jsonFrame({ ...wish, n })];
    let ok = false;
    try {
      for (const piece of pieces) {
        held.push(dataFrame(piece));
        this.sentBytes += piece.length;
        if (piece.length === dataBytes) await this.#write(Buffer.concat(held.splice(0)));
      }
      ok = true;
    } finally {
      held.push(jsonFrame({ do: 'end', n, ok } satisfies SyncRequest));
      await this.#write(Buffer.concat(held));
    }
    return sent;
  }

  /**
   * Sends those chunks of a file that the device lacks.
   *
   * @param cut what the file is made of; called when the device has begun. It may throw as the file that it gives: the device
   * forgets what has come, and that is what this throws
   */
  async sendChunks(wish: Wish & { readonly do: 'putChunks' }, cut: () => Promise<ChunkedFile>): Promise<Sent> {
    await this.#untilRoom();
    const { n, sent } = this.#expectAnswer();
    await this.#write(jsonFrame({ ...wish, n }));
    this.#writer.flush();
    let ok = false;
    try {
      const file = await cut();
      // The device waits for a recipe of the whole file, and for none of anything else.
      file.check();
      for (const index of await this.#askForLacking(file.chunks)) {
        const bytes = file.read(index);
        await this.#write(dataFrame(bytes));
        this.sentBytes += bytes.length;
      }
      file.check();
      ok = true;
    } finally {
      await this.#write(jsonFrame({ do: 'end', n, ok } satisfies SyncRequest));
    }
    return sent;
  }

  /** Asks for a file, whose content goes to `sink` before the answer comes. */
  async fetch(path: string, sink: ContentSink): Promise<Sent> {
    await this.#untilRoom();
    const { n, sent } = this.#expectAnswer(sink);
    await this.#write(jsonFrame({ do: 'get', path, n } satisfies SyncRequest));
    return sent;
  }

  /** What is at a path now, by our own doing. */
  set(path: string, entry: Entry | undefined): void {
    if (entry === undefined) this.#entries.delete(path);
    else this.#entries.set(path, entry);
  }

  close(): void {
    this.#fail(new StatusError('ServiceUnavailable', 'the session was closed'));
    this.#writer.flush();
    this.#stream.end();
    this.#stream.destroy();
  }

  /** Tells what a file is made of. @returns numbers of the chunks that the device does not have */
  async #askForLacking(chunks: readonly RecipeChunk[]): Promise<Iterable<number>> {
    const recipe = encodeRecipe(chunks);
    let lacking: readonly (readonly [number, number])[] = [];
    const told = this.until((done) => {
      this.#onLacks = (ranges) => {
        lacking = ranges;
        done();
      };
    });
    told.catch(() => {});
    for (let at = 0; at < recipe.length; at += dataBytes) {
      await this.#write(dataFrame(recipe.subarray(at, at + dataBytes)));
    }
    await told;
    return numbersIn(lacking, chunks.length);
  }

  #expectAnswer(sink?: ContentSink): { readonly n: number; readonly sent: Sent } {
    this.#number += 1;
    const n = this.#number;
    const { promise: answer, resolve, reject } = Promise.withResolvers<Done>();
    answer.catch(() => {});
    this.#waiting.set(n, { resolve, reject, sink });
    return { n, sent: { answer } };
  }

  async #untilRoom(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#waiting.size < maxUnanswered) return;
    await this.until((done) => {
      this.#room = done;
    });
  }

  async #listen(): Promise<void> {
    try {
      const frames = new FrameReader();
      for await (const chunk of this.#stream) {
        for (const frame of frames.read(chunk as Buffer)) {
          if (frame.kind === 'json') this.#take(parseAnswer(frame.text));
          else this.#sink?.add(frame.bytes);
        }
      }
      throw new StatusError('ServiceUnavailable', 'the device has ended the connection');
    } catch (error) {
      this.#fail(sessionFailure(error));
      this.#stream.destroy();
    }
  }

  #take(answer: SyncAnswer): void {
    switch (answer.is) {
      case 'tree':
        this.#learn(answer);
        break;
      case 'scanned':
        this.#scanned.resolve(answer.identity);
        break;
      case 'done':
        this.#answered(answer.n)?.resolve(answer);
        break;
      case 'failed':
        this.#answered(answer.n)?.reject(new RemoteFailure(answer));
        break;
      case 'fatal':
        throw new TreeError(answer.code, answer.message);
      case 'lacks':
        this.#onLacks?.(answer.ranges);
        this.#onLacks = undefined;
        break;
      case 'content':
        this.#sink = this.#waiting.get(answer.n)?.sink;
        this.#sink?.begin(answer.entry);
        break;
    }
  }

  #learn({ entries, gone }: SyncAnswer & { readonly is: 'tree' }): void {
    const changed = new Set<string>();
    for (const path of gone) if (this.#entries.delete(path)) changed.add(path);
    for (const { path, entry } of entries) {
      this.#entries.set(path, entry);
      changed.add(path);
    }
    if (this.#entries.size > maxTreeEntries) throw new TreeError('Invalid', 'the device has too many files');
    this.onChange?.(changed);
  }

  #answered(n: number): Waiting | undefined {
    const waiting = this.#waiting.get(n);
    this.#waiting.delete(n);
    this.#sink = undefined;
    this.#room?.();
    this.#room = undefined;
    return waiting;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const reject of this.#waiters) reject(error);
    this.#scanned.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#writer.write(bytes);
  }
}

function* numbersIn(ranges: readonly (readonly [number, number])[], end: number): Generator<number> {
  for (const [first, count] of ranges) {
    for (let index = first; index < Math.min(first + count, end); index += 1) yield index;
  }
}
