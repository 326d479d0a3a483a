import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ChunkSizes, contentChunkSizes } from './chunk-sizes.ts';
import { cutBuffer, cutChunks } from './cut-chunks.ts';

const sizes: ChunkSizes = { minBytes: 64, averageBytes: 256, maxBytes: 1024 };

/** Bytes that look random and are the same at each run. */
function noise(bytes: number, seed: string): Buffer {
  const blocks: Buffer[] = [];
  for (let index = 0; index * 32 < bytes; index += 1) {
    blocks.push(createHash('sha256').update(`${seed}/${index}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

function digestsOf(content: Uint8Array, by: ChunkSizes = sizes): string[] {
  return Array.from(cutBuffer(content, by), ({ digest }) => digest);
}

/** A content in pieces of any lengths. */
const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 });

describe('content cut into chunks', () => {
  it('is the same again when the chunks are put together, however it came', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const whole = Buffer.concat(parts);
        const chunks = await Array.fromAsync(cutChunks(parts, sizes));
        assert.deepEqual(Buffer.concat(chunks.map(({ data }) => data)), whole);
        assert.deepEqual(
          chunks.map(({ digest }) => digest),
          digestsOf(whole),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('has no chunk longer than the most or shorter than the least, but for the last', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (content) => {
        const lengths = Array.from(cutBuffer(content, sizes), ({ data }) => data.length);
        assert.ok(lengths.every((length) => length > 0 && length <= sizes.maxBytes));
        assert.ok(lengths.slice(0, -1).every((length) => length >= sizes.minBytes));
      }),
    );
  });

  it('keeps every chunk that is not near an edit', () => {
    const content = noise(40_000, 'edit');
    const before = new Set(digestsOf(content));
    fc.assert(
      fc.property(fc.nat(40_000), fc.nat(300), fc.uint8Array({ maxLength: 300 }), (at, removed, added) => {
        const edited = Buffer.concat([content.subarray(0, at), added, content.subarray(at + removed)]);
        const changed = Array.from(cutBuffer(edited, sizes)).filter(({ digest }) => !before.has(digest));
        const changedBytes = changed.reduce((sum, { data }) => sum + data.length, 0);
        // The chunk that holds the edit, and those until the cuts fall together again.
        assert.ok(changedBytes <= added.length + 8 * sizes.maxBytes, `${changedBytes} bytes differ`);
      }),
      { numRuns: 300 },
    );
  });

  it('has chunks of about the average length', () => {
    const content = noise(8 * 1024 * 1024, 'average');
    const average = content.length / digestsOf(content, contentChunkSizes).length;
    assert.ok(average > 0.75 * contentChunkSizes.averageBytes, `${average}`);
    assert.ok(average < 1.5 * contentChunkSizes.averageBytes, `${average}`);
  });

  it('cuts where every version of Eliot has cut', () => {
    const lengths = Array.from(cutBuffer(noise(400_000, 'for ever'), contentChunkSizes), ({ data }) => data.length);
    assert.deepEqual(lengths, [60_130, 83_899, 71_400, 71_514, 85_696, 27_361]);
  });

  it('cuts content without any variety at the most', () => {
    const lengths = Array.from(cutBuffer(Buffer.alloc(2500), sizes), ({ data }) => data.length);
    assert.ok(lengths.slice(0, -1).every((length) => length === lengths[0]));
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      2500,
    );
  });

  it('names a chunk by its SHA-256', () => {
    assert.deepEqual(digestsOf(Buffer.from('abc')), [
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ]);
  });

  it('has no chunk of nothing', async () => {
    assert.deepEqual(await Array.fromAsync(cutChunks([], sizes)), []);
    assert.deepEqual(digestsOf(Buffer.alloc(0)), []);
  });

  it('gives data that the caller may keep', async () => {
    const content = noise(5_000, 'kept');
    const kept = await Array.fromAsync(cutChunks([content], sizes));
    assert.deepEqual(Buffer.concat(kept.map(({ data }) => data)), content);
  });

  it('refuses sizes by which nothing can be cut', async () => {
    for (const [minBytes, averageBytes, maxBytes] of [
      [0, 256, 1024],
      [512, 256, 1024],
      [64, 2048, 1024],
      [64, 100, 1024],
      [64, 32, 1024],
      [1.5, 256, 1024],
      [64, 256, Number.NaN],
      [64, 256, Number.POSITIVE_INFINITY],
    ] as const) {
      const wrong = { minBytes, averageBytes, maxBytes };
      assert.throws(() => [...cutBuffer(Buffer.from('a'), wrong)], RangeError);
      await assert.rejects(Array.fromAsync(cutChunks([], wrong)), RangeError);
    }
  });

  it('ends with the failure of its source', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield noise(3_000, 'broken');
      throw new Error('unplugged');
    };
    await assert.rejects(Array.fromAsync(cutChunks(broken(), sizes)), /unplugged/);
  });
});
