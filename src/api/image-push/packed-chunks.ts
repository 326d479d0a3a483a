/** Chunks as the content of a frame, and back. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { StatusError } from '../../lib/status-error.ts';
import { gatheredBytes, type LayerFrame, maxContentBytes } from './layer-frames.ts';

/** A chunk, and the step of the recipe that it is for. */
export interface StepChunk {
  readonly step: number;
  readonly data: Uint8Array;
}

type ChunksFrame = Extract<LayerFrame, { kind: 'Chunks' }>;

const stepBytes = 4;
/** A device has it; an older Node on a laptop has not. */
const hasZstd = 'zstdCompress' in zlib;

/** Frames of several small chunks, or of one that is larger. */
export async function* packChunks(chunks: AsyncIterable<StepChunk>): AsyncGenerator<ChunksFrame> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  for await (const { step, data } of chunks) {
    const head = Buffer.alloc(stepBytes);
    head.writeUInt32LE(step);
    gathered.push(head, data);
    bytes += stepBytes + data.length;
    if (bytes < gatheredBytes) continue;
    yield await pack(Buffer.concat(gathered));
    gathered = [];
    bytes = 0;
  }
  if (bytes > 0) yield await pack(Buffer.concat(gathered));
}

async function pack(plain: Buffer): Promise<ChunksFrame> {
  const packed = hasZstd
    ? await promisify(zlib.zstdCompress)(plain)
    : await promisify<Buffer, Buffer>(zlib.deflateRaw)(plain);
  if (packed.length >= plain.length) return { kind: 'Chunks', packing: 'none', data: plain };
  return { kind: 'Chunks', packing: hasZstd ? 'zstd' : 'deflate', data: packed };
}

/**
 * The chunks of a frame. Synchronous: only for a child process.
 *
 * @param lengthOf how long the chunk of a step is; 0 when there is no such step
 * @throws StatusError `BadRequest` when the frame holds anything else
 */
export function* unpackChunks(frame: ChunksFrame, lengthOf: (step: number) => number): Generator<StepChunk> {
  const plain = unpack(frame);
  for (let at = 0; at < plain.length; ) {
    if (at + stepBytes > plain.length) throw new StatusError('BadRequest', 'a frame ends inside a number');
    const step = plain.readUInt32LE(at);
    const length = lengthOf(step);
    if (length === 0) throw new StatusError('BadRequest', `the layer has no chunk ${step}`);
    const data = plain.subarray(at + stepBytes, at + stepBytes + length);
    if (data.length < length) throw new StatusError('BadRequest', `a frame ends inside chunk ${step}`);
    yield { step, data };
    at += stepBytes + length;
  }
}

function unpack({ packing, data }: ChunksFrame): Buffer {
  const limit = { maxOutputLength: maxContentBytes };
  try {
    if (packing === 'deflate') return zlib.inflateRawSync(data, limit);
    return packing === 'zstd' ? zlib.zstdDecompressSync(data, limit) : Buffer.from(data);
  } catch (cause) {
    throw new StatusError('BadRequest', 'a frame cannot be unpacked', { cause });
  }
}
