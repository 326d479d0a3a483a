/** Reads blobs from containerd's content store. */
import { StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService } from '../methods.ts';

const timeoutMs = 20_000;

/** A small blob as a whole. @throws StatusError `NotFound`; `InternalError` when it is larger than `maxBytes` */
export async function readBlob(
  grpc: GrpcClient,
  digest: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const { data } of grpc.serverStream(contentService.read, { digest }, { signal, timeoutMs })) {
    bytes += data.length;
    if (bytes > maxBytes) throw new StatusError('InternalError', `${digest} is larger than ${maxBytes} bytes`);
    pieces.push(data);
  }
  return Buffer.concat(pieces);
}

/** Held at most of a large blob. */
const pieceBytes = 1024 * 1024;

/**
 * A blob of any size piece by piece, each asked for when the one before was taken: a slow reader holds up nothing but
 * itself.
 *
 * @throws StatusError `NotFound`, also in the middle, when the blob is deleted meanwhile; `InternalError` when the disk has lost
 *   its end
 */
export async function* readBlobPieces(
  grpc: GrpcClient,
  digest: string,
  sizeBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; offset += pieceBytes) {
    const size = Math.min(pieceBytes, sizeBytes - offset);
    const request = { digest, offset: BigInt(offset), size: BigInt(size) };
    const pieces: Uint8Array[] = [];
    for await (const { data } of grpc.serverStream(contentService.read, request, { signal, timeoutMs }))
      pieces.push(data);
    const piece = Buffer.concat(pieces);
    // containerd says nothing of it.
    if (piece.length < size)
      throw new StatusError('InternalError', `${digest} ends after ${offset + piece.length} bytes`);
    yield piece;
  }
}
