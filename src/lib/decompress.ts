/** Streams that may be compressed by gzip or zstd: how, and what is in them. */
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { StatusError } from './status-error.ts';

/** How a stream is packed. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** What is told by the first bytes of a stream, its whole length when it is shorter. */
export const compressionMagicBytes = 4;

/** @param head the first four bytes or more (RFC 1952, RFC 8878) */
export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}

/** Node's own pieces of 16 KiB cost a turn of the event loop each; a few are made ahead, by another thread. */
const expanding = { chunkSize: 128 * 1024, readableHighWaterMark: 512 * 1024 };

export interface Decompressed {
  readonly compression: Compression;
  /** The plain content, once; must be read, or ended. The source ends with its reader. */
  readonly content: AsyncGenerator<Uint8Array>;
}

/**
 * Looks at the first bytes, and takes the compression away. At most some pieces are held.
 *
 * @param what the stream in the words of errors
 * @throws what the source throws; StatusError `Invalid` when it is damaged, or packed by zstd and this Node has none
 */
export async function decompress(source: AsyncIterable<Uint8Array>, what: string): Promise<Decompressed> {
  const reader = new ByteReader(source);
  const head = await reader.read(compressionMagicBytes);
  const compression = compressionOf(head);
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      yield* reader.stream(Number.POSITIVE_INFINITY);
    } finally {
      await reader.close();
    }
  };
  return { compression, content: compression === 'none' ? whole() : expand(whole(), compression, what) };
}

/** The plain content alone, as by `decompress`. */
export async function* decompressed(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  const { content } = await decompress(source, what);
  yield* content;
}

async function* expand(
  compressed: AsyncIterable<Uint8Array>,
  compression: Exclude<Compression, 'none'>,
  what: string,
): AsyncGenerator<Uint8Array> {
  // eli may run with a Node 20, which has no zstd.
  if (compression === 'zstd' && typeof zlib.createZstdDecompress !== 'function') {
    throw new StatusError(
      'Invalid',
      `${what} is compressed by zstd, which this Node cannot read: Node 22.15 and later can`,
    );
  }
  const plain = compression === 'gzip' ? zlib.createGunzip(expanding) : zlib.createZstdDecompress(expanding);
  const source = Readable.from(compressed, { objectMode: false });
  let lost: Error | undefined;
  source.once('error', (error) => {
    lost = error;
    plain.destroy(error);
  });
  try {
    yield* source.pipe(plain) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (cause === lost) throw cause;
    throw new StatusError('Invalid', `${what} is damaged: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  } finally {
    source.destroy();
    plain.destroy();
  }
}
