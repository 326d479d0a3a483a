/**
 * The body of an upload: frames of a type (one byte), a length (32 bits, little endian) and a content. Each is complete in
 * itself, its compression too: every frame that came whole counts, also when the connection ends after it.
 */

import { ByteReader } from '../../lib/byte-reader.ts';
import { contentChunkSizes } from '../../lib/chunks/chunk-sizes.ts';
import { StatusError } from '../../lib/status-error.ts';

export type LayerFrame =
  /** The next bytes of the recipe. */
  | { readonly kind: 'Recipe'; readonly data: Uint8Array }
  /** Chunks one after the other, each behind the number of its step (32 bits, little endian); as a whole compressed. */
  | { readonly kind: 'Chunks'; readonly packing: Packing; readonly data: Uint8Array };

export type Packing = 'none' | 'deflate' | 'zstd';

const end = 0;
/** In the order of their numbers on the wire, from 1 on. */
const types = ['recipe', 'none', 'deflate', 'zstd'] as const;
const headBytes = 5;

/** Of a recipe, at most so much is sent in one frame: what a broken connection costs. */
export const recipePartBytes = 16 * 1024;
/** Chunks are gathered up to this length; what a broken connection costs of them, or one chunk more. */
export const gatheredBytes = 64 * 1024;
/** Of the content of a frame, unpacked: small chunks, one of any length, and the numbers of their steps. */
export const maxContentBytes = 2 * (gatheredBytes + contentChunkSizes.maxBytes);

/** The frames as bytes, with the mark of their end. */
export async function* encodeFrames(frames: AsyncIterable<LayerFrame> | Iterable<LayerFrame>): AsyncGenerator<Buffer> {
  for await (const frame of frames) {
    const type = frame.kind === 'Recipe' ? 'recipe' : frame.packing;
    yield Buffer.concat([headOf(types.indexOf(type) + 1, frame.data.length), frame.data]);
  }
  yield headOf(end, 0);
}

/** @throws StatusError `BadRequest` for what are no frames, and when they end without the mark of their end */
export async function* decodeFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<LayerFrame> {
  const reader = new ByteReader(body);
  try {
    for (;;) {
      const head = await reader.read(headBytes);
      if (head.length < headBytes) throw cutOff();
      const number = head[0] ?? 0;
      const length = head.readUInt32LE(1);
      if (number === end && length === 0) return;
      const type = types[number - 1];
      if (type === undefined || length === 0 || length > maxContentBytes) {
        throw new StatusError('BadRequest', `there is no frame of type ${number} with ${length} bytes`);
      }
      const data = await reader.read(length);
      if (data.length < length) throw cutOff();
      yield type === 'recipe' ? { kind: 'Recipe', data } : { kind: 'Chunks', packing: type, data };
    }
  } finally {
    await reader.close();
  }
}

function headOf(type: number, length: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head[0] = type;
  head.writeUInt32LE(length, 1);
  return head;
}

function cutOff(): StatusError {
  return new StatusError('BadRequest', 'the upload was cut off');
}
