import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Image, imageObjectName } from '../../api/kinds/image.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { images as imageResource, pods } from '../../api/resources.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { silentLogger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { FakeClock } from '../../testing/fake-clock.ts';
import { FakeImages } from '../../testing/fake-runtime/fake-images.ts';
import { openRegistry, pod } from '../../testing/registry.ts';
import { settle } from '../../testing/settle.ts';
import { ImageReporter } from './image-reporter.ts';
import { readImageUsers } from './image-users.ts';

const busybox = 'docker.io/library/busybox:latest';
let client: ObjectClient;
let clock: FakeClock;
let images: FakeImages;
let reporter: ImageReporter;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  const opened = await openRegistry();
  clock = opened.clock;
  client = createLocalClient(opened.registry, systemUser('system:node:device'));
  images = new FakeImages();
  reporter = new ImageReporter({
    client,
    images,
    users: () => readImageUsers(client),
    clock,
    log: silentLogger,
    whenRuntimeReady: Promise.resolve(),
  });
  stop = new AbortController();
  running = reporter.run(stop.signal);
  await settle();
});
afterEach(async () => {
  stop.abort();
  await running;
});

const pass = async (): Promise<void> => {
  clock.advance(500);
  await settle(60);
};
const list = async (): Promise<readonly Image[]> => (await client.list<Image>(imageResource)).items;
const only = async (): Promise<Image> => {
  const [image, ...more] = await list();
  assert.ok(image && more.length === 0);
  return image;
};

describe('the Image objects', () => {
  it('come and go with the images of the runtime', async () => {
    images.add('busybox');
    reporter.imagesChanged();
    await pass();
    const { metadata, spec, status } = await only();
    assert.equal(metadata.name, imageObjectName(busybox));
    assert.equal(spec.image, busybox);
    assert.equal(status.state, 'Present');
    await images.remove('busybox', stop.signal);
    reporter.imagesChanged();
    await pass();
    assert.deepEqual(await list(), []);
  });

  it('say how a pull goes, and how it ended', async () => {
    await client.create(pods, { ...pod('web'), metadata: { name: 'web', namespace: 'default' } });
    const layers = [{ digest: 'sha256:l', sizeBytes: 10, doneBytes: 5 }];
    reporter.usersChanged();
    reporter.progress(busybox, { phase: 'Downloading', layers });
    await pass();
    assert.deepEqual((await only()).status, { state: 'Pulling', layers, usedBy: ['default/web'] });
    reporter.failed(busybox, 'no route');
    await pass();
    assert.deepEqual((await only()).status, { state: 'Failed', message: 'no route', layers, usedBy: ['default/web'] });
    await client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    reporter.usersChanged();
    await pass();
    assert.deepEqual(await list(), []);
  });

  it('write nothing when nothing has changed', async () => {
    images.add('busybox');
    reporter.imagesChanged();
    await pass();
    const before = (await only()).metadata.resourceVersion;
    reporter.imagesChanged();
    reporter.usersChanged();
    await pass();
    assert.equal((await only()).metadata.resourceVersion, before);
  });

  it('find what others did to the images, some minutes later', async () => {
    images.add('busybox');
    clock.advance(600_000);
    await settle(60);
    assert.equal((await only()).status.state, 'Present');
  });

  it('remove what somebody made that stands for no image', async () => {
    const name = imageObjectName('docker.io/library/nothing:1');
    await client.create(imageResource, {
      apiVersion: 'eliot.run/v1alpha1',
      kind: 'Image',
      metadata: { name },
      spec: { image: 'docker.io/library/nothing:1' },
    });
    reporter.objectsChanged();
    await pass();
    assert.deepEqual(await list(), []);
  });
});

describe('an image that has just come', () => {
  it('is listed when who brought it asks to see it', async () => {
    images.add('busybox');
    const looked = reporter.look(stop.signal);
    await settle(60);
    await looked;
    assert.equal((await only()).spec.image, busybox);
  });

  it('is not waited for longer than five seconds', async () => {
    const release = images.faults.hold('listImages');
    images.add('busybox');
    let isOver = false;
    const looked = reporter.look(stop.signal).then(() => {
      isOver = true;
    });
    clock.advance(4_900);
    await settle(60);
    assert.equal(isOver, false);
    clock.advance(100);
    await looked;
    release();
  });
});

describe('deleting an Image', () => {
  beforeEach(async () => {
    images.add('busybox');
    reporter.imagesChanged();
    await pass();
  });

  it('deletes the image', async () => {
    await client.delete(imageResource, { name: imageObjectName(busybox) });
    assert.equal((await only()).metadata.deletionTimestamp !== undefined, true);
    reporter.objectsChanged();
    await pass();
    assert.deepEqual(await list(), []);
    assert.deepEqual(await images.list(stop.signal), []);
  });

  it('is refused while a stored pod wants it, under whatever name', async () => {
    const { digests } = (await only()).status;
    const spec = { containers: [{ name: 'main', image: digests?.[0] }] };
    await client.create(pods, { ...pod('web', spec), metadata: { name: 'web', namespace: 'default' } });
    await assert.rejects(
      client.delete(imageResource, { name: imageObjectName(busybox) }),
      (error) =>
        isStatusError(error, 'Conflict') &&
        error.message ===
          `Operation cannot be fulfilled on images.eliot.run "${imageObjectName(busybox)}": image ${busybox} is in use by Pod default/web; delete that first`,
    );
    assert.equal((await images.list(stop.signal)).length, 1);
  });

  it("is refused for the runtime's own", async () => {
    images.add('r.lan/pause:1', { pinned: true });
    reporter.imagesChanged();
    await pass();
    await assert.rejects(
      client.delete(imageResource, { name: imageObjectName('r.lan/pause:1') }),
      (error) => isStatusError(error, 'Conflict') && /is the runtime's own, which every pod needs/.test(error.message),
    );
  });

  it('is not refused to the agent itself when the image is gone', async () => {
    await client.create(pods, { ...pod('web'), metadata: { name: 'web', namespace: 'default' } });
    await images.remove('busybox', stop.signal);
    reporter.imagesChanged();
    await pass();
    assert.deepEqual(await list(), []);
  });
});
