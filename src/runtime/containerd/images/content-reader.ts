/** Reads a small blob from containerd's content store. */
import { StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService } from '../methods.ts';

const timeoutMs = 20_000;

/** @throws StatusError `NotFound`; `InternalError` when it is larger than `maxBytes` */
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
