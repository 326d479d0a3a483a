/**
 * A layer that has come in part, as files in a directory of its own: the recipe as it arrives, and the layer itself with holes
 * where something is missing.
 *
 * A chunk is there when the bytes in its place have its digest. So it can be cut off at any point, by a signal or by the power, and
 * what was lost is asked for again. What an upload that ended by itself left open is noted, only to save the next one that look. Synchronous: only for a child process.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';
import type { LayerRequest } from '../../../api/image-push/exchange.ts';
import { decodeSteps, encodeSteps } from '../../../api/image-push/missing-steps.ts';
import { type ReadRecipe, type RecipeTable, readRecipe } from '../../../api/image-push/recipe.ts';
import { digestOf } from '../../../lib/chunks/cut-chunks.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';

const fileMode = 0o600;

export class LayerSpool {
  readonly #layer: LayerRequest;
  readonly #directory: string;
  /** Made a moment ago: there is no chunk in it. */
  #isNew = false;

  /** @param spool directory of all of them */
  constructor(spool: string, layer: LayerRequest) {
    this.#layer = layer;
    this.#directory = directoryOf(spool, layer.diffID);
  }

  /** Path of the layer itself. */
  get path(): string {
    return join(this.#directory, 'layer');
  }

  /** Makes room for it; what has come of it by another recipe is dropped. */
  open(): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    if (!existsSync(this.#recipePath)) {
      this.remove();
      mkdirSync(this.#directory, { mode: 0o700 });
      writeFileSync(this.#recipePath, '', { mode: fileMode });
    }
    const now = new Date();
    utimesSync(this.#directory, now, now);
  }

  /** Bytes of the recipe that have come. */
  get recipeBytes(): number {
    return statSync(this.#recipePath, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Bytes that it takes of the disk. */
  get allocatedBytes(): number {
    return (statSync(this.path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }

  /** Adds to the recipe. @throws StatusError `BadRequest` when it becomes longer than it was said to be */
  addRecipe(part: Uint8Array): void {
    if (this.recipeBytes + part.length > this.#layer.recipeBytes) {
      this.remove();
      throw new StatusError('BadRequest', `the recipe is longer than ${this.#layer.recipeBytes} bytes`);
    }
    const file = openSync(this.#recipePath, 'a', fileMode);
    try {
      writeFileSync(file, part);
      // A torn one would cost all that came by it.
      if (fstatSync(file).size >= this.#layer.recipeBytes) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /**
   * The table of a recipe that has come as a whole; undefined before. Changes nothing: another child may be writing here.
   *
   * @throws StatusError `Invalid` when it is not what its digest says, or no recipe
   */
  async readTable(): Promise<RecipeTable | undefined> {
    if (this.recipeBytes < this.#layer.recipeBytes) return undefined;
    return await this.#readRecipe(async ({ table }) => table);
  }

  /**
   * As `readTable`; the first time the literals are put into the layer, which is made by it. Only for who has the layer to himself.
   *
   * @throws StatusError as `readTable`; nothing is kept then
   */
  async makeLayer(): Promise<RecipeTable | undefined> {
    if (this.recipeBytes < this.#layer.recipeBytes) return undefined;
    return await this.#orRemove(async ({ table, literals }) => {
      if (!existsSync(this.path)) {
        // The file gets its name when every literal is in it: half of them would be taken for all.
        const unfinished = `${this.path}.new`;
        writeFileSync(unfinished, '', { mode: fileMode });
        await putLiterals(unfinished, table, literals());
        renameSync(unfinished, this.path);
        this.#isNew = true;
      }
      return table;
    });
  }

  /** Puts the literals in their places once more: the power may have taken them, and no digest says so but that of the whole. */
  async restoreLiterals(): Promise<void> {
    await this.#orRemove(({ table, literals }) => putLiterals(this.path, table, literals()));
  }

  /**
   * Steps whose chunk is not in its place, as the last upload noted them when it ended; else as `findHoles` sees them. The power
   * may have taken what was there then: whoever has filled them all looks at the digest of the whole, and at each chunk when it is
   * another.
   */
  readHoles(table: RecipeTable): readonly number[] {
    if (this.#isNew) return chunkSteps(table);
    const noted = existsSync(this.#searchedPath) ? readFileSync(this.#searchedPath, 'latin1') : '';
    return noted === '' ? this.findHoles(table) : decodeSteps(noted, table.count);
  }

  /** Steps whose chunk is not in its place: reads and hashes all of it. */
  findHoles(table: RecipeTable): number[] {
    const file = openSync(this.path, 'r');
    try {
      const holes: number[] = [];
      const held = Buffer.alloc(1024 * 1024);
      for (const step of chunkSteps(table)) {
        const length = table.chunkBytes(step);
        const view = held.subarray(0, length);
        const read = readSync(file, view, 0, length, table.chunkOffset(step));
        if (read < length || digestOf(view) !== table.digest(step)) holes.push(step);
      }
      return holes;
    } finally {
      closeSync(file);
    }
  }

  /** Gives a function that puts a chunk in its place to `use`. */
  async whileWriting<T>(
    table: RecipeTable,
    use: (put: (step: number, data: Uint8Array) => void) => Promise<T>,
  ): Promise<T> {
    const file = openSync(this.path, 'r+');
    try {
      return await use((step, data) => writeWhole(file, data, table.chunkOffset(step)));
    } finally {
      closeSync(file);
    }
  }

  /** Whether the device has looked through what it has for this layer. */
  get wasSearched(): boolean {
    return existsSync(this.#searchedPath);
  }

  /** Nothing is noted of what it lacks, before more of it is put in its place: who does that may be killed. */
  markSearched(): void {
    writeFileSync(this.#searchedPath, '', { mode: fileMode });
  }

  /** It was searched, and lacks the chunks of these steps. */
  noteHoles(table: RecipeTable, holes: Iterable<number>): void {
    writeFileSync(this.#searchedPath, encodeSteps(holes, table.count), { mode: fileMode });
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #recipePath(): string {
    return join(this.#directory, `${this.#layer.recipe.replace('sha256:', '')}-${this.#layer.sizeBytes}.recipe`);
  }

  get #searchedPath(): string {
    return join(this.#directory, 'searched');
  }

  async #orRemove<T>(use: (recipe: ReadRecipe) => Promise<T>): Promise<T> {
    try {
      return await this.#readRecipe(use);
    } catch (error) {
      if (isStatusError(error, 'Invalid')) this.remove();
      throw error;
    }
  }

  /** @throws StatusError `Invalid` when the recipe is not what its digest says, or none */
  async #readRecipe<T>(use: (recipe: ReadRecipe) => Promise<T>): Promise<T> {
    const encoded = readFileSync(this.#recipePath);
    if (`sha256:${digestOf(encoded)}` !== this.#layer.recipe) {
      throw new StatusError('Invalid', 'the recipe of the layer is not what its digest says');
    }
    const plain = Readable.from([encoded], { objectMode: false }).pipe(createBrotliDecompress());
    try {
      return await use(await readRecipe(plain, this.#layer.sizeBytes));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && /^(ERR_|Z_)/.test(`${error.code}`))) throw error;
      throw new StatusError('Invalid', `the recipe of the layer cannot be unpacked: ${error.message}`, {
        cause: error,
      });
    } finally {
      plain.destroy();
    }
  }
}

function directoryOf(spool: string, diffID: string): string {
  return join(spool, diffID.replace('sha256:', ''));
}

/** The last one may have no chunk. */
function chunkSteps(table: RecipeTable): number[] {
  return Array.from({ length: table.count }, (_, step) => step).filter((step) => table.chunkBytes(step) > 0);
}

async function putLiterals(path: string, table: RecipeTable, literals: AsyncIterable<Uint8Array>): Promise<void> {
  const file = openSync(path, 'r+');
  try {
    ftruncateSync(file, table.sizeBytes);
    let step = 0;
    let written = 0;
    for await (const piece of literals) {
      for (let taken = 0; taken < piece.length; ) {
        while (written === table.literalBytes(step)) {
          step += 1;
          written = 0;
        }
        const part = piece.subarray(taken, taken + table.literalBytes(step) - written);
        writeWhole(file, part, table.literalOffset(step) + written);
        written += part.length;
        taken += part.length;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Whether anything of a layer has come, by whatever recipe. */
export function isSpooled(spool: string, diffID: string): boolean {
  return existsSync(directoryOf(spool, diffID));
}

/** What layer a directory holds in part; undefined when it says nothing of it. */
export function readSpooled(directory: string): LayerRequest | undefined {
  const recipeFile = readdirSync(directory).find((name) => /^[0-9a-f]{64}-\d+\.recipe$/.test(name));
  const diffID = /[0-9a-f]{64}$/.exec(directory)?.[0];
  if (recipeFile === undefined || diffID === undefined) return undefined;
  const [recipe = '', sizeBytes = ''] = recipeFile.replace('.recipe', '').split('-');
  const recipeBytes = statSync(join(directory, recipeFile)).size;
  return { diffID: `sha256:${diffID}`, sizeBytes: Number(sizeBytes), recipe: `sha256:${recipe}`, recipeBytes };
}

function writeWhole(file: number, data: Uint8Array, position: number): void {
  for (let written = 0; written < data.length; ) {
    written += writeSync(file, data, written, data.length - written, position + written);
  }
}
