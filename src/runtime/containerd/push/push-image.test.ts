import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { LayerRequest, LayerState } from '../../../api/image-push/exchange.ts';
import { decodeSteps } from '../../../api/image-push/missing-steps.ts';
import { RecipeBuilder } from '../../../api/image-push/recipe.ts';
import { digestOf } from '../../../lib/chunks/cut-chunks.ts';
import { FakeClock } from '../../../testing/fake-clock.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { LayerSpool } from './layer-spool.ts';
import { pushImage } from './push-image.ts';

const signal = new AbortController().signal;
const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
/** A containerd that has nothing. */
const grpc = { serverStream: async function* () {} } as unknown as GrpcClient;

describe('a question for an image while a layer of it comes', () => {
  let directory: string;
  let layer: LayerRequest;
  let recipe: Buffer;

  before(async () => {
    const builder = new RecipeBuilder();
    const [head, data] = [Buffer.alloc(512, 'a'), randomBytes(1_000)];
    builder.add({ kind: 'Literal', data: head });
    builder.add({ kind: 'Chunk', data, digest: digestOf(data) });
    recipe = (await builder.build()).encoded;
    const whole = Buffer.concat([head, data]);
    layer = { diffID: sha256(whole), sizeBytes: whole.length, recipe: sha256(recipe), recipeBytes: recipe.length };
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-push-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const ask = async (): Promise<LayerState | undefined> => {
    const configuration = { architecture: 'amd64', rootfs: { diff_ids: [layer.diffID] } };
    const request = {
      image: 'web:1',
      configuration: Buffer.from(JSON.stringify(configuration)).toString('base64'),
      layers: [layer],
    };
    const deps = { grpc, clock: new FakeClock(), spool: directory, architectures: ['amd64'], flush: async () => {} };
    return (await pushImage(deps, request, signal)).layers[0];
  };
  const files = (): Record<string, string> => {
    const within = join(directory, layer.diffID.replace('sha256:', ''));
    return Object.fromEntries(readdirSync(within).map((name) => [name, digestOf(readFileSync(join(within, name)))]));
  };
  const spoolWith = (part: Buffer): LayerSpool => {
    const spool = new LayerSpool(directory, layer);
    spool.open();
    spool.addRecipe(part);
    return spool;
  };

  it('changes nothing of what the upload writes', async () => {
    const spool = spoolWith(recipe);
    // The upload has just read the recipe, and writes the layer.
    writeFileSync(`${spool.path}.new`, 'half of it');
    const before = files();
    assert.deepEqual(await ask(), { diffID: layer.diffID, state: 'Missing', recipeBytes: recipe.length });
    assert.deepEqual(files(), before);
  });

  it('is answered with what is missing once the device has looked', async () => {
    const spool = spoolWith(recipe);
    const table = await spool.makeLayer();
    spool.markSearched();
    const { missing = '' } = (await ask()) ?? {};
    assert.deepEqual(decodeSteps(missing, table?.count ?? 0), [0]);
    // The upload is at its end, and removes it.
    rmSync(spool.path);
    assert.deepEqual(await ask(), { diffID: layer.diffID, state: 'Missing', recipeBytes: 0 });
  });

  it('has the recipe sent again that the power has damaged, and leaves it to the upload', async () => {
    spoolWith(Buffer.alloc(recipe.length));
    const before = files();
    assert.deepEqual(await ask(), { diffID: layer.diffID, state: 'Missing', recipeBytes: 0 });
    assert.deepEqual(files(), before);
  });
});
