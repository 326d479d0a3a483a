import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { decodeFrames, encodeFrames, type LayerFrame } from './layer-frames.ts';
import { packChunks, type StepChunk, unpackChunks } from './packed-chunks.ts';

async function* once(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}

describe('frames', () => {
  const frames: readonly LayerFrame[] = [
    { kind: 'Recipe', data: Buffer.from('recipe') },
    { kind: 'Chunks', packing: 'deflate', data: Buffer.from('chunk') },
  ];

  it('come as they were sent, however they are cut', async () => {
    const bytes = Buffer.concat(await Array.fromAsync(encodeFrames(frames)));
    for (const size of [1, 3, 1_000]) {
      const cut = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      assert.deepEqual(await Array.fromAsync(decodeFrames(cut())), frames);
    }
  });

  it('that came whole are given before it is told that the rest is missing', async () => {
    const bytes = Buffer.concat(await Array.fromAsync(encodeFrames(frames)));
    for (let length = 0; length < bytes.length; length += 1) {
      const came: LayerFrame[] = [];
      const take = async (): Promise<void> => {
        for await (const frame of decodeFrames(once(bytes.subarray(0, length)))) came.push(frame);
      };
      await assert.rejects(take(), { reason: 'BadRequest', message: 'the upload was cut off' });
      assert.equal(came.length, length < 11 ? 0 : length < 21 ? 1 : 2);
    }
  });

  it('of unknown types and lengths are refused', async () => {
    for (const head of [
      [9, 1, 0, 0, 0, 0],
      [2, 255, 255, 255, 255],
      [2, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0],
    ]) {
      const decode = Array.fromAsync(decodeFrames(once(Buffer.from(head))));
      await assert.rejects(decode, { reason: 'BadRequest', message: /^there is no frame of type/ });
    }
  });
});

describe('chunks in frames', () => {
  const chunksOf = (lengths: readonly number[], alike: boolean): StepChunk[] =>
    lengths.map((length, step) => ({ step, data: alike ? Buffer.alloc(length, step) : randomBytes(length) }));

  it('are the same again, be they like each other or not', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60_000 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.boolean(), async (of, alike) => {
        const chunks = chunksOf(of, alike);
        const source = async function* (): AsyncGenerator<StepChunk> {
          yield* chunks;
        };
        const frames = await Array.fromAsync(packChunks(source()));
        const again = frames.flatMap((frame) => [...unpackChunks(frame, (step) => of[step] ?? 0)]);
        assert.deepEqual(
          again.map(({ step, data }) => ({ step, data: Buffer.from(data) })),
          chunks,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('are refused when a frame ends inside one, names none that there is, or cannot be unpacked', () => {
    const unpack = (data: Uint8Array, packing: 'none' | 'deflate' | 'zstd' = 'none'): unknown => [
      ...unpackChunks({ kind: 'Chunks', packing, data }, (step) => (step === 1 ? 3 : 0)),
    ];
    assert.throws(() => unpack(Buffer.from([1, 0])), /ends inside a number/);
    assert.throws(() => unpack(Buffer.from([1, 0, 0, 0, 5, 5])), /ends inside chunk 1/);
    assert.throws(() => unpack(Buffer.from([2, 0, 0, 0, 5])), /has no chunk 2/);
    assert.throws(() => unpack(Buffer.from('hello'), 'zstd'), /cannot be unpacked/);
    assert.throws(() => unpack(Buffer.from([255, 255]), 'deflate'), /cannot be unpacked/);
    // A bomb: a kilobyte that becomes a megabyte.
    assert.throws(() => unpack(deflateRawSync(Buffer.alloc(2 ** 20)), 'deflate'), /cannot be unpacked/);
  });
});
