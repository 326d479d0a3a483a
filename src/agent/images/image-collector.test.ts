import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import type { RuntimeContainer } from '../../runtime/runtime.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeImages } from '../../testing/fake-runtime/fake-images.ts';
import { settle } from '../../testing/settle.ts';
import { ImageCollector } from './image-collector.ts';

const signal = new AbortController().signal;
let clock: FakeClock;
let images: FakeImages;
let users: Map<string, string[]>;
let running: string[];
let available: number;
let warnings: string[];
let collector: ImageCollector;

beforeEach(() => {
  clock = new FakeClock();
  images = new FakeImages();
  users = new Map();
  running = [];
  available = 100;
  warnings = [];
  collector = new ImageCollector({
    images,
    runtime: { listContainers: async () => running.map((imageId) => ({ imageId }) as RuntimeContainer) },
    users: async () => users,
    space: async () => ({ capacityBytes: 1_000, availableBytes: available }),
    warn: (reason, message) => void warnings.push(`${reason} ${message}`),
    onRemoved: () => {},
    clock,
    log: silentLogger,
    settings: {
      imageGCHighThresholdPercent: 85,
      imageGCLowThresholdPercent: 80,
      imageMinimumGCAge: 120_000,
      imageMaximumGCAge: 0,
      imageGCPeriod: 300_000,
    },
    whenRuntimeReady: Promise.resolve(),
    random: () => 0.5,
  });
});

/** A first look, and one when everything is old enough. */
async function collectLater(): Promise<void> {
  await collector.collect(signal).catch(() => {});
  clock.advance(120_000);
  await collector.collect(signal);
}
const names = async (): Promise<string[]> => (await images.list(signal)).flatMap(({ tags }) => tags).sort();

describe('collecting images', () => {
  it('removes what nothing wants when the disk is full', async () => {
    images.add('r.lan/old:1', { sizeBytes: 100 });
    await collectLater();
    assert.deepEqual(await names(), []);
  });

  it('leaves everything while the disk has room', async () => {
    available = 500;
    images.add('r.lan/old:1', { sizeBytes: 100 });
    await collectLater();
    assert.deepEqual(await names(), ['r.lan/old:1']);
  });

  it('never removes what is wanted, used, side-loaded or the sandbox image', async () => {
    images.add('r.lan/by-tag:1');
    const { digests } = images.add('r.lan/by-digest:1');
    running = [images.add('r.lan/running:1').id];
    images.add('r.lan/loaded:1', { sideLoaded: true });
    images.add('r.lan/pause:1', { pinned: true });
    users = new Map([
      ['r.lan/by-tag:1', ['Deployment default/web']],
      [digests[0] ?? '', ['default/web']],
    ]);
    const before = await names();
    await assert.rejects(collectLater(), {
      message:
        'Failed to garbage collect required amount of images. Attempted to free 100 bytes, but only found 0 bytes eligible to free.',
    });
    assert.deepEqual(await names(), before);
    assert.match(warnings.at(-1) ?? '', /^FreeDiskSpaceFailed Failed to garbage collect required amount of images\./);
  });

  it('begins with what was wanted longest ago', async () => {
    images.add('r.lan/early:1', { sizeBytes: 60 });
    images.add('r.lan/late:1', { sizeBytes: 60 });
    users = new Map([['r.lan/late:1', ['default/web']]]);
    await collector.collect(signal).catch(() => {});
    clock.advance(120_000);
    users = new Map([['r.lan/late:1', ['default/web']]]);
    available = 150;
    await collector.collect(signal);
    assert.deepEqual(await names(), ['r.lan/late:1']);
  });

  it('removes all that nothing wants before pods must go, however full the disk is, but nothing young', async () => {
    available = 900;
    images.add('r.lan/old:1', { sizeBytes: 100 });
    images.add('r.lan/older:1', { sizeBytes: 100 });
    images.add('r.lan/wanted:1');
    images.add('r.lan/loaded:1', { sideLoaded: true });
    images.left.add('r.lan/cut:1');
    users = new Map([['r.lan/wanted:1', ['default/web']]]);
    await collector.collect(signal);
    clock.advance(120_000);
    images.add('r.lan/young:1');
    await collector.reclaim(signal);
    assert.deepEqual(await names(), ['r.lan/loaded:1', 'r.lan/wanted:1', 'r.lan/young:1']);
    assert.equal(images.left.size, 0);
    assert.deepEqual(warnings, []);
  });

  it('keeps what a pod comes to want while others are removed', async () => {
    images.add('r.lan/first:1', { sizeBytes: 60 });
    images.add('r.lan/second:1', { sizeBytes: 60 });
    await collector.collect(signal).catch(() => {});
    clock.advance(120_000);
    const remove = images.remove.bind(images);
    images.remove = async (...of) => {
      await remove(...of);
      for (const name of await names()) users.set(name, ['default/new']);
    };
    await collector.reclaim(signal);
    const [kept, ...others] = await names();
    assert.ok(kept !== undefined && users.has(kept));
    assert.deepEqual(others, []);
  });

  it('tells the node from the second failure on', async () => {
    images.faults.fail('listImages', new Error('no answer'), 2);
    const stop = new AbortController();
    const run = collector.run(stop.signal);
    await settle();
    assert.deepEqual(warnings, []);
    clock.advance(300_000);
    await settle();
    assert.deepEqual(warnings, ['ImageGCFailed no answer']);
    stop.abort();
    await run;
  });
});

describe('what an unfinished pull left', () => {
  beforeEach(() => {
    available = 500;
    images.left.add('r.lan/cut:1');
  });

  it('stays while something wants the image, and a day longer', async () => {
    users = new Map([['r.lan/cut:1', ['default/web']]]);
    await collector.collect(signal);
    clock.advance(48 * 3_600_000);
    await collector.collect(signal);
    users = new Map();
    await collector.collect(signal);
    clock.advance(23 * 3_600_000);
    await collector.collect(signal);
    assert.equal(images.left.size, 1);
    clock.advance(3_600_000);
    await collector.collect(signal);
    assert.equal(images.left.size, 0);
  });

  it('stays when a pod comes to want it while images are removed', async () => {
    images.add('r.lan/old:1', { sizeBytes: 100 });
    users = new Map([['r.lan/cut:1', ['default/web']]]);
    await collector.collect(signal);
    users = new Map();
    clock.advance(120_000);
    const remove = images.remove.bind(images);
    images.remove = async (...of) => {
      await remove(...of);
      users = new Map([['r.lan/cut:1', ['default/new']]]);
    };
    await collector.reclaim(signal);
    assert.deepEqual(await names(), []);
    assert.equal(images.left.size, 1);
  });

  it('goes at once when the disk is full and nothing wants it', async () => {
    available = 100;
    await collector.collect(signal).catch(() => {});
    assert.equal(images.left.size, 0);
  });
});
