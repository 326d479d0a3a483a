/** Pushes to a device whose disk fills up, by a client that lies, and over a link that hardly holds. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { run, runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { imageOf, md5, md5On } from '../support/large-image.ts';
import { type LayeredImage, noise } from '../support/layered-image.ts';
import { LoopDisk } from '../support/loop-disk.ts';
import { cutTar, pushByHand, sendByHand } from '../support/push-client.ts';
import { Relay } from '../support/relay.ts';
import { waitFor } from '../support/wait.ts';

const eliotd = join(import.meta.dirname, '../../bin/eliotd');

describe('a push to a device with a small disk', () => {
  let device: TestDevice;
  let disk: LoopDisk;
  let relay: Relay;
  let ballast: string;
  const pushes = (): string[] => {
    const spool = join(device.dataDir, 'pushes');
    return existsSync(spool) ? readdirSync(spool) : [];
  };
  const push = (image: LayeredImage) => {
    const path = join(device.directory, 'image.tar');
    writeFileSync(path, image.archive);
    return device.eli(['--kubeconfig', join(device.directory, 'relayed.kubeconfig'), 'push', path]);
  };
  /** Leaves so much of the disk. */
  const fill = async (leftBytes: number): Promise<void> => {
    const { bfree, bsize } = statfsSync(device.dataDir);
    await runOk('fallocate', ['-l', String(bfree * bsize - leftBytes), ballast]);
  };

  before(async () => {
    // That the disk was full is forgotten as soon as there is room: the pod at the end must start.
    device = await TestDevice.create({ config: 'evictionPressureTransitionPeriod: 0s\n' });
    mkdirSync(device.dataDir, { recursive: true });
    disk = await LoopDisk.mount(join(device.directory, 'disk.img'), device.dataDir);
    ballast = join(device.dataDir, 'ballast-of-the-test');
    await device.startDaemon();
    relay = await Relay.start(device.port);
    const kubeconfig = readFileSync(device.kubeconfig, 'utf8').replace(`:${device.port}`, `:${relay.port}`);
    writeFileSync(join(device.directory, 'relayed.kubeconfig'), kubeconfig);
  });
  afterEach(() => rmSync(ballast, { force: true }));
  after(async () => {
    relay?.close();
    await device?.stopDaemon();
    const flags = ['--data-dir', device.dataDir, '--run-dir', device.runDir, '--bridge', device.bridge];
    await run(eliotd, ['reset', ...flags, '--pod-cidr', device.podCidr]);
    await disk?.unmount();
    await device?.close();
  });

  it('is refused before anything is sent, and says how much is missing', async () => {
    await fill(60_000_000);
    const before = relay.sentBytes;
    const refused = await push(await imageOf('eliot.test/big:1', 8_000_000));
    rmSync(ballast);
    assert.equal(refused.exitCode, 1);
    assert.match(
      refused.stderr,
      /^Error from server \(InsufficientStorage\): eliot\.test\/big:1 needs 1\d\.?\d*MB more on the device, of which .* are free: .* are missing\n.*eli image prune/,
    );
    assert.ok(relay.sentBytes - before < 50_000);
    assert.deepEqual(pushes(), []);
  });

  it('that fills up meanwhile ends with a clear error, leaves no image, and goes on when there is room', async (t) => {
    const image = await imageOf('eliot.test/full:1', 20_000_000);
    const start = relay.sentBytes;
    // When the device has put some of it in place, not when it is on its way.
    const watch = setInterval(() => {
      const [name] = pushes();
      const layer = statSync(join(device.dataDir, 'pushes', name ?? '', 'layer'), { throwIfNoEntry: false });
      if (layer === undefined || layer.blocks * 512 < 2_500_000) return;
      clearInterval(watch);
      void fill(300_000).catch(() => {});
    }, 1);
    const refused = await push(image);
    clearInterval(watch);
    assert.equal(refused.exitCode, 1, refused.stdout);
    // By the part that found no room, or by the question after it.
    assert.match(
      refused.stderr,
      /Error from server \(InsufficientStorage\): (the disk of the device is full|\S+ needs \S+ more on the device)/,
    );
    assert.doesNotMatch((await device.eliOk(['image', 'list', '-o', 'name'])).stdout, /full/);
    assert.equal(pushes().length, 1);
    const first = relay.sentBytes - start;
    rmSync(ballast);
    const pushed = await push(image);
    assert.equal(pushed.exitCode, 0, pushed.stderr);
    const second = relay.sentBytes - start - first;
    t.diagnostic(`${first} bytes before the disk was full, ${second} afterwards`);
    assert.ok(second < image.archive.length - 1_500_000, `${second} bytes sent again`);
    assert.deepEqual(pushes(), []);
    const pressure = '{.items[0].status.conditions[?(@.type=="DiskPressure")].status}';
    await waitFor('no DiskPressure', async () => {
      const { stdout } = await device.kubectlOk(['get', 'nodes', '-o', `jsonpath=${pressure}`]);
      return stdout === 'False';
    });
    assert.equal(await md5On(device, 'eliot.test/full:1'), md5(noise(20_000_000, 'eliot.test/full:1')));
  });

  describe('by a client that lies', () => {
    const name = 'eliot.test/lie:1';
    let image: LayeredImage;
    let layer: Awaited<ReturnType<typeof cutTar>>;
    before(async () => {
      image = await imageOf(name, 100_000);
      layer = await cutTar(image.tars[1] as Buffer);
    });
    const chunk = (step: number, data: Uint8Array) => {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(step);
      return { kind: 'Chunks', packing: 'none', data: Buffer.concat([head, data]) } as const;
    };
    const recipe = (data: Uint8Array) => ({ kind: 'Recipe', data }) as const;
    const query = () => ({ ...layer.request, image: name });

    it('about a configuration gets 422', async () => {
      for (const [configuration, message] of [
        ['no JSON', /is not JSON/],
        ['{}', /rootfs/],
        [JSON.stringify({ rootfs: { diff_ids: ['../../etc'] } }), /rootfs.diff_ids/],
        [JSON.stringify({ rootfs: { diff_ids: [] } }), /rootfs.diff_ids/],
        [JSON.stringify({ os: 'windows', rootfs: { diff_ids: image.diffIDs } }), /is for windows\//],
        [JSON.stringify({ architecture: 'riscv64', rootfs: { diff_ids: image.diffIDs } }), /this device needs linux\//],
      ] as const) {
        const { code, json } = await pushByHand(device, name, Buffer.from(configuration));
        assert.equal(code, 422, JSON.stringify(json));
        assert.match(json.message, message);
      }
    });

    it('about a recipe gets 4xx, and nothing is kept', async () => {
      const wrong = Buffer.alloc(layer.recipe.length, 1);
      const refused = await sendByHand(device, query(), [recipe(wrong)]);
      assert.deepEqual(
        [refused.code, refused.json.message],
        [422, 'the recipe of the layer is not what its digest says'],
      );
      const long = await sendByHand(device, query(), [recipe(layer.recipe), recipe(Buffer.from('x'))]);
      assert.equal(long.code, 400);
      const short = await sendByHand(device, { ...query(), sizeBytes: layer.request.sizeBytes - 1 }, [
        recipe(layer.recipe),
      ]);
      assert.equal(short.code, 422);
      const early = await sendByHand(device, query(), [chunk(0, Buffer.from('x'))]);
      assert.equal(early.code, 400);
      const elsewhere = await sendByHand(device, { ...query(), offset: 5 }, [recipe(layer.recipe)]);
      assert.equal(elsewhere.code, 409);
      const noFrames = await sendByHand(device, query(), Buffer.from('hello, I am no frame'));
      assert.equal(noFrames.code, 400);
    });

    it('about chunks gets 400, and good ones before them count', async () => {
      const asked = await sendByHand(device, query(), [recipe(layer.recipe)]);
      assert.equal(asked.json.status.state, 'Missing', JSON.stringify(asked.json));
      const chunks = layer.chunks.map((data, step) => chunk(step, data));
      const damaged = chunk(1, Buffer.alloc(layer.chunks[1]?.length ?? 0));
      const good = chunks[0] ?? chunk(0, Buffer.alloc(0));
      const wrong = await sendByHand(device, query(), [good, damaged]);
      assert.deepEqual([wrong.code, wrong.json.message], [400, 'chunk 1 is not what its digest says']);
      const unknown = await sendByHand(device, query(), [chunk(99, Buffer.from('x'))]);
      assert.deepEqual([unknown.code, unknown.json.message], [400, 'the layer has no chunk 99']);
      const { json } = await pushByHand(device, name, image.configuration, [layer.request]);
      const state = json.status.layers[1];
      const missingOf = ({ missing }: { missing: string }): number => Buffer.from(missing, 'base64')[0] ?? 0;
      assert.equal(missingOf(state), missingOf(asked.json.status) & ~1);
      const rest = await sendByHand(device, query(), chunks.slice(1));
      assert.deepEqual([rest.code, rest.json.status.state], [201, 'Present'], JSON.stringify(rest.json));
    });

    it('about what the layer is as a whole gets 422, and nothing is kept', async () => {
      const other = { ...query(), diffID: `sha256:${'d'.repeat(64)}` };
      const asked = await sendByHand(device, other, [recipe(layer.recipe)]);
      // All of its chunks are in the layer that came before, which is of no image yet.
      assert.equal(asked.code, 422, JSON.stringify(asked.json));
      assert.match(asked.json.message, /what was sent as layer sha256:d+ has another digest/);
      assert.deepEqual(pushes(), []);
      const whole = await pushByHand(device, name, image.configuration);
      assert.deepEqual([whole.code, whole.json.status.complete], [201, true]);
    });

    it('about a size that no disk has gets 507', async () => {
      const { code, json } = await sendByHand(
        device,
        { ...query(), diffID: `sha256:${'e'.repeat(64)}`, sizeBytes: 2 ** 40 },
        [recipe(layer.recipe)],
      );
      assert.deepEqual([code, json.reason], [507, 'InsufficientStorage']);
    });
  });
});
