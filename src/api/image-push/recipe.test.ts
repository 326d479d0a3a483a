import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { digestOf } from '../../lib/chunks/cut-chunks.ts';
import type { LayerPiece } from '../../lib/chunks/cut-layer.ts';
import { decodeSteps, encodeSteps } from './missing-steps.ts';
import { RecipeBuilder, readRecipe } from './recipe.ts';

const literal = (data: Uint8Array): LayerPiece => ({ kind: 'Literal', data });
const chunk = (data: Uint8Array): LayerPiece => ({ kind: 'Chunk', data, digest: digestOf(data) });
const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 600 }).map(literal),
    fc.uint8Array({ minLength: 1, maxLength: 600 }).map(chunk),
  ),
  { maxLength: 20 },
);

async function build(of: readonly LayerPiece[]) {
  const builder = new RecipeBuilder();
  for (const piece of of) builder.add(piece);
  return builder.build();
}

async function* once(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}

describe('a recipe', () => {
  it('says where each piece of the layer stands', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (of) => {
        const layer = Buffer.concat(of.map(({ data }) => data));
        const { encoded } = await build(of);
        const { table, literals } = await readRecipe(once(brotliDecompressSync(encoded)), layer.length);
        const made = Buffer.alloc(layer.length);
        const known = new Map(of.flatMap((piece) => (piece.kind === 'Chunk' ? [[piece.digest, piece.data]] : [])));
        const spoken = Buffer.concat(await Array.fromAsync(literals()));
        let taken = 0;
        for (let step = 0; step < table.count; step += 1) {
          spoken.copy(made, table.literalOffset(step), taken, taken + table.literalBytes(step));
          taken += table.literalBytes(step);
          if (table.chunkBytes(step) > 0) made.set(known.get(table.digest(step)) ?? [], table.chunkOffset(step));
        }
        assert.ok(made.equals(layer));
      }),
    );
  });

  it('is refused when it is cut off anywhere, goes on, or is of another layer', async () => {
    const { encoded } = await build([literal(randomBytes(100)), chunk(randomBytes(50)), literal(randomBytes(9))]);
    const plain = brotliDecompressSync(encoded);
    const read = async (data: Uint8Array, sizeBytes: number): Promise<void> => {
      const { literals } = await readRecipe(once(data), sizeBytes);
      await Array.fromAsync(literals());
    };
    await read(plain, 159);
    for (let length = 0; length < plain.length; length += 1) {
      await assert.rejects(read(plain.subarray(0, length), 159), { reason: 'Invalid' }, `${length} bytes`);
    }
    await assert.rejects(read(Buffer.concat([plain, Buffer.alloc(1)]), 159), /goes on/);
    await assert.rejects(read(plain, 160), /its steps are 159 bytes, and the layer 160/);
    await assert.rejects(read(Buffer.from('ELR1\xff\xff\xff\xff', 'latin1'), 159), /more than 1000000 steps/);
    await assert.rejects(read(Buffer.from('hello, world'), 159), /other words/);
  });

  it('is refused with a chunk longer than any, or with none in the middle', async () => {
    const step = (literalBytes: number, chunkBytes: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32LE(literalBytes);
      bytes.writeUInt32LE(chunkBytes, 4);
      return bytes;
    };
    const recipe = (...steps: Buffer[]): Buffer =>
      Buffer.concat([
        Buffer.from(`ELR1${String.fromCharCode(steps.length)}\0\0\0`, 'latin1'),
        ...steps,
        Buffer.alloc(64),
      ]);
    await assert.rejects(readRecipe(once(recipe(step(0, 2 ** 20))), 2 ** 20), /chunk 0 is too long/);
    await assert.rejects(readRecipe(once(recipe(step(5, 0), step(0, 5))), 10), /chunk 0 is empty/);
  });
});

describe('missing steps', () => {
  it('are the same again when they are read', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300)), (steps) => {
        const sorted = steps.toSorted((a, b) => a - b);
        assert.deepEqual(decodeSteps(encodeSteps(steps, 301), 301), sorted);
      }),
    );
  });

  it('behind the last step are none', () => assert.deepEqual(decodeSteps('////', 3), [0, 1, 2]));
});
