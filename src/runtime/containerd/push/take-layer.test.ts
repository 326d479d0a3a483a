import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { packTar } from 'modern-tar';
import { fileEntry } from '../../../../scripts/image-archive.ts';
import type { LayerState, LayerUpload } from '../../../api/image-push/exchange.ts';
import { encodeFrames, type LayerFrame } from '../../../api/image-push/layer-frames.ts';
import { decodeSteps } from '../../../api/image-push/missing-steps.ts';
import { RecipeBuilder, type RecipeTable } from '../../../api/image-push/recipe.ts';
import { cutLayer } from '../../../lib/chunks/cut-layer.ts';
import { MemoryLayers } from '../../../testing/memory-layers.ts';
import { takeLayer } from './take-layer.ts';

const signal = new AbortController().signal;
const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

describe('a layer that is sent', () => {
  let spool: string;
  let layers: MemoryLayers;
  let content: Buffer;
  let upload: LayerUpload;
  let table: RecipeTable;
  let recipe: LayerFrame;
  let chunks: LayerFrame[];

  const send = (...frames: readonly LayerFrame[]): Promise<LayerState> =>
    takeLayer({ layers, spool }, upload, encodeFrames(frames), signal);
  const missing = (state: LayerState): number[] => decodeSteps(state.missing ?? '', table.count);
  const path = (): string => join(spool, upload.diffID.replace('sha256:', ''), 'layer');
  /** As the power does to what was not flushed. */
  const damage = (at: number): void => {
    const bytes = readFileSync(path());
    bytes.fill(0, at, at + 100);
    writeFileSync(path(), bytes);
  };

  beforeEach(async () => {
    spool = mkdtempSync(join(tmpdir(), 'eliot-take-'));
    layers = new MemoryLayers();
    content = Buffer.from(await packTar(['a', 'b', 'c'].map((name) => fileEntry(name, randomBytes(5_000)))));
    const builder = new RecipeBuilder();
    chunks = [];
    for await (const piece of cutLayer([content])) {
      builder.add(piece);
      if (piece.kind !== 'Chunk') continue;
      const head = Buffer.alloc(4);
      head.writeUInt32LE(chunks.length);
      chunks.push({ kind: 'Chunks', packing: 'none', data: Buffer.concat([head, piece.data]) });
    }
    const built = await builder.build();
    table = built.table;
    recipe = { kind: 'Recipe', data: built.encoded };
    const ofRecipe = { recipe: sha256(built.encoded), recipeBytes: built.encoded.length };
    upload = { diffID: sha256(content), sizeBytes: content.length, ...ofRecipe, image: 'web:1', index: 0, offset: 0 };
  });
  afterEach(() => rmSync(spool, { recursive: true }));

  it('comes in as many parts as the client likes', async () => {
    // Three files, and the end of the archive.
    assert.deepEqual(missing(await send(recipe)), [0, 1, 2, 3]);
    assert.deepEqual(missing(await send(...chunks.slice(1, 2))), [0, 2, 3]);
    assert.equal((await send(...chunks)).state, 'Present');
    assert.ok(layers.contents.get(upload.diffID)?.equals(content));
    assert.deepEqual(readdirSync(spool), []);
  });

  it('that broke off goes on with what had come whole', async () => {
    await send(recipe);
    const whole = await Array.fromAsync(encodeFrames(chunks.slice(0, 2)));
    const cut = takeLayer({ layers, spool }, upload, toAsync(whole.slice(0, 1)), signal);
    await assert.rejects(cut, /was cut off/);
    // The zeros at the end are in a file with holes.
    assert.deepEqual(missing(await send()), [1, 2]);
  });

  it('asks again for what was lost after it had been noted, chunks and headers', async () => {
    await send(recipe);
    await send(chunks[0] as LayerFrame);
    damage(table.chunkOffset(0) + 10);
    damage(table.literalOffset(1));
    const again = await send(...chunks.slice(1));
    assert.deepEqual(missing(again), [0]);
    assert.equal((await send(chunks[0] as LayerFrame)).state, 'Present');
  });

  it('begins anew when the power has damaged its recipe', async () => {
    await send(recipe);
    const [name = ''] = readdirSync(join(path(), '..')).filter((each) => each.endsWith('.recipe'));
    writeFileSync(join(path(), '..', name), Buffer.alloc(recipe.data.length));
    assert.deepEqual(missing(await send(recipe)), [0, 1, 2, 3]);
  });
});

async function* toAsync(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
