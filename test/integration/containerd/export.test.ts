/** Saving images out of a real containerd: what comes out is what went in, by every digest. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { unpackTar } from 'modern-tar';
import { isStatusError } from '../../../src/lib/status-error.ts';
import { contentService } from '../../../src/runtime/containerd/methods.ts';
import { digestOf, dockerSave, type Files, ociLayout, pack } from './archives.ts';
import { createInstance, type Instance } from './instance.ts';

const signal = AbortSignal.timeout(240_000);
const named = (name: string) => ({ 'io.containerd.image.name': name });

describe('exporting an image', () => {
  let instance: Instance;

  const load = (archive: Uint8Array): Promise<readonly string[]> =>
    instance.managed.images.importArchive(Readable.from([archive]), signal);

  async function save(name: string): Promise<{ readonly bytes: Buffer; readonly files: Files }> {
    const archive = await instance.managed.images.exportArchive(name, signal);
    const bytes = Buffer.concat(await Array.fromAsync(archive.read()));
    assert.equal(bytes.length, archive.sizeBytes);
    const entries = await unpackTar(bytes, { strict: true });
    return { bytes, files: new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? [])])) };
  }

  const json = (files: Files, path: string) => JSON.parse(String(files.get(path)));

  before(async () => {
    instance = await createInstance();
    await instance.managed.start(signal);
  });
  after(() => instance.remove());

  for (const { what, options } of [
    { what: 'compressed layers', options: { compression: 'gzip' } },
    { what: 'layers that are not compressed', options: { compression: 'none' } },
    { what: 'an index that names other architectures too', options: { compression: 'zstd', nested: true } },
  ] as const) {
    it(`gives back an OCI layout with ${what}, which loads as the same image`, async () => {
      const name = `eliot.test/export-${options.compression}:1`;
      const loaded = await ociLayout({ ...options, annotations: named(name) });
      await load(await pack(loaded));
      const { bytes, files } = await save(name);
      const blobs = (from: Files): string[] => [...from.keys()].filter((path) => path.startsWith('blobs/')).sort();
      assert.deepEqual(blobs(files), blobs(loaded));
      for (const path of blobs(files))
        assert.equal(digestOf(files.get(path) ?? Buffer.alloc(0)).slice(7), path.slice(13));
      const [target] = json(files, 'index.json').manifests;
      assert.equal(target.digest, json(loaded, 'index.json').manifests[0].digest);

      await instance.managed.images.remove(name, signal);
      assert.deepEqual(await load(bytes), [name]);
      assert.deepEqual((await save(name)).bytes, bytes);
    });
  }

  it('gives what docker load reads', async () => {
    await load(await pack(await dockerSave('eliot.test/docker:1')));
    const { files } = await save('eliot.test/docker:1');
    const [{ Config, RepoTags, Layers }] = json(files, 'manifest.json');
    assert.deepEqual(RepoTags, ['eliot.test/docker:1']);
    assert.equal(json(files, Config).os, 'linux');
    for (const layer of Layers) assert.ok((files.get(layer)?.length ?? 0) > 0, layer);
    assert.deepEqual(json(files, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
    // As a reader of docker's form alone sees it.
    files.delete('index.json');
    await instance.managed.images.remove('eliot.test/docker:1', signal);
    assert.deepEqual(await load(await pack(files)), ['eliot.test/docker:1']);
  });

  it('holds a large layer in pieces, and reads no faster than it is read', async () => {
    const name = 'eliot.test/large:1';
    const noise = Array.from({ length: 300_000 }, (_, index) => digestOf(Buffer.from(String(index)))).join('');
    await load(await pack(await ociLayout({ annotations: named(name), files: { 'large.txt': noise } })));
    const archive = await instance.managed.images.exportArchive(name, signal);
    let largest = 0;
    let sizeBytes = 0;
    for await (const piece of archive.read()) {
      largest = Math.max(largest, piece.length);
      sizeBytes += piece.length;
    }
    assert.equal(sizeBytes, archive.sizeBytes);
    assert.ok(sizeBytes > 20_000_000 && largest <= 1024 * 1024, `${largest} of ${sizeBytes}`);
  });

  it('says what is missing', async () => {
    const missing = (message: RegExp) => (error: unknown) => {
      assert.ok(isStatusError(error, 'NotFound'), String(error));
      assert.match(error.message, message);
      return true;
    };
    await assert.rejects(
      instance.managed.images.exportArchive('nowhere:1', signal),
      missing(/^image docker\.io\/library\/nowhere:1 is not on the device$/),
    );
    const name = 'eliot.test/holes:1';
    await load(await pack(await ociLayout({ annotations: named(name), files: { hole: 'here' } })));
    const [layer] = json((await save(name)).files, 'manifest.json')[0].Layers;
    const digest = layer.replace('blobs/sha256/', 'sha256:');
    await instance.managed.grpc.unary(contentService.delete, { digest }, { signal });
    await assert.rejects(
      instance.managed.images.exportArchive(name, signal),
      missing(/^image eliot\.test\/holes:1 cannot be saved: sha256:[0-9a-f]{64} is not on the device$/),
    );
  });
});
