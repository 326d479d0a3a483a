/**
 * How a layer is put together: a table of steps, each some literal bytes (headers of the archive) and then one chunk of which
 * only the digest is said. It is what a device gets first; it answers which chunks it lacks (docs/adr/0046).
 *
 * On the wire it is compressed by brotli as a whole, since headers are much alike: `ELR1`, the count of steps, for each step
 * the bytes of its literal and of its chunk (32 bits each, little endian), the digests of the chunks (32 bytes each), and all
 * literals. Only the last step may be without a chunk. So its reader knows every length before it takes any content.
 */
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { ByteReader } from '../../lib/byte-reader.ts';
import { contentChunkSizes } from '../../lib/chunks/chunk-sizes.ts';
import type { LayerPiece } from '../../lib/chunks/cut-layer.ts';
import { StatusError } from '../../lib/status-error.ts';

const magic = 'ELR1';
const digestBytes = 32;
const stepBytes = 8;
/** A layer of a million files; its table takes 60 MB while it is put together. */
const maxSteps = 1_000_000;
/** Of a layer; more is a mistake on every device. */
export const maxLayerBytes = 2 ** 40;
/** Of a recipe as it is sent. */
export const maxRecipeBytes = 256 * 1024 * 1024;

/** 5,000 headers: 9 takes four times as long for 0.6 % less, 11 far longer. */
const compression = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 } };

/** The steps of one layer, by number. */
export class RecipeTable {
  /** How many steps there are. */
  readonly count: number;
  /** Of the whole layer, unpacked from its compression. */
  readonly sizeBytes: number;
  readonly #lengths: Buffer;
  readonly #digests: Buffer;
  readonly #offsets: Float64Array;

  /** @throws StatusError `Invalid` for lengths that no layer has, or that are not `sizeBytes` together */
  constructor(lengths: Buffer, digests: Buffer, sizeBytes: number) {
    this.count = lengths.length / stepBytes;
    this.sizeBytes = sizeBytes;
    this.#lengths = lengths;
    this.#digests = digests;
    this.#offsets = new Float64Array(this.count);
    let offset = 0;
    for (let step = 0; step < this.count; step += 1) {
      const chunkBytes = this.chunkBytes(step);
      if (chunkBytes > contentChunkSizes.maxBytes) throw invalid(`chunk ${step} is too long`);
      if (chunkBytes === 0 && step < this.count - 1) throw invalid(`chunk ${step} is empty`);
      this.#offsets[step] = offset;
      offset += this.literalBytes(step) + chunkBytes;
    }
    if (offset !== sizeBytes) throw invalid(`its steps are ${offset} bytes, and the layer ${sizeBytes}`);
  }

  literalBytes(step: number): number {
    return this.#lengths.readUInt32LE(step * stepBytes);
  }

  chunkBytes(step: number): number {
    return this.#lengths.readUInt32LE(step * stepBytes + 4);
  }

  /** SHA-256 of the chunk in hexadecimal digits. */
  digest(step: number): string {
    return this.#digests.toString('hex', step * digestBytes, (step + 1) * digestBytes);
  }

  /** Where the literal stands in the layer. */
  literalOffset(step: number): number {
    return this.#offsets[step] ?? 0;
  }

  /** Where the chunk stands in the layer. */
  chunkOffset(step: number): number {
    return this.literalOffset(step) + this.literalBytes(step);
  }
}

/** Gathers the pieces of a layer; holds all of its headers. */
export class RecipeBuilder {
  readonly #lengths: number[] = [];
  readonly #digests: Buffer[] = [];
  readonly #literals: Uint8Array[] = [];
  #literalBytes = 0;
  #sizeBytes = 0;

  /** Pieces in their order. */
  add(piece: LayerPiece): void {
    this.#sizeBytes += piece.data.length;
    if (piece.kind === 'Literal') {
      this.#literals.push(piece.data);
      this.#literalBytes += piece.data.length;
      return;
    }
    this.#lengths.push(this.#literalBytes, piece.data.length);
    this.#digests.push(Buffer.from(piece.digest, 'hex'));
    this.#literalBytes = 0;
  }

  /** @throws StatusError `Invalid` when there are more steps than a device takes */
  async build(): Promise<{ readonly table: RecipeTable; readonly encoded: Buffer }> {
    const steps = this.#literalBytes > 0 ? [...this.#lengths, this.#literalBytes, 0] : this.#lengths;
    if (steps.length / 2 > maxSteps) throw invalid(`it has more than ${maxSteps} files and chunks`);
    const lengths = Buffer.alloc(steps.length * 4);
    for (const [index, length] of steps.entries()) lengths.writeUInt32LE(length, index * 4);
    const digests = Buffer.concat(this.#digests);
    const head = Buffer.alloc(8);
    head.write(magic, 'latin1');
    head.writeUInt32LE(steps.length / 2, 4);
    const plain = Buffer.concat([head, lengths, digests, ...this.#literals]);
    const encoded = await promisify(brotliCompress)(plain, compression);
    return { table: new RecipeTable(lengths, digests, this.#sizeBytes), encoded };
  }
}

export interface ReadRecipe {
  readonly table: RecipeTable;
  /** All literals, one after the other. To be read to their end; ends with `Invalid` when they are too few or too many. */
  literals(): AsyncGenerator<Uint8Array>;
}

/**
 * @param plain the recipe without its compression
 * @throws StatusError `Invalid` for what is no recipe of a layer of `sizeBytes`
 */
export async function readRecipe(plain: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<ReadRecipe> {
  const reader = new ByteReader(plain);
  const head = await reader.read(8);
  if (head.length < 8 || head.toString('latin1', 0, 4) !== magic) throw invalid('it begins with other words');
  const count = head.readUInt32LE(4);
  if (count > maxSteps) throw invalid(`it has more than ${maxSteps} steps`);
  const lengths = await reader.read(count * stepBytes);
  if (lengths.length < count * stepBytes) throw invalid('it is cut off');
  const hasLast = count > 0 && lengths.readUInt32LE((count - 1) * stepBytes + 4) === 0;
  const digests = await reader.read((hasLast ? count - 1 : count) * digestBytes);
  const table = new RecipeTable(lengths, digests, sizeBytes);
  if (digests.length % digestBytes !== 0 || digests.length / digestBytes < count - (hasLast ? 1 : 0)) {
    throw invalid('it is cut off');
  }
  const literals = async function* (): AsyncGenerator<Uint8Array> {
    let due = 0;
    for (let step = 0; step < count; step += 1) due += table.literalBytes(step);
    for await (const piece of reader.stream(due)) {
      due -= piece.length;
      yield piece;
    }
    if (due > 0) throw invalid('it is cut off');
    if ((await reader.read(1)).length > 0) throw invalid('it goes on behind its end');
  };
  return { table, literals };
}

function invalid(why: string): StatusError {
  return new StatusError('Invalid', `the recipe of the layer is no good: ${why}`);
}
