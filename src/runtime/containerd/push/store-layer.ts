/** Hands a layer that is complete to containerd's content store, if it is what it is said to be. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { writeBlob } from '../images/content-writer.ts';
import { contentService, leaseService } from '../methods.ts';
import { uncompressedLabel } from './stored-layers.ts';

const timeoutMs = 20_000;
/** Half the size for a tenth of the time that gzip takes, and the next push reads it as fast. */
const compression = {
  params: { [constants.ZSTD_c_compressionLevel]: 3 },
  // Goes on while containerd writes what it has got.
  chunkSize: 128 * 1024,
  readableHighWaterMark: 1024 * 1024,
};

export interface StoredSource {
  /** Path of the layer, unpacked from its compression. */
  readonly path: string;
  readonly diffID: string;
  /** Keeps it until an image refers to it. */
  readonly lease: string;
}

/** @returns false when its SHA-256 is another than `diffID`; nothing was stored then */
export async function storeLayer(grpc: GrpcClient, source: StoredSource, signal: AbortSignal): Promise<boolean> {
  const { path, diffID, lease } = source;
  const mismatch = new Error(`${path} is not ${diffID}`);
  const hash = createHash('sha256');
  const checked = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
    if (`sha256:${hash.digest('hex')}` !== diffID) throw mismatch;
  };
  const compress = createZstdCompress(compression);
  const plain = Readable.from(checked(), { objectMode: false });
  plain.on('error', (error) => compress.destroy(error));
  const ref = `eliot-push/${diffID}/${randomBytes(4).toString('hex')}`;
  try {
    const { digest } = await writeBlob(
      grpc,
      { ref, labels: { [uncompressedLabel]: diffID } },
      plain.pipe(compress),
      lease,
      signal,
    );
    await keep(grpc, { digest, lease, diffID }, signal);
    return true;
  } catch (error) {
    await grpc.unary(contentService.abort, { ref }, { signal, timeoutMs }).catch(() => {});
    if (error === mismatch) return false;
    throw error;
  } finally {
    plain.destroy();
    compress.destroy();
  }
}

/** A blob that was there before has neither the label nor the lease yet. */
async function keep(
  grpc: GrpcClient,
  { digest, lease, diffID }: { readonly digest: string; readonly lease: string; readonly diffID: string },
  signal: AbortSignal,
): Promise<void> {
  const info = { digest, labels: { [uncompressedLabel]: diffID } };
  const request = { info, updateMask: { paths: [`labels.${uncompressedLabel}`] } };
  await grpc.unary(contentService.update, request, { signal, timeoutMs });
  await holdBlob(grpc, lease, digest, signal);
}

/** Adds a blob to what a lease keeps. */
export async function holdBlob(grpc: GrpcClient, lease: string, digest: string, signal: AbortSignal): Promise<void> {
  try {
    const resource = { id: digest, type: 'content' };
    await grpc.unary(leaseService.addResource, { id: lease, resource }, { signal, timeoutMs });
  } catch (error) {
    if (!isStatusError(error, 'AlreadyExists')) throw error;
  }
}
