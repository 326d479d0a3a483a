/**
 * One large file of which only those chunks come that the device does not have: in the file that is to be replaced, or in the one
 * that it was before it got another name, as they are now; or in what has come of it before the connection broke.
 * First its recipe comes; then the missing chunks, in their order, each as one piece. Every chunk is hashed before it is used.
 */
import { createHash } from 'node:crypto';
import { type RecipeChunk, RecipeReader, syncChunkSizes } from '../../api/sync/chunk-recipe.ts';
import { cutChunks } from '../../lib/chunks/cut-chunks.ts';
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import { openTreeFile, piecesOf, type TreeFile } from '../../lib/tree/read-file.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import type { TreePlaces } from '../../lib/tree/tree-places.ts';
import type { Expected, StagedFile, TreeWriter } from '../../lib/tree/tree-writer.ts';
import type { IncomingContent } from './incoming-content.ts';

export interface ChunkedWish {
  readonly n: number;
  readonly path: string;
  readonly entry: FileEntry;
  /** The file whose chunks may be used; default: that at `path`. */
  readonly like?: string;
}

/** Where a chunk is already: in the file that is replaced, in what came of another version, or in what was written of this one. */
interface Known {
  readonly in: 'old' | 'earlier' | 'new';
  readonly position: number;
}

export class IncomingChunks implements IncomingContent {
  readonly n: number;
  readonly path: string;
  readonly #wish: ChunkedWish;
  readonly #places: TreePlaces;
  readonly #writer: TreeWriter;
  readonly #expected: Expected;
  readonly #known = new Map<string, Known>();
  readonly #reader: RecipeReader;
  /** All that is there is cut while the client cuts what it has. */
  readonly #cutting: Promise<void>;
  #recipe: readonly RecipeChunk[] | undefined;
  #old: TreeFile | undefined;
  #staged: StagedFile | undefined;
  /** Chunks that were written before this began, in their order. The last one may be torn. */
  readonly #before: RecipeChunk[] = [];
  /** What was written before, where that is not how the file begins now. */
  #earlier: StagedFile | undefined;
  /** The next chunk, and where it begins. */
  #index = 0;
  #position = 0;
  #failure: unknown;
  #isDropped = false;

  constructor(places: TreePlaces, writer: TreeWriter, wish: ChunkedWish, expected: Expected) {
    this.n = wish.n;
    this.path = wish.path;
    this.#wish = wish;
    this.#places = places;
    this.#writer = writer;
    this.#expected = expected;
    this.#reader = new RecipeReader(wish.entry.size);
    this.#cutting = this.#try(() => this.#cutPresent());
  }

  async add(bytes: Buffer): Promise<readonly (readonly [number, number])[] | undefined> {
    if (this.#recipe !== undefined) {
      await this.#try(() => this.#takeChunk(bytes));
      return undefined;
    }
    // A recipe that is none is a lie, not a failure.
    this.#recipe = this.#reader.read(bytes);
    if (this.#recipe === undefined) return undefined;
    const recipe = this.#recipe;
    await this.#cutting;
    await this.#try(() => this.#goOn(recipe));
    // What cannot be used need not come.
    return this.#failure === undefined ? this.#lacking(recipe) : [];
  }

  finish(isWhole: boolean): Entry {
    try {
      if (this.#failure === undefined && isWhole) this.#copyKnown();
      if (this.#failure !== undefined) throw this.#failure;
      // What was taken from the old file is what was hashed, unless somebody wrote to it meanwhile.
      if (this.#old?.isUnchanged() === false) throw new TreeError('Changed', `${this.path}: it was changed meanwhile`);
      if (!isWhole || this.#recipe === undefined || this.#index !== this.#recipe.length || !this.#staged) {
        throw new TreeError('Invalid', `${this.path}: it did not come whole`);
      }
    } catch (error) {
      this.drop();
      throw error;
    }
    const staged = this.#staged;
    this.#staged = undefined;
    this.drop();
    return this.#writer.place(this.path, staged, this.#wish.entry, this.#expected);
  }

  drop(): void {
    this.#isDropped = true;
    this.#old?.close();
    this.#old = undefined;
    if (this.#earlier !== undefined) this.#writer.discard(this.#earlier);
    this.#earlier = undefined;
    if (this.#staged !== undefined) this.#writer.leave(this.#staged, this.path);
    this.#staged = undefined;
  }

  async #cutPresent(): Promise<void> {
    const writer = this.#writer;
    const staged = writer.stagePart(this.path, this.#wish.entry.mode);
    this.#staged = staged;
    const size = writer.lengthOf(staged);
    writer.checkRoom(staged, this.#wish.entry.size - size);
    const written = {
      entry: { size },
      read: (position: number, bytes: number) => writer.readBack(staged, position, bytes),
    };
    for await (const { digest, data } of cutChunks(piecesOf(written), syncChunkSizes)) {
      if (this.#isDropped) return;
      this.#before.push({ digest, bytes: data.length });
    }
    try {
      this.#old = openTreeFile(this.#places, this.#wish.like ?? this.path);
    } catch {
      // Nothing is there: all of it has to come.
      return;
    }
    let position = 0;
    for await (const { digest, data } of cutChunks(piecesOf(this.#old), syncChunkSizes)) {
      if (this.#isDropped) return;
      this.#known.set(digest, { in: 'old', position });
      position += data.length;
    }
  }

  /** Goes on where what was written before ends; or copies from it, when somebody has changed the file since. */
  #goOn(recipe: readonly RecipeChunk[]): void {
    if (this.#staged === undefined) return;
    const changedAt = this.#before.findIndex(({ digest }, index) => recipe[index]?.digest !== digest);
    const same = changedAt < 0 ? this.#before.length : changedAt;
    const isBeginning = same >= this.#before.length - 1;
    let position = 0;
    for (const { digest, bytes } of isBeginning ? this.#before.slice(0, same) : this.#before) {
      this.#known.set(digest, { in: isBeginning ? 'new' : 'earlier', position });
      position += bytes;
    }
    if (isBeginning) {
      this.#writer.shorten(this.#staged, position);
      this.#index = same;
      this.#position = position;
    } else {
      this.#earlier = this.#writer.setAside(this.#staged);
      this.#staged = this.#writer.stagePart(this.path, this.#wish.entry.mode);
    }
  }

  /** Ranges of the chunks that are to come, each once. */
  #lacking(recipe: readonly RecipeChunk[]): (readonly [number, number])[] {
    const ranges: [number, number][] = [];
    const coming = new Set<string>();
    recipe.forEach(({ digest }, index) => {
      if (this.#known.has(digest) || coming.has(digest)) return;
      coming.add(digest);
      const last = ranges.at(-1);
      if (last !== undefined && last[0] + last[1] === index) last[1] += 1;
      else ranges.push([index, 1]);
    });
    return ranges;
  }

  #takeChunk(bytes: Buffer): void {
    this.#copyKnown();
    const chunk = this.#recipe?.[this.#index];
    if (chunk === undefined || chunk.bytes !== bytes.length || digestOf(bytes) !== chunk.digest) {
      throw new TreeError('Invalid', `${this.path}: a chunk came that is not the one that was announced`);
    }
    this.#append(bytes, chunk);
  }

  /** Writes all chunks up to the next one that has to come. */
  #copyKnown(): void {
    for (;;) {
      const chunk = this.#recipe?.[this.#index];
      const known = chunk && this.#known.get(chunk.digest);
      if (chunk === undefined || known === undefined) return;
      const bytes = this.#read(known, chunk.bytes);
      if (bytes.length !== chunk.bytes) throw new TreeError('Changed', `${this.path}: it was changed meanwhile`);
      this.#append(bytes, chunk);
    }
  }

  #read(known: Known, bytes: number): Buffer {
    if (known.in === 'old') return this.#old?.read(known.position, bytes) ?? Buffer.alloc(0);
    const written = known.in === 'new' ? this.#staged : this.#earlier;
    return written === undefined ? Buffer.alloc(0) : this.#writer.readBack(written, known.position, bytes);
  }

  #append(bytes: Buffer, { digest }: RecipeChunk): void {
    if (this.#staged === undefined) throw new TreeError('Invalid', `${this.path}: it was given up`);
    this.#writer.write(this.#staged, bytes);
    if (!this.#known.has(digest)) this.#known.set(digest, { in: 'new', position: this.#position });
    this.#index += 1;
    this.#position += bytes.length;
  }

  async #try(act: () => void | Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await act();
    } catch (error) {
      this.#failure = error;
      // A full disk has room again at once.
      if (this.#staged !== undefined) this.#writer.discard(this.#staged);
      this.#staged = undefined;
      this.drop();
    }
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
