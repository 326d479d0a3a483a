/** How long pieces of content are, in bytes: `0 < minBytes <= averageBytes <= maxBytes`. */
export interface ChunkSizes {
  /** No chunk but the last is shorter. */
  readonly minBytes: number;
  /** What most chunks are about as long as; a power of two. */
  readonly averageBytes: number;
  /** No chunk is longer. */
  readonly maxBytes: number;
}

/**
 * For files and layers: a change of one byte costs about 100 KiB to send, and a description of 1 GB has some 16,000 chunks.
 * Both sides of a transfer must cut alike, so these are part of what is said on the wire: other sizes find nothing in common.
 */
export const contentChunkSizes: ChunkSizes = {
  minBytes: 16 * 1024,
  averageBytes: 64 * 1024,
  maxBytes: 256 * 1024,
};

/** @throws RangeError when no content can be cut by them */
export function checkChunkSizes({ minBytes, averageBytes, maxBytes }: ChunkSizes): void {
  const areOrdered = minBytes >= 1 && minBytes <= averageBytes && averageBytes <= maxBytes;
  const arePossible = [minBytes, maxBytes].every(Number.isInteger) && Number.isInteger(Math.log2(averageBytes));
  if (areOrdered && arePossible && maxBytes <= 2 ** 30 && averageBytes >= 64) return;
  throw new RangeError(`chunks of ${minBytes}, ${averageBytes} and ${maxBytes} bytes cannot be cut`);
}
