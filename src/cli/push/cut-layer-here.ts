/** A layer of this machine as the recipe by which it is sent. */
import { createHash } from 'node:crypto';
import type { LayerRequest } from '../../api/image-push/exchange.ts';
import type { StepChunk } from '../../api/image-push/packed-chunks.ts';
import { RecipeBuilder, type RecipeTable } from '../../api/image-push/recipe.ts';
import { ByteReader } from '../../lib/byte-reader.ts';
import { digestOf } from '../../lib/chunks/cut-chunks.ts';
import { cutLayer } from '../../lib/chunks/cut-layer.ts';
import type { LocalLayer } from '../local-images/local-image.ts';
import { UsageError } from '../usage-error.ts';

export interface CutLayer {
  readonly request: LayerRequest;
  readonly table: RecipeTable;
  /** The recipe as it is sent. */
  readonly recipe: Buffer;
}

/**
 * Reads the layer once, and checks that it is what the configuration says.
 *
 * @param onBytes told how many bytes were read, after each piece
 */
export async function cutLayerHere(
  layer: LocalLayer,
  onBytes: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<CutLayer> {
  const whole = createHash('sha256');
  let sizeBytes = 0;
  const read = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of layer.open()) {
      signal.throwIfAborted();
      whole.update(piece);
      sizeBytes += piece.length;
      onBytes(sizeBytes);
      yield piece;
    }
  };
  const builder = new RecipeBuilder();
  for await (const piece of cutLayer(read())) builder.add(piece);
  const diffID = `sha256:${whole.digest('hex')}`;
  if (diffID !== layer.diffID) {
    throw new UsageError(`layer ${layer.diffID} is damaged: its content has the digest ${diffID}`);
  }
  const { table, encoded } = await builder.build();
  const request = { diffID, sizeBytes, recipe: `sha256:${digestOf(encoded)}`, recipeBytes: encoded.length };
  return { request, table, recipe: encoded };
}

/**
 * The chunks of some steps, in rising order; reads the layer once more, as far as it must. Where they stand is known, so that
 * nothing is cut again.
 *
 * @throws UsageError when the layer has become shorter meanwhile
 */
export async function* chunksOf(
  layer: LocalLayer,
  table: RecipeTable,
  steps: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<StepChunk> {
  const reader = new ByteReader(layer.open());
  try {
    let at = 0;
    for (const step of steps) {
      signal.throwIfAborted();
      await reader.skip(table.chunkOffset(step) - at);
      const data = await reader.read(table.chunkBytes(step));
      if (data.length < table.chunkBytes(step)) throw new UsageError(`layer ${layer.diffID} was changed meanwhile`);
      yield { step, data };
      at = table.chunkOffset(step) + data.length;
    }
  } finally {
    await reader.close();
  }
}
