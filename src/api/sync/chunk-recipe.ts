/** What a large file is made of: the digests and lengths of its chunks, in their order, as they travel. */
import type { ChunkSizes } from '../../lib/chunks/chunk-sizes.ts';
import { contentChunkSizes } from '../../lib/chunks/chunk-sizes.ts';
import { FrameError } from './frames.ts';

/** A chunk of a file. */
export interface RecipeChunk {
  /** sha256 in hexadecimal digits. */
  readonly digest: string;
  readonly bytes: number;
}

const digestBytes = 32;
const chunkBytes = digestBytes + 4;

/** Both sides cut alike: part of what `v1.sync.eliot.run` means. */
export const syncChunkSizes: ChunkSizes = contentChunkSizes;

/** Files below this go whole: one message more costs as much as they do. */
export const leastChunkedBytes = 1024 * 1024;

/** Of a file of 64 GB; they take 200 MB. */
const maxChunks = 2 ** 20;

/** 36 bytes a chunk: its digest, and its length (32 bits, big endian). */
export function encodeRecipe(chunks: readonly RecipeChunk[]): Buffer {
  const encoded = Buffer.allocUnsafe(chunks.length * chunkBytes);
  chunks.forEach(({ digest, bytes }, index) => {
    encoded.write(digest, index * chunkBytes, 'hex');
    encoded.writeUInt32BE(bytes, index * chunkBytes + digestBytes);
  });
  return encoded;
}

/** Reads a recipe as it comes. It is whole when its chunks are together as long as the file. */
export class RecipeReader {
  readonly #size: number;
  readonly #chunks: RecipeChunk[] = [];
  #total = 0;
  #rest: Buffer = Buffer.alloc(0);

  /** @param size of the file that it is the recipe of */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * @returns all chunks when these bytes were the last ones
   * @throws FrameError when it is no recipe of such a file
   */
  read(bytes: Buffer): readonly RecipeChunk[] | undefined {
    const encoded = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (; at + chunkBytes <= encoded.length; at += chunkBytes) {
      const length = encoded.readUInt32BE(at + digestBytes);
      if (length === 0 || length > syncChunkSizes.maxBytes) throw new FrameError(`no chunk has ${length} bytes`);
      this.#chunks.push({ digest: encoded.toString('hex', at, at + digestBytes), bytes: length });
      this.#total += length;
    }
    this.#rest = encoded.subarray(at);
    if (this.#chunks.length > maxChunks) throw new FrameError(`no file has more than ${maxChunks} chunks`);
    if (this.#total < this.#size) return undefined;
    if (this.#total > this.#size || this.#rest.length > 0) {
      throw new FrameError('the chunks of a file are not as long as the file');
    }
    return this.#chunks;
  }
}
