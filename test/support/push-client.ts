/** Pushes by hand, over the socket of a device, to say what eli never would. */
import { request } from 'node:http';
import { join } from 'node:path';
import { encodeFrames, type LayerFrame } from '../../src/api/image-push/layer-frames.ts';
import { RecipeBuilder } from '../../src/api/image-push/recipe.ts';
import { digestOf } from '../../src/lib/chunks/cut-chunks.ts';
import { cutLayer } from '../../src/lib/chunks/cut-layer.ts';
import type { TestDevice } from './device.ts';

export interface Answered {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

const group = '/apis/eliot.run/v1alpha1';

/** A layer with its recipe; a test changes what it lies about. */
export async function cutTar(tar: Buffer) {
  const builder = new RecipeBuilder();
  const chunks: Buffer[] = [];
  for await (const piece of cutLayer([tar])) {
    builder.add(piece);
    if (piece.kind === 'Chunk') chunks.push(Buffer.from(piece.data));
  }
  const { encoded } = await builder.build();
  const request = {
    diffID: `sha256:${digestOf(tar)}`,
    sizeBytes: tar.length,
    recipe: `sha256:${digestOf(encoded)}`,
    recipeBytes: encoded.length,
  };
  return { request, recipe: encoded, chunks };
}

export type LayerQuery = Awaited<ReturnType<typeof cutTar>>['request'];

export function pushByHand(
  device: TestDevice,
  image: string,
  configuration: Buffer,
  layers: readonly LayerQuery[] = [],
) {
  const spec = { image, configuration: configuration.toString('base64'), layers };
  const body = Buffer.from(JSON.stringify({ apiVersion: 'eliot.run/v1alpha1', kind: 'ImagePush', spec }));
  return post(device, `${group}/imagepushes`, 'application/json', [body]);
}

export async function sendByHand(
  device: TestDevice,
  query: LayerQuery & { readonly image: string; readonly offset?: number },
  frames: readonly LayerFrame[] | Buffer,
): Promise<Answered> {
  const values = Object.entries({ index: 0, offset: 0, ...query }).map(([key, value]): [string, string] => [
    key,
    String(value),
  ]);
  const body = Buffer.isBuffer(frames) ? [frames] : await Array.fromAsync(encodeFrames(frames));
  return await post(device, `${group}/imagelayers?${new URLSearchParams(values)}`, 'application/octet-stream', body);
}

function post(device: TestDevice, path: string, type: string, body: readonly Buffer[]): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const socketPath = join(device.runDir, 'eliotd.sock');
  const outgoing = request(
    { socketPath, path, method: 'POST', headers: { 'content-type': type } },
    async (response) => {
      const text = Buffer.concat((await Array.fromAsync(response)) as Buffer[]).toString();
      resolve({ code: response.statusCode ?? 0, json: JSON.parse(text) });
    },
  );
  outgoing.once('error', reject);
  for (const piece of body) outgoing.write(piece);
  outgoing.end();
  return promise;
}
