/** Side-loading images into a real containerd, and dropping them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { isStatusError } from '../../../src/lib/status-error.ts';
import { leaseService } from '../../../src/runtime/containerd/methods.ts';
import { containerConfig, sandboxConfig } from '../../../src/testing/runtime-fixtures.ts';
import { dockerSave, ociLayout, pack } from './archives.ts';
import { createInstance, type Instance } from './instance.ts';

const signal = AbortSignal.timeout(240_000);
const named = (name: string) => ({ 'io.containerd.image.name': name });

describe('importing an image archive', () => {
  let instance: Instance;
  let pods = 0;

  const load = (archive: Uint8Array): Promise<readonly string[]> =>
    instance.managed.images.importArchive(Readable.from([archive]), signal);

  /** Whether a container of the image runs a command. */
  async function runs(image: string): Promise<boolean> {
    const { runtime } = instance.managed;
    pods += 1;
    const uid = `import-${pods}`;
    const config = sandboxConfig({
      name: uid,
      uid,
      logDirectory: join(instance.directory, 'logs', uid),
      cgroupParent: `/${instance.cgroup}/besteffort/pod${uid}`,
    });
    const sandbox = await runtime.runSandbox(config, signal);
    try {
      const container = await runtime.createContainer(sandbox, containerConfig({ image }), config, signal);
      await runtime.startContainer(container, signal);
      return (await runtime.execSync(container, ['true'], 10, signal)).exitCode === 0;
    } finally {
      await runtime.stopSandbox(sandbox, signal);
      await runtime.removeSandbox(sandbox, signal);
    }
  }

  const refuses = (archive: Uint8Array, message: RegExp): Promise<void> =>
    assert.rejects(load(archive), (error) => {
      assert.ok(isStatusError(error, 'Invalid'), String(error));
      assert.match(error.message, message);
      return true;
    });

  before(async () => {
    instance = await createInstance();
    await instance.managed.start(signal);
  });
  after(() => instance.remove());

  it('takes what docker save writes, under its full name', async () => {
    assert.deepEqual(await load(await pack(await dockerSave('hello:1'))), ['docker.io/library/hello:1']);
    assert.ok((await instance.managed.images.status('hello:1', signal))?.tags.includes('docker.io/library/hello:1'));
    assert.equal(await runs('docker.io/library/hello:1'), true);
  });

  it('takes layers that are links to other layers, as old versions of docker write them', async () => {
    const files = await dockerSave('linked:1');
    const layer = files.get('layer.tar') ?? Buffer.alloc(0);
    const [manifest] = JSON.parse(String(files.get('manifest.json')));
    files.delete('layer.tar');
    const linked = new Map<string, Buffer | string>([
      ...files,
      ['./first/layer.tar', layer],
      ['second/layer.tar', '../first/layer.tar'],
      ['manifest.json', Buffer.from(JSON.stringify([{ ...manifest, Layers: ['second/layer.tar'] }]))],
    ]);
    await load(await pack(linked));
    assert.equal(await runs('linked:1'), true);
  });

  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    it(`takes an OCI layout with layers compressed by ${compression}`, async () => {
      const name = `eliot.test/oci-${compression}:1`;
      assert.deepEqual(await load(await pack(await ociLayout({ compression, annotations: named(name) }))), [name]);
      // Debian's containerd 1.6 unpacks zstd too.
      assert.equal(await runs(name), true);
    });
  }

  it('takes an OCI layout for several architectures that carries only ours', async () => {
    const name = 'eliot.test/index:1';
    await load(await pack(await ociLayout({ nested: true, annotations: named(name) })));
    assert.equal(await runs(name), true);
  });

  it('takes the name from the standard annotation when it is a whole one', async () => {
    const annotations = { 'org.opencontainers.image.ref.name': 'short:7' };
    assert.deepEqual(await load(await pack(await ociLayout({ annotations }))), ['docker.io/library/short:7']);
  });

  it('takes an archive that is compressed as a whole', async () => {
    const archive = await pack(await dockerSave('whole:1'));
    assert.deepEqual(await load(await promisify(gzip)(archive)), ['docker.io/library/whole:1']);
    assert.deepEqual(await load(await promisify(zstdCompress)(archive)), ['docker.io/library/whole:1']);
  });

  it('takes an archive that comes byte by byte', async () => {
    const archive = await pack(await ociLayout({ compression: 'gzip', annotations: named('eliot.test/slow:1') }));
    const trickle = function* (): Generator<Buffer> {
      for (let start = 0; start < 6_000; start += 1) yield archive.subarray(start, start + 1);
      yield archive.subarray(6_000);
    };
    const names = await instance.managed.images.importArchive(Readable.from(trickle()), signal);
    assert.deepEqual(names, ['eliot.test/slow:1']);
  });

  it('takes an OCI layout again whose blobs are all there', async () => {
    const archive = await pack(await ociLayout({ annotations: named('eliot.test/twice:1') }));
    await load(archive);
    assert.deepEqual(await load(archive), ['eliot.test/twice:1']);
  });

  it('takes the same image again, and replaces the name by newer content', async () => {
    const archive = await pack(await dockerSave('again:1'));
    await load(archive);
    await load(archive);
    const before = await instance.managed.images.status('again:1', signal);
    const newer = await ociLayout({ annotations: named('docker.io/library/again:1'), architecture: '' });
    await load(await pack(newer));
    let now = before;
    // CRI learns of it by an event.
    while (now?.id === before?.id) now = await instance.managed.images.status('again:1', signal);
    assert.ok(now);
  });

  it('refuses what is no archive, in one line', async () => {
    await refuses(Buffer.from('#!/bin/sh\n'.repeat(200)), /^the image archive cannot be read: /);
    await refuses(Buffer.alloc(0), /^the image archive cannot be read: /);
    await refuses(await pack(new Map()), /neither manifest\.json \(docker save\) nor index\.json \(OCI layout\)/);
    await refuses(await pack(new Map([['etc/passwd', Buffer.from('root')]])), /^not an image archive/);
  });

  it('refuses an archive that ends early', async () => {
    const archive = await pack(await dockerSave('cut:1'));
    await refuses(archive.subarray(0, archive.length / 2), /cannot be read|ends after/);
    const whole = await promisify(gzip)(archive);
    await refuses(whole.subarray(0, whole.length / 2), /cannot be read|ends after/);
  });

  it('refuses a blob that is not what its name says', async () => {
    for (const compression of ['none', 'gzip'] as const) {
      const annotations = named('eliot.test/bad:1');
      const files = await ociLayout({ compression, annotations, files: { 'etc/bad': compression } });
      for (const [path, data] of files) {
        if (!path.startsWith('blobs/')) continue;
        const flipped = Buffer.from(data);
        flipped[20] = (flipped[20] ?? 0) ^ 1;
        await refuses(await pack(new Map([...files, [path, flipped]])), /is damaged/);
      }
    }
    assert.equal(await instance.managed.images.status('eliot.test/bad:1', signal), undefined);
  });

  it('refuses an archive with a missing blob, a missing name, or another architecture', async () => {
    const files = await ociLayout({ annotations: named('eliot.test/bad:2') });
    const layer = [...files].find(([, data]) => data.length > 100_000)?.[0] ?? '';
    files.delete(layer);
    await refuses(await pack(files), /is incomplete: blobs\/sha256\/[0-9a-f]+ is missing/);
    await refuses(await pack(await ociLayout({})), /names no image: its index\.json has no name/);
    const bareTag = { 'org.opencontainers.image.ref.name': 'latest' };
    await refuses(await pack(await ociLayout({ annotations: bareTag })), /only the tag "latest"/);
    const foreign = { architecture: 's390x', annotations: named('eliot.test/s390x:1') };
    await refuses(await pack(await ociLayout(foreign)), /^eliot\.test\/s390x:1 has no image for linux\//);
  });

  it('leaves no lease behind, whether it worked or not', async () => {
    const { leases } = await instance.managed.grpc.unary(leaseService.list, {}, { signal });
    assert.deepEqual(
      leases.filter(({ id }) => id.startsWith('eliot-import')),
      [],
    );
  });

  it('ends with the reason of its signal while the archive is still coming', async () => {
    const abort = new AbortController();
    const reason = new Error('the client has gone');
    const archive = await pack(await dockerSave('never:1'));
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield archive.subarray(0, 100_000);
      abort.abort(reason);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    await assert.rejects(instance.managed.images.importArchive(Readable.from(endless()), abort.signal), reason);
  });

  it('removes one name of an image and keeps the others; the last takes the content along', async () => {
    const { images } = instance.managed;
    const files = await dockerSave('one:1');
    const [manifest] = JSON.parse(String(files.get('manifest.json')));
    files.set('manifest.json', Buffer.from(JSON.stringify([{ ...manifest, RepoTags: ['one:1', 'two:1'] }])));
    // Content of its own: nothing else may keep it.
    const config = JSON.parse(String(files.get(manifest.Config)));
    files.set(manifest.Config, Buffer.from(JSON.stringify({ ...config, author: 'a test' })));
    await load(await pack(files));
    const id = (await images.status('two:1', signal))?.id ?? '';
    await images.remove('one:1', signal);
    while ((await images.status('one:1', signal)) !== undefined) signal.throwIfAborted();
    assert.equal((await images.status('two:1', signal))?.id, id);
    await images.remove('two:1', signal);
    while ((await images.status(id, signal)) !== undefined) signal.throwIfAborted();
    assert.ok(!(await images.list(signal)).some((image) => image.id === id));
    await images.remove('two:1', signal);
  });
});
