/** One upload of what a device lacks of a layer: its recipe, or the chunks that the device has asked for. */
import { Readable } from 'node:stream';
import type { LayerState } from '../../api/image-push/exchange.ts';
import { encodeFrames, type LayerFrame, recipePartBytes } from '../../api/image-push/layer-frames.ts';
import { decodeSteps } from '../../api/image-push/missing-steps.ts';
import { packChunks, type StepChunk } from '../../api/image-push/packed-chunks.ts';
import type { RestClient } from '../../client/rest-client.ts';
import type { LocalLayer } from '../local-images/local-image.ts';
import { type CutLayer, chunksOf } from './cut-layer-here.ts';

/** A slow card looks through gigabytes, or stores one, and says nothing meanwhile. */
const answerTimeoutMs = 15 * 60_000;

export interface SendOptions {
  readonly image: string;
  readonly layer: LocalLayer;
  readonly cut: CutLayer;
  /** Where it stands among the image's layers. */
  readonly index: number;
  /** What the device has said of it last. */
  readonly state: LayerState;
  /** Told how many bytes were handed to the connection, after each frame. */
  readonly onSent: (bytes: number) => void;
  /** Told how many bytes of chunks were taken to be sent, before their compression, after each chunk. */
  readonly onTaken: (bytes: number) => void;
}

/** @returns what the device has of it then. @throws StatusError as the connection or the device fails */
export async function sendLayer(rest: RestClient, options: SendOptions, signal: AbortSignal): Promise<LayerState> {
  const { image, layer, cut, index, state, onSent, onTaken } = options;
  const offset = state.recipeBytes ?? 0;
  const taken = async function* (steps: readonly number[]): AsyncGenerator<StepChunk> {
    for await (const chunk of chunksOf(layer, cut.table, steps, signal)) {
      onTaken(chunk.data.length);
      yield chunk;
    }
  };
  const frames =
    state.missing === undefined
      ? recipeFrames(cut.recipe.subarray(offset))
      : packChunks(taken(decodeSteps(state.missing, cut.table.count)));
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of encodeFrames(frames)) {
      onSent(piece.length);
      yield piece;
    }
  };
  const { status } = await rest.json<{ readonly status: LayerState }>({
    method: 'POST',
    path: '/apis/eliot.run/v1alpha1/imagelayers',
    query: { ...queryOf(cut), image, index: String(index), offset: String(offset) },
    contentType: 'application/octet-stream',
    stream: Readable.from(counted(), { objectMode: false }),
    signal,
    answerTimeoutMs,
  });
  return status;
}

function queryOf({ request }: CutLayer): Record<string, string> {
  return {
    diffID: request.diffID,
    sizeBytes: String(request.sizeBytes),
    recipe: request.recipe,
    recipeBytes: String(request.recipeBytes),
  };
}

function* recipeFrames(recipe: Buffer): Generator<LayerFrame> {
  for (let at = 0; at < recipe.length; at += recipePartBytes) {
    yield { kind: 'Recipe', data: recipe.subarray(at, at + recipePartBytes) };
  }
}
