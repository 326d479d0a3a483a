import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { packTar, type TarEntry } from 'modern-tar';
import { fileEntry } from '../../../scripts/image-archive.ts';
import type { LayerState, PushRequest, PushState } from '../../api/image-push/exchange.ts';
import { encodeFrames } from '../../api/image-push/layer-frames.ts';
import type { ImagePushes } from '../../apiserver/image-pushes.ts';
import { RestClient } from '../../client/rest-client.ts';
import { Transport } from '../../client/transport.ts';
import { StatusError } from '../../lib/status-error.ts';
import { isSpooled } from '../../runtime/containerd/push/layer-spool.ts';
import { takeLayer } from '../../runtime/containerd/push/take-layer.ts';
import { TestApi } from '../../testing/api-server.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { MemoryLayers } from '../../testing/memory-layers.ts';
import type { LocalImage } from '../local-images/local-image.ts';
import { type PushProgress, pushImage } from './push-image.ts';

const signal = new AbortController().signal;
const digest = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const name = 'docker.io/library/web:1';

async function layerOf(files: Readonly<Record<string, Buffer>>, mtime = new Date(0)): Promise<Buffer> {
  const entries = Object.entries(files).map(([path, content]): TarEntry => {
    const { header, body } = fileEntry(path, content);
    return { header: { ...header, mtime }, body } as TarEntry;
  });
  return Buffer.from(await packTar(entries));
}

function imageOf(...layers: readonly Buffer[]): LocalImage {
  return {
    names: [name],
    os: 'linux',
    architecture: 'amd64',
    configuration: Buffer.from(JSON.stringify({ rootfs: { diff_ids: layers.map(digest) } })),
    layers: layers.map((content) => ({
      diffID: digest(content),
      storedBytes: content.length,
      open: async function* () {
        for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
      },
    })),
  };
}

/** A clock on which nobody has to wait. */
class HurriedClock extends FakeClock {
  readonly pauses: number[] = [];
  override async sleep(ms: number): Promise<void> {
    this.pauses.push(ms);
  }
}

describe('a push', () => {
  let api: TestApi;
  let transport: Transport;
  let rest: RestClient;
  let spool: string;
  let layers: MemoryLayers;
  let complete: PushRequest[];
  let uploads: number;
  let progress: PushProgress[];
  let clock: HurriedClock;
  /** What a test does to a request: throws, or changes the body of an upload. */
  let onPush: (request: PushRequest) => void;
  /** Whether the device says so, when nothing has come of a layer. */
  let knowsNothing: boolean;
  /** Whether the device says what is missing of a layer also when it is asked about the image. */
  let remembers: boolean;
  let onUpload: (body: AsyncIterable<Uint8Array>, upload: number) => AsyncIterable<Uint8Array>;

  const pushes: ImagePushes = {
    push: async (request): Promise<PushState> => {
      onPush(request);
      const configuration = Buffer.from(request.configuration, 'base64');
      const diffIDs: readonly string[] = JSON.parse(configuration.toString()).rootfs.diff_ids;
      const isComplete = diffIDs.every((diffID) => layers.contents.has(diffID));
      if (isComplete) complete.push(request);
      // A device without memory: it says what is missing of a layer only when it is sent.
      const states = diffIDs.map((diffID) => ({
        diffID,
        state: layers.contents.has(diffID) ? ('Present' as const) : ('Missing' as const),
        ...(knowsNothing ? { recipeBytes: 0 } : {}),
      }));
      const known = await Promise.all(states.map((state) => (remembers ? lookAgain(state, request) : state)));
      return { id: digest(configuration), complete: isComplete, layers: known };
    },
    takeLayer: async (upload, body) => {
      uploads += 1;
      return await takeLayer({ layers, spool }, upload, onUpload(body, uploads), signal);
    },
  };
  const lookAgain = async (state: LayerState, { layers: asked }: PushRequest): Promise<LayerState> => {
    const layer = asked.find(({ diffID }) => diffID === state.diffID);
    if (layer === undefined || state.state === 'Present' || !isSpooled(spool, state.diffID)) return state;
    const upload = { ...layer, image: name, index: 0, offset: layer.recipeBytes };
    return await takeLayer({ layers, spool }, upload, encodeFrames([]), signal);
  };
  const push = (image: LocalImage) =>
    pushImage({ rest }, image, { clock, onProgress: (step) => progress.push(step) }, signal);

  before(async () => {
    api = await TestApi.start({ imagePushes: pushes });
    transport = new Transport({ server: `unix:${api.socketPath}` });
    rest = new RestClient({ transport });
  });
  after(async () => {
    transport.close();
    await api.stop();
  });
  beforeEach(() => {
    spool = mkdtempSync(join(tmpdir(), 'eliot-push-'));
    layers = new MemoryLayers();
    complete = [];
    uploads = 0;
    progress = [];
    clock = new HurriedClock();
    onPush = () => {};
    knowsNothing = false;
    remembers = false;
    onUpload = (body) => body;
  });
  afterEach(() => rmSync(spool, { recursive: true }));

  it('brings every layer, byte for byte, and names the image when it is whole', async () => {
    const one = await layerOf({ a: randomBytes(300_000), b: randomBytes(10) });
    const two = await layerOf({ c: Buffer.alloc(500_000, 'c') });
    const image = imageOf(one, two, one);
    const { id, sentBytes } = await push(image);
    assert.equal(id, digest(image.configuration));
    assert.equal(complete.length, 1);
    assert.deepEqual([...layers.contents.values()], [one, two]);
    assert.ok(sentBytes > 300_000 && sentBytes < 330_000, `${sentBytes}`);
    assert.deepEqual(readdirSync(spool), []);
    assert.deepEqual(new Set(progress.map(({ phase }) => phase)), new Set(['Reading', 'Asking', 'Sending']));
  });

  it('sends only what the device does not find in its layers', async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`file${index}`, randomBytes(20_000)]));
    layers.add(await layerOf(files));
    const { sentBytes } = await push(imageOf(await layerOf({ ...files, file7: randomBytes(20_000) }, new Date(1e12))));
    assert.ok(sentBytes < 25_000, `${sentBytes} bytes`);
  });

  it('sends nothing when all of it is there', async () => {
    const layer = await layerOf({ a: randomBytes(1_000) });
    layers.add(layer);
    const { sentBytes, newLayerBytes } = await push(imageOf(layer));
    assert.deepEqual([sentBytes, newLayerBytes, uploads], [0, 0, 0]);
  });

  it('goes on after uploads that broke off, and searches once', async () => {
    const layer = await layerOf({ a: randomBytes(3_000_000) });
    onUpload = async function* (body, upload) {
      let left = upload > 6 ? Number.POSITIVE_INFINITY : 150_000 * upload;
      for await (const piece of body) {
        yield piece.subarray(0, left);
        left -= piece.length;
        if (left <= 0) throw new StatusError('ServiceUnavailable', 'the connection was lost');
      }
    };
    const { sentBytes } = await push(imageOf(layer));
    assert.deepEqual([...layers.contents.values()], [layer]);
    assert.equal(layers.searches, 1);
    // What got no further than a buffer was not sent; what arrived of an upload that broke off is known to a tenth.
    assert.ok(sentBytes > 2_500_000 && sentBytes < 3_400_000, `${sentBytes} bytes`);
    assert.ok(progress.some(({ phase }) => phase === 'Waiting'));
  });

  it('goes on at once, and is not given up, when each upload brings a little', async () => {
    const layer = await layerOf({ a: randomBytes(3_000_000) });
    remembers = true;
    onUpload = async function* (body) {
      let left = 200_000;
      for await (const piece of body) {
        yield piece.subarray(0, left);
        left -= piece.length;
        if (left <= 0) throw new StatusError('ServiceUnavailable', 'the connection was lost');
      }
    };
    await push(imageOf(layer));
    assert.deepEqual([...layers.contents.values()], [layer]);
    assert.ok(clock.pauses.length > 12, `${clock.pauses.length} pauses`);
    assert.deepEqual(new Set(clock.pauses), new Set([500]));
  });

  it('uses what has arrived of another build that was never completed', async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`file${index}`, randomBytes(20_000)]));
    onUpload = async function* (body, upload) {
      let left = upload === 1 ? Number.POSITIVE_INFINITY : 600_000;
      for await (const piece of body) {
        yield piece.subarray(0, left);
        left -= piece.length;
        if (left <= 0) throw new StatusError('Forbidden', 'enough');
      }
    };
    await assert.rejects(push(imageOf(await layerOf(files))), /enough/);
    onUpload = (body) => body;
    const rebuilt = await layerOf({ ...files, file7: randomBytes(20_000) }, new Date(1e12));
    const { sentBytes } = await push(imageOf(rebuilt));
    assert.deepEqual([...layers.contents.values()], [rebuilt]);
    assert.ok(sentBytes < 600_000, `${sentBytes} bytes`);
  });

  it('gives up when nothing gets through for two minutes, and says why', async () => {
    onPush = () => {
      throw new StatusError('ServiceUnavailable', 'the container runtime is down');
    };
    await assert.rejects(push(imageOf(await layerOf({ a: Buffer.from('a') }))), /the container runtime is down/);
    const waited = clock.pauses.reduce((sum, pause) => sum + pause, 0);
    assert.ok(waited > 90_000 && waited < 180_000, `${waited} ms`);
  });

  it('is over at once when the device refuses it', async () => {
    onPush = () => {
      throw new StatusError('Forbidden', 'web:1 runs with more rights');
    };
    await assert.rejects(push(imageOf(await layerOf({ a: Buffer.from('a') }))), { reason: 'Forbidden' });
    assert.deepEqual(clock.pauses, []);
  });

  it('says how large the layers are before it sends them', async () => {
    const layer = await layerOf({ a: Buffer.alloc(5_000) });
    const asked: PushRequest[] = [];
    onPush = (request) => {
      asked.push(request);
      if (request.layers.length > 0) throw new StatusError('InsufficientStorage', '1MB is missing');
    };
    await assert.rejects(push(imageOf(layer)), { reason: 'InsufficientStorage' });
    assert.deepEqual(
      asked.map((request) => request.layers.map(({ sizeBytes }) => sizeBytes)),
      [[], [layer.length]],
    );
    assert.equal(uploads, 0);
  });

  it('asks no second time about one layer of which nothing has come', async () => {
    const layer = await layerOf({ a: randomBytes(1_000) });
    knowsNothing = true;
    const asked: PushRequest[] = [];
    onPush = (request) => asked.push(request);
    await push(imageOf(layer));
    assert.deepEqual([...layers.contents.values()], [layer]);
    assert.deepEqual([asked.length, uploads], [2, 2]);
    // Of two it does: the device may have room for one of them.
    asked.length = 0;
    await push(imageOf(await layerOf({ b: Buffer.from('b') }), await layerOf({ c: Buffer.from('c') })));
    assert.equal(asked.length, 3);
  });

  it('refuses a layer that is not what the configuration says', async () => {
    const image = imageOf(await layerOf({ a: Buffer.from('a') }));
    const other = imageOf(await layerOf({ a: Buffer.from('b') }));
    const damaged = { ...image, layers: [{ ...image.layers[0], open: () => other.layers[0]?.open() }] } as LocalImage;
    await assert.rejects(push(damaged), /layer sha256:.* is damaged: its content has the digest sha256:/);
    assert.equal(uploads, 0);
  });
});
