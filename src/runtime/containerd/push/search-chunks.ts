/**
 * Looks for the chunks of a new layer in the layers that are on the device already, and puts those that it finds in their
 * places.
 *
 * There is no index of chunks: which ones are wanted is known, so one look through the layers that are likely to have them is
 * enough, and nothing is written to flash but the new layer itself.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { cutLayer, type LayerPiece } from '../../../lib/chunks/cut-layer.ts';
import { decompressed } from '../../../lib/decompress.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { readBlobPieces } from '../images/content-reader.ts';
import { contentService } from '../methods.ts';
import type { ChunkSearch } from './layer-store.ts';
import { isLostLayer, type StoredLayer, uncompressedLabel } from './stored-layers.ts';

/** No more is read than so many times what is looked for: a search must not take longer than sending would. */
const readFactor = 4;
const leastReadBytes = 64 * 1024 * 1024;
const timeoutMs = 20_000;
/** A piece is read ahead while the one before is unpacked and looked through. */
const reading = { objectMode: false, highWaterMark: 1024 * 1024 + 1 };

/** Ends when everything was found, or enough was read. */
export async function searchChunks(
  grpc: GrpcClient,
  { table, wanted, index, put }: ChunkSearch,
  stored: readonly StoredLayer[],
  signal: AbortSignal,
): Promise<void> {
  const far = ({ isRelative, index: other }: StoredLayer): number => (isRelative ? Math.abs(other - index) : 1_000);
  const layers = stored.toSorted((a, b) => far(a) - far(b));
  let leftBytes = Math.max(leastReadBytes, readFactor * table.sizeBytes);
  for (const { blob } of layers) {
    if (wanted.count === 0 || leftBytes <= 0) return;
    const whole = createHash('sha256');
    let isWhole = false;
    const pieces = async function* (): AsyncGenerator<LayerPiece> {
      // What a manifest states may be wrong when the blob was here before it.
      const { info } = await grpc.unary(contentService.info, { digest: blob.digest }, { signal, timeoutMs });
      const packed = Readable.from(readBlobPieces(grpc, blob.digest, Number(info?.size ?? 0), signal), reading);
      const plain = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of decompressed(packed, blob.digest)) {
          leftBytes -= piece.length;
          whole.update(piece);
          yield piece;
        }
      };
      yield* cutLayer(plain());
      isWhole = true;
    };
    for await (const piece of whileReadable(pieces(), signal)) {
      if (piece.kind === 'Chunk') for (const step of wanted.take(piece.digest)) put(step, piece.data);
      if (wanted.count === 0 || leftBytes <= 0) break;
    }
    if (isWhole) await rememberContent(grpc, blob.digest, `sha256:${whole.digest('hex')}`, signal);
  }
}

/** The same pieces, up to where it cannot be read any further. What goes wrong where they are taken is not asked for. */
async function* whileReadable<T>(pieces: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* pieces;
  } catch (error) {
    // Damaged, or removed meanwhile: it has nothing for us, and whoever needs it will say so.
    if (!isLostLayer(error, signal)) throw error;
  }
}

/** What the layer is without its compression was just computed: the next push knows it by that. */
async function rememberContent(grpc: GrpcClient, digest: string, diffID: string, signal: AbortSignal): Promise<void> {
  const info = { digest, labels: { [uncompressedLabel]: diffID } };
  const request = { info, updateMask: { paths: [`labels.${uncompressedLabel}`] } };
  try {
    await grpc.unary(contentService.update, request, { signal, timeoutMs });
  } catch (error) {
    // Removed meanwhile.
    if (!isStatusError(error, 'NotFound')) throw error;
  }
}
