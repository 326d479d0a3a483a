/** Puts blobs into containerd's content store. containerd hashes, verifies and fsyncs them itself. */

import type { WriteContentRequest, WriteContentResponse } from '../../../gen/containerd/content.ts';
import { WriteAction } from '../../../gen/containerd/content.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { DuplexCall, GrpcClient } from '../grpc/client.ts';
import { contentService } from '../methods.ts';

/** Bytes of one message, unless they are told; containerd takes at most 16 MiB. */
const usualPieceBytes = 1024 * 1024;

export interface BlobSource {
  /** Unique while it is written; a second write under the same name waits or fails. */
  readonly ref: string;
  /** Undefined: whatever comes until its end. */
  readonly sizeBytes?: number;
  /** So many bytes of it were written under this name before; the content is the rest. Default 0: all of it. */
  readonly fromByte?: number;
  /** Bytes of one message. Less of them are lost when the writer is killed, and the next one goes on behind them. */
  readonly pieceBytes?: number;
  /** Undefined: containerd says what it is. */
  readonly expectedDigest?: string;
  /** Kept on the blob; `containerd.io/gc.ref.content.*` names what it refers to. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface WrittenBlob {
  readonly digest: string;
  /** 0 when it was there already, and its size was not said. */
  readonly sizeBytes: number;
}

type WriteCall = DuplexCall<Partial<WriteContentRequest>, WriteContentResponse>;

/**
 * Writes one blob; it is on disk when this resolves. One that is there already is left as it is.
 *
 * @param lease keeps the blob until something refers to it
 * @throws StatusError `Invalid` when the content is not what the digest says, or ends early
 */
export async function writeBlob(
  grpc: GrpcClient,
  source: BlobSource,
  chunks: AsyncIterable<Uint8Array>,
  lease: string,
  signal: AbortSignal,
): Promise<WrittenBlob> {
  const call: WriteCall = await grpc.duplex(contentService.write, {
    signal,
    metadata: { 'containerd-lease': lease },
  });
  try {
    return await transfer(call, source, chunks);
  } catch (error) {
    const existing = isStatusError(error, 'AlreadyExists') ? existingDigest(error.message) : undefined;
    const digest = source.expectedDigest ?? existing;
    if (isStatusError(error, 'AlreadyExists') && digest !== undefined) {
      return { digest, sizeBytes: source.sizeBytes ?? 0 };
    }
    if (isStatusError(error, 'InternalError', 'Invalid') && /unexpected commit (digest|size)/.test(error.message)) {
      throw new StatusError('Invalid', `${source.ref} is damaged: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await call.responses.return?.();
  }
}

async function transfer(call: WriteCall, source: BlobSource, chunks: AsyncIterable<Uint8Array>): Promise<WrittenBlob> {
  const { ref, sizeBytes, expectedDigest = '', labels = {}, fromByte = 0, pieceBytes = usualPieceBytes } = source;
  // A total of 0 is none.
  const common = { ref, total: BigInt(sizeBytes ?? 0), expected: expectedDigest };
  let offset = fromByte;
  for await (const piece of inPieces(chunks, pieceBytes)) {
    await call.send({ action: WriteAction.WRITE, ...common, offset: BigInt(offset), data: piece });
    offset += piece.length;
    await nextResponse(call);
  }
  if (sizeBytes !== undefined && offset !== sizeBytes) {
    throw new StatusError('Invalid', `${ref} ends after ${offset} of ${sizeBytes} bytes`);
  }
  await call.send({ action: WriteAction.COMMIT, ...common, offset: BigInt(offset), labels: { ...labels } });
  call.end();
  const committed = await nextResponse(call);
  return { digest: committed.digest || expectedDigest, sizeBytes: offset };
}

/** Where no digest was expected, only the words `content sha256:… already exists` tell which blob is there. */
function existingDigest(message: string): string | undefined {
  return /sha256:[0-9a-f]{64}/.exec(message)?.[0];
}

/** containerd answers each message; waiting for it keeps a small process small. */
async function nextResponse(call: WriteCall): Promise<WriteContentResponse> {
  const next = await call.responses.next();
  if (next.done) throw new StatusError('InternalError', 'the content store ended a write early');
  return next.value;
}

/** The same bytes in buffers of a good size; the last one may be small, an empty blob has none. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; ) {
        const part = chunk.subarray(start, start + pieceBytes - heldBytes);
        start += part.length;
        held.push(part);
        heldBytes += part.length;
        if (heldBytes === pieceBytes) {
          yield Buffer.concat(held);
          held = [];
          heldBytes = 0;
        }
      }
    }
  } catch (error) {
    failure = { error };
  }
  // What came before it broke off, too: the next try may go on behind it.
  if (heldBytes > 0) yield Buffer.concat(held);
  if (failure !== undefined) throw failure.error;
}
