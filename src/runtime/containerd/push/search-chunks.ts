/**
 * Looks for the chunks of a new layer in the layers that are on the device already, and puts those that it finds in their
 * places.
 *
 * There is no index of chunks: which ones are wanted is known, so one look through the layers that are likely to have them is
 * enough, and nothing is written to flash but the new layer itself.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { cutLayer } from '../../../lib/chunks/cut-layer.ts';
import { decompressed } from '../../../lib/decompress.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { readBlobPieces } from '../images/content-reader.ts';
import { contentService } from '../methods.ts';
import type { ChunkSearch } from './layer-store.ts';
import { type StoredLayer, uncompressedLabel } from './stored-layers.ts';

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
    try {
      const packed = Readable.from(readBlobPieces(grpc, blob.digest, blob.size, signal), reading);
      const whole = createHash('sha256');
      const plain = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of decompressed(packed, blob.digest)) {
          leftBytes -= piece.length;
          whole.update(piece);
          yield piece;
        }
      };
      let isWhole = true;
      for await (const piece of cutLayer(plain())) {
        if (piece.kind === 'Chunk') for (const step of wanted.take(piece.digest)) put(step, piece.data);
        isWhole = wanted.count > 0 && leftBytes > 0;
        if (!isWhole) break;
      }
      if (isWhole) await rememberContent(grpc, blob.digest, `sha256:${whole.digest('hex')}`, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isReadFailure(error)) throw error;
      // Damaged, or removed meanwhile: it has nothing for us, and whoever needs it will say so.
    }
  }
}

/** What the layer is without its compression was just computed: the next push knows it by that. */
async function rememberContent(grpc: GrpcClient, digest: string, diffID: string, signal: AbortSignal): Promise<void> {
  const info = { digest, labels: { [uncompressedLabel]: diffID } };
  const request = { info, updateMask: { paths: [`labels.${uncompressedLabel}`] } };
  await grpc.unary(contentService.update, request, { signal, timeoutMs });
}

/** What the disk says when we write is no failure to read. */
function isReadFailure(error: unknown): boolean {
  if (isStatusError(error)) return error.reason === 'NotFound' || error.reason === 'Invalid';
  return error instanceof Error && 'code' in error && `${error.code}`.startsWith('ERR_');
}
