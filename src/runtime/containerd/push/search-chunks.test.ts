import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { fileEntry } from '../../../../scripts/image-archive.ts';
import { RecipeBuilder, type RecipeTable } from '../../../api/image-push/recipe.ts';
import type { Info, ReadContentRequest, UpdateRequest } from '../../../gen/containerd/content.ts';
import { cutLayer } from '../../../lib/chunks/cut-layer.ts';
import { GrpcError, grpcCode } from '../../../lib/grpc/grpc-error.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService, imageService } from '../methods.ts';
import { searchChunks } from './search-chunks.ts';
import { findLayers, listStoredLayers, type StoredLayer } from './stored-layers.ts';
import { WantedChunks } from './wanted-chunks.ts';

const signal = new AbortController().signal;
const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const outOfRange = 11;

interface FakeBlob {
  readonly data: Buffer;
  readonly readError: Error | undefined;
  readonly labels: Record<string, string>;
  /** Of the blob on the disk, which lost its end. */
  readonly keptBytes: number;
}

/** containerd's content store, as far as a search uses it, and no images. */
class FakeContent {
  readonly #blobs = new Map<string, FakeBlob>();
  readonly grpc: GrpcClient;

  constructor() {
    const call = (
      method: { readonly path: string },
      request: unknown,
      { signal }: { readonly signal: AbortSignal },
    ) => {
      signal.throwIfAborted();
      return this.#answer(method.path, request);
    };
    const unary = async (...args: Parameters<typeof call>): Promise<unknown> => (await call(...args).next()).value;
    this.grpc = { serverStream: call, unary } as unknown as GrpcClient;
  }

  /** @returns its digest */
  add(data: Buffer, { readError, labels = {}, keptBytes = data.length }: Partial<FakeBlob> = {}): string {
    const digest = sha256(data);
    this.#blobs.set(digest, { data, readError, labels, keptBytes });
    return digest;
  }

  size(digest: string): number {
    return this.#find(digest).data.length;
  }

  labels(digest: string): Readonly<Record<string, string>> {
    return this.#find(digest).labels;
  }

  async *#answer(path: string, request: unknown): AsyncGenerator<unknown> {
    switch (path) {
      case contentService.read.path:
        yield { data: this.#read(request as ReadContentRequest) };
        break;
      case contentService.info.path:
        yield { info: this.#infoOf((request as { readonly digest: string }).digest) };
        break;
      case contentService.update.path: {
        const { info } = request as UpdateRequest;
        Object.assign(this.#find(info?.digest ?? '').labels, info?.labels);
        yield {};
        break;
      }
      case contentService.list.path:
        yield { info: [...this.#blobs.keys()].map((digest) => this.#infoOf(digest)) };
        break;
      case imageService.list.path:
        yield { images: [] };
    }
  }

  #read({ digest, offset, size }: ReadContentRequest): Buffer {
    const { data, readError, keptBytes } = this.#find(digest);
    if (readError !== undefined) throw readError;
    if (offset + size > data.length) throw new GrpcError(outOfRange, 'read past object length');
    return data.subarray(Number(offset), Math.min(keptBytes, Number(offset + size)));
  }

  #infoOf(digest: string): Info {
    const { data, labels } = this.#find(digest);
    return { digest, size: BigInt(data.length), labels };
  }

  #find(digest: string): FakeBlob {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) throw new GrpcError(grpcCode.notFound, `content ${digest}: not found`);
    return blob;
  }
}

describe('chunks that are looked for in the layers of the device', () => {
  let layer: Buffer;
  let table: RecipeTable;
  let content: FakeContent;
  let found: number[];

  before(async () => {
    layer = Buffer.from(await packTar(['a', 'b'].map((name) => fileEntry(name, randomBytes(5_000)))));
    const builder = new RecipeBuilder();
    for await (const piece of cutLayer([layer])) builder.add(piece);
    table = (await builder.build()).table;
  });
  beforeEach(() => {
    content = new FakeContent();
    found = [];
  });

  const stored = (digest: string, size = content.size(digest)): StoredLayer => ({
    blob: { mediaType: '', digest, size, annotations: {} },
    isRelative: true,
    index: 0,
  });
  const search = async (
    layers: readonly StoredLayer[],
    put = (step: number): void => void found.push(step),
    stopping = signal,
  ): Promise<void> => {
    const wanted = new WantedChunks(table, [0, 1]);
    await searchChunks(content.grpc, { table, wanted, image: 'web:1', index: 0, put }, layers, stopping);
  };

  for (const { what, error } of [
    { what: 'that is shorter than its manifest says', error: new GrpcError(outOfRange, 'read past object length') },
    { what: 'on a bad block', error: new GrpcError(grpcCode.unknown, 'read /c/blobs: input/output error') },
    { what: 'that went meanwhile', error: new GrpcError(grpcCode.notFound, 'content not found') },
    { what: 'that does not come in time', error: new StatusError('Timeout', 'took too long') },
  ]) {
    it(`are found in the next one when there is a layer ${what}`, async () => {
      const bad = content.add(randomBytes(100), { readError: error });
      const good = content.add(gzipSync(layer));
      await search([stored(bad), stored(good)]);
      assert.deepEqual(found, [0, 1]);
    });
  }

  it('are found in a layer whose manifest states another size', async () => {
    const good = content.add(gzipSync(layer));
    await search([stored(good, 1_000_000_000)]);
    assert.deepEqual(found, [0, 1]);
  });

  it('leave a layer the label of its whole content, whatever size a manifest states', async () => {
    const other = Buffer.from(await packTar([fileEntry('c', randomBytes(5_000))]));
    const digest = content.add(other);
    await search([stored(digest, 1_024)]);
    assert.equal(content.labels(digest)['containerd.io/uncompressed'], sha256(other));
  });

  it('leave a layer that lost its end without a label', async () => {
    const other = Buffer.from(await packTar([fileEntry('c', randomBytes(5_000))]));
    const digest = content.add(other, { keptBytes: 1_024 });
    await search([stored(digest)]);
    assert.deepEqual(content.labels(digest), {});
  });

  it('are not looked for further while the runtime is down, or when nobody waits', async () => {
    const down = content.add(randomBytes(100), { readError: new StatusError('ServiceUnavailable', 'down') });
    await assert.rejects(search([stored(down)]), { reason: 'ServiceUnavailable' });
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    await assert.rejects(search([stored(down)], undefined, gone.signal), /gone/);
  });

  it('that cannot be written are no fault of the layer that has them', async () => {
    const good = content.add(gzipSync(layer));
    const full = (): never => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    await assert.rejects(search([stored(good)], full), { code: 'ENOSPC' });
  });

  it('are looked for in what is listed, without what went or cannot be read since', async () => {
    const label = (data: Buffer) => ({ 'containerd.io/uncompressed': sha256(data) });
    const there = content.add(layer, { labels: label(layer) });
    const others = [randomBytes(50), randomBytes(60)] as const;
    content.add(others[0], { labels: label(others[0]), readError: new GrpcError(grpcCode.notFound, 'collected') });
    content.add(others[1], { labels: label(others[1]), readError: new GrpcError(grpcCode.unknown, 'EIO') });
    const listed = await listStoredLayers(content.grpc, 'web:1', signal);
    assert.deepEqual(
      listed.map(({ blob }) => blob.digest),
      [there],
    );
    // What goes while it is looked at is missing.
    const asked = [sha256(layer), sha256(others[0])];
    assert.deepEqual([...(await findLayers(content.grpc, asked, signal)).keys()], [sha256(layer)]);
  });
});
