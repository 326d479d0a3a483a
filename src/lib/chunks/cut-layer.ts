/**
 * A tar archive in pieces: headers apart from contents, contents cut into chunks each by itself. When a tool packs the same
 * files anew, every time stamp is another and so is every header, but the chunks are the same, and so they are when files
 * before them came or went.
 *
 * Whatever comes is given back exactly: what is no tar archive, or stops being one, is cut as one content.
 */

import { ByteReader } from '../byte-reader.ts';
import { readPaxSize, readTarHeader, tarBlockBytes, tarPaddingOf } from '../tar/tar-header.ts';
import { contentChunkSizes } from './chunk-sizes.ts';
import { type Chunk, cutBuffer, cutChunks } from './cut-chunks.ts';

/** All pieces together are the archive. */
export type LayerPiece =
  /** A header, or what fills a block: at most a megabyte. */
  { readonly kind: 'Literal'; readonly data: Uint8Array } | ({ readonly kind: 'Chunk' } & Chunk);

/** A longer description than this is cut as a content. */
const maxDescriptionBytes = 1024 * 1024 - tarBlockBytes;

/** What is no longer is held as a whole: a buffer to cut in, for each of thousands of small files, costs more than cutting. */
const wholeBytes = 1024 * 1024;

/** The pieces in order; the data are the caller's own. Throws what the source throws. */
export async function* cutLayer(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<LayerPiece> {
  const reader = new ByteReader(source);
  try {
    let paxSize: number | undefined;
    for (;;) {
      const header = await reader.read(tarBlockBytes);
      if (header.length === 0) return;
      yield { kind: 'Literal', data: header };
      const entry = readTarHeader(header);
      if (entry === undefined) break;
      if (entry.kind === 'Description' && entry.sizeBytes <= maxDescriptionBytes) {
        const description = await reader.read(entry.sizeBytes + tarPaddingOf(entry.sizeBytes));
        if (description.length > 0) yield { kind: 'Literal', data: description };
        paxSize = readPaxSize(description.subarray(0, entry.sizeBytes)) ?? paxSize;
        continue;
      }
      const sizeBytes = paxSize ?? entry.sizeBytes;
      paxSize = undefined;
      yield* cutContent(reader, sizeBytes);
      const padding = await reader.read(tarPaddingOf(sizeBytes));
      if (padding.length > 0) yield { kind: 'Literal', data: padding };
    }
    yield* cutContent(reader, Number.POSITIVE_INFINITY);
  } finally {
    await reader.close();
  }
}

async function* cutContent(reader: ByteReader, sizeBytes: number): AsyncGenerator<LayerPiece> {
  if (sizeBytes > wholeBytes) {
    for await (const chunk of cutChunks(reader.stream(sizeBytes), contentChunkSizes)) yield { kind: 'Chunk', ...chunk };
    return;
  }
  for (const chunk of cutBuffer(await reader.read(sizeBytes), contentChunkSizes)) yield { kind: 'Chunk', ...chunk };
}
