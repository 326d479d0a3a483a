/** Pulling images from a registry into a real containerd. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { isStatusError } from '../../../src/lib/status-error.ts';
import { contentService } from '../../../src/runtime/containerd/methods.ts';
import { ociLayout } from './archives.ts';
import { createInstance, type Instance } from './instance.ts';
import { type Registry, serveRegistry } from './registry.ts';

const signal = AbortSignal.timeout(120_000);

describe('pulling an image', () => {
  let instance: Instance;
  let registry: Registry;

  before(async () => {
    registry = await serveRegistry(await ociLayout({ compression: 'gzip' }));
    instance = await createInstance({ pullStallTimeoutMs: 2_000 });
    await instance.managed.start(signal);
  });
  afterEach(() => {
    registry.isMute = false;
    registry.credentials = undefined;
  });
  after(async () => {
    await instance.remove();
    await registry.close();
  });

  it('gives up when nothing arrives any more', async () => {
    registry.isMute = true;
    const { images } = instance.managed;
    await assert.rejects(
      images.pull(`${registry.host}/app:stalled`, undefined, signal),
      (error) => isStatusError(error, 'Timeout') && /nothing arrived for 2 seconds$/.test(error.message),
    );
  });

  it('ends with the reason of its signal', async () => {
    registry.isMute = true;
    registry.requests.length = 0;
    const abort = new AbortController();
    const reason = new Error('the pod is gone');
    const pulling = instance.managed.images.pull(`${registry.host}/app:aborted`, undefined, abort.signal);
    while (!registry.requests.some((request) => request.includes('/blobs/'))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    abort.abort(reason);
    await assert.rejects(pulling, reason);
  });

  it('passes credentials on, and says what the registry said without them', async () => {
    registry.credentials = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    const { images } = instance.managed;
    const name = `${registry.host}/private:1`;
    await assert.rejects(images.pull(name, undefined, signal), /401 Unauthorized/);
    await assert.rejects(images.pull(name, { username: 'ann', password: 'wrong' }, signal), /401 Unauthorized/);
    assert.match(await images.pull(name, { username: 'ann', password: 'secret' }, signal), /^sha256:/);
  });

  it('gives the id of an image that is there afterwards, unpacked and flushed to disk', async () => {
    const { images, grpc } = instance.managed;
    const name = `${registry.host}/app:1`;
    const id = await images.pull(name, undefined, signal);
    const status = await images.status(name, signal);
    assert.equal(status?.id, id);
    assert.ok(status?.tags.includes(name));
    const { info } = await grpc.unary(contentService.info, { digest: id }, { signal });
    assert.equal(info?.labels['run.eliot/unpacked-and-synced'], 'true');
    assert.ok(info?.labels['containerd.io/gc.ref.snapshot.overlayfs']);
  });

  it('downloads once for several who ask at the same moment', async () => {
    const other = await serveRegistry(await ociLayout({ compression: 'gzip', files: { 'etc/other': 'x' } }));
    const name = `${other.host}/app:1`;
    const pulls = Array.from({ length: 4 }, () => instance.managed.images.pull(name, undefined, signal));
    const ids = await Promise.all(pulls);
    assert.equal(new Set(ids).size, 1);
    const blobs = other.requests.filter((request) => request.startsWith('GET') && request.includes('/blobs/'));
    assert.equal(new Set(blobs).size, blobs.length);
    await other.close();
  });

  it('is NotFound for a tag that the registry does not have', async () => {
    await assert.rejects(instance.managed.images.pull(`${registry.host}/app:missing`, undefined, signal), (error) =>
      isStatusError(error, 'NotFound'),
    );
  });

  it('refuses a name that is none before anything is asked', async () => {
    await assert.rejects(instance.managed.images.pull('Not A Name', undefined, signal), (error) =>
      isStatusError(error, 'Invalid'),
    );
  });

  it('fails when the registry is not there', async () => {
    await assert.rejects(instance.managed.images.pull('127.0.0.1:9/app:1', undefined, signal), /connection refused/);
  });
});
