import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { LayerRequest } from '../../../api/image-push/exchange.ts';
import { RecipeBuilder, type RecipeTable } from '../../../api/image-push/recipe.ts';
import { digestOf } from '../../../lib/chunks/cut-chunks.ts';
import { LayerSpool } from './layer-spool.ts';

const contents = [randomBytes(1_000), randomBytes(30_000), randomBytes(10)];
const literal = (text: string): Buffer => Buffer.alloc(512, text);
const whole = Buffer.concat(
  [literal('a'), contents[0] ?? '', literal('b'), contents[1] ?? '', contents[2] ?? '', literal('c')].map((part) =>
    Buffer.from(part),
  ),
);
const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

describe('a layer that comes in part', () => {
  let directory: string;
  let layer: LayerRequest;
  let recipe: Buffer;
  let table: RecipeTable;

  before(async () => {
    const builder = new RecipeBuilder();
    const chunk = (index: number) => {
      const data = contents[index] ?? Buffer.alloc(0);
      builder.add({ kind: 'Chunk', data, digest: digestOf(data) });
    };
    builder.add({ kind: 'Literal', data: literal('a') });
    chunk(0);
    builder.add({ kind: 'Literal', data: literal('b') });
    chunk(1);
    chunk(2);
    builder.add({ kind: 'Literal', data: literal('c') });
    const built = await builder.build();
    recipe = built.encoded;
    table = built.table;
    layer = { diffID: sha256(whole), sizeBytes: whole.length, recipe: sha256(recipe), recipeBytes: recipe.length };
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-spool-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const put = (spool: LayerSpool, ...steps: number[]): Promise<void> =>
    spool.whileWriting(table, async (write) => {
      for (const step of steps) write(step, contents[step] ?? Buffer.alloc(0));
    });

  it('is whole when its recipe and its chunks have come, in any order', async () => {
    const spool = new LayerSpool(directory, layer);
    spool.open();
    spool.addRecipe(recipe.subarray(0, 10));
    assert.equal(await spool.makeLayer(), undefined);
    // Another process goes on.
    const again = new LayerSpool(directory, layer);
    again.open();
    assert.equal(again.recipeBytes, 10);
    again.addRecipe(recipe.subarray(10));
    assert.equal((await again.makeLayer())?.count, 4);
    assert.deepEqual(again.findHoles(table), [0, 1, 2]);
    await put(again, 2, 0);
    assert.deepEqual(again.findHoles(table), [1]);
    await put(again, 1);
    assert.deepEqual(again.findHoles(table), []);
    assert.ok(readFileSync(again.path).equals(whole));
  });

  it('lacks again what was lost or damaged on the disk', async () => {
    const spool = new LayerSpool(directory, layer);
    spool.open();
    spool.addRecipe(recipe);
    await spool.makeLayer();
    await put(spool, 0, 1, 2);
    const bytes = readFileSync(spool.path);
    bytes[600] = (bytes[600] ?? 0) ^ 1;
    writeFileSync(spool.path, bytes);
    assert.deepEqual(spool.findHoles(table), [0]);
    truncateSync(spool.path, 5_000);
    assert.deepEqual(spool.findHoles(table), [0, 1, 2]);
    await put(spool, 0, 1, 2);
    assert.deepEqual(spool.findHoles(table), []);
    // No digest tells of headers that were lost: they are put there again when the whole is not what it should be.
    assert.ok(!readFileSync(spool.path).equals(whole));
    await spool.restoreLiterals();
    assert.ok(readFileSync(spool.path).equals(whole));
  });

  it('is dropped when its recipe is not what its digest says, no recipe, or too long', async () => {
    const open = (change: Partial<LayerRequest>): LayerSpool => {
      const spool = new LayerSpool(directory, { ...layer, ...change });
      spool.open();
      return spool;
    };
    const other = open({});
    other.addRecipe(Buffer.alloc(recipe.length));
    await assert.rejects(other.makeLayer(), { reason: 'Invalid', message: /not what its digest says/ });
    assert.equal(other.recipeBytes, 0);
    // Not random: some noise can be unpacked, to something that is no recipe.
    const noise = Buffer.alloc(100, 0xff);
    const unreadable = open({ recipe: sha256(noise), recipeBytes: noise.length });
    unreadable.addRecipe(noise);
    await assert.rejects(unreadable.makeLayer(), { reason: 'Invalid', message: /cannot be unpacked/ });
    const short = open({ sizeBytes: whole.length - 1 });
    short.addRecipe(recipe);
    await assert.rejects(short.makeLayer(), { reason: 'Invalid', message: /its steps are/ });
    const long = open({});
    assert.throws(() => long.addRecipe(Buffer.alloc(recipe.length + 1)), { reason: 'BadRequest' });
    assert.deepEqual(readdirSync(directory), []);
  });

  it('begins anew with another recipe', () => {
    const spool = new LayerSpool(directory, layer);
    spool.open();
    spool.addRecipe(recipe);
    spool.markSearched();
    const other = new LayerSpool(directory, { ...layer, recipe: sha256(Buffer.from('other')) });
    other.open();
    assert.deepEqual([other.recipeBytes, other.wasSearched], [0, false]);
  });

  it('is made by who says so: to read its recipe changes nothing', async () => {
    const spool = new LayerSpool(directory, layer);
    spool.open();
    spool.addRecipe(recipe);
    assert.equal((await spool.readTable())?.count, 4);
    assert.ok(!existsSync(spool.path));
    const path = join(
      directory,
      layer.diffID.slice('sha256:'.length),
      readdirSync(join(directory, layer.diffID.slice(7)))[0] ?? '',
    );
    writeFileSync(path, Buffer.alloc(recipe.length));
    await assert.rejects(spool.readTable(), { reason: 'Invalid' });
    assert.ok(existsSync(path));
  });
});
