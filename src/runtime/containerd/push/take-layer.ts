/**
 * One upload of a part of a layer: of its recipe at first, then of the chunks that the device lacks. What came whole stays,
 * however the upload ends; with the last chunk the layer is checked as a whole and handed to containerd.
 */
import type { LayerState, LayerUpload } from '../../../api/image-push/exchange.ts';
import { decodeFrames, type LayerFrame } from '../../../api/image-push/layer-frames.ts';
import { encodeSteps } from '../../../api/image-push/missing-steps.ts';
import { unpackChunks } from '../../../api/image-push/packed-chunks.ts';
import type { RecipeTable } from '../../../api/image-push/recipe.ts';
import { digestOf } from '../../../lib/chunks/cut-chunks.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import { checkSpace } from './check-space.ts';
import { LayerSpool } from './layer-spool.ts';
import type { LayerStore } from './layer-store.ts';
import { searchSpools } from './search-spools.ts';
import { WantedChunks } from './wanted-chunks.ts';

export interface TakeLayerDeps {
  readonly layers: LayerStore;
  /** Directory of layers in part. */
  readonly spool: string;
}

/**
 * @param body frames
 * @returns what is there afterwards
 * @throws StatusError `BadRequest` or `Invalid` for what does not belong there, `Conflict` when the recipe goes on elsewhere,
 *   `InsufficientStorage`
 */
export async function takeLayer(
  { layers, spool: directory }: TakeLayerDeps,
  upload: LayerUpload,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<LayerState> {
  const { diffID } = upload;
  const spool = new LayerSpool(directory, upload);
  if (await layers.has(diffID, signal)) {
    spool.remove();
    return { diffID, state: 'Present' };
  }
  checkSpace(directory, upload.image, upload.sizeBytes, spool.allocatedBytes);
  const frames = decodeFrames(body);
  const before = await openSpool(spool);
  if (before === undefined) await takeRecipe(spool, upload, frames);
  const table = before ?? (await spool.makeLayer());
  if (table === undefined) return { diffID, state: 'Missing', recipeBytes: spool.recipeBytes };
  const wanted = new WantedChunks(table, spool.readHoles(table));
  await spool.whileWriting(table, async (put) => {
    if (wanted.count > 0 && !spool.wasSearched) {
      await searchSpools({ directory, diffID, wanted, put });
      if (wanted.count > 0)
        await layers.search({ table, wanted, image: upload.image, index: upload.index, put }, signal);
    }
    spool.markSearched();
    if (before !== undefined) await takeChunks(table, wanted, frames, put);
  });
  if (wanted.count > 0) return noteMissing(spool, table, upload, wanted);
  if (!(await layers.store(spool.path, diffID, signal))) {
    // What was noted to be there the power may have taken, headers too.
    await spool.restoreLiterals();
    const lost = new WantedChunks(table, spool.findHoles(table));
    if (lost.count > 0) return noteMissing(spool, table, upload, lost);
    const isGood = await layers.store(spool.path, diffID, signal);
    if (!isGood) {
      spool.remove();
      throw new StatusError('Invalid', `what was sent as layer ${diffID} has another digest`);
    }
  }
  spool.remove();
  return { diffID, state: 'Present' };
}

/** @returns the table of a recipe that has come before */
async function openSpool(spool: LayerSpool): Promise<RecipeTable | undefined> {
  spool.open();
  try {
    return await spool.makeLayer();
  } catch (error) {
    if (!isStatusError(error, 'Invalid')) throw error;
    // It was good when it came, and the power has damaged it. Who asked was told that nothing of it is here.
    spool.open();
    return undefined;
  }
}

/** What is to be sent, and noted for who asks or sends next. */
function noteMissing(spool: LayerSpool, table: RecipeTable, upload: LayerUpload, wanted: WantedChunks): LayerState {
  spool.noteHoles(table, wanted.holes);
  const { diffID, recipeBytes } = upload;
  return { diffID, state: 'Missing', recipeBytes, missing: encodeSteps(wanted.steps, table.count) };
}

async function takeRecipe(
  spool: LayerSpool,
  { offset }: LayerUpload,
  frames: AsyncGenerator<LayerFrame>,
): Promise<void> {
  const { recipeBytes } = spool;
  if (offset !== recipeBytes) {
    throw new StatusError('Conflict', `of the recipe ${recipeBytes} bytes have come, not ${offset}`);
  }
  for await (const frame of frames) {
    if (frame.kind !== 'Recipe') throw new StatusError('BadRequest', 'a chunk came before the recipe was complete');
    spool.addRecipe(frame.data);
  }
}

async function takeChunks(
  table: RecipeTable,
  wanted: WantedChunks,
  frames: AsyncGenerator<LayerFrame>,
  put: (step: number, data: Uint8Array) => void,
): Promise<void> {
  for await (const frame of frames) {
    // The end of a recipe that was sent once more.
    if (frame.kind === 'Recipe') continue;
    for (const { step, data } of unpackChunks(frame, (step) => (step < table.count ? table.chunkBytes(step) : 0))) {
      const digest = table.digest(step);
      if (digestOf(data) !== digest) throw new StatusError('BadRequest', `chunk ${step} is not what its digest says`);
      for (const each of wanted.take(digest)) put(each, data);
    }
  }
}
