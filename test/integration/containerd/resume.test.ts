/** Pulls over bad links, from Debian's docker-registry through a proxy that stalls, resets and damages. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { isStatusError } from '../../../src/lib/status-error.ts';
import { leaseService } from '../../../src/runtime/containerd/methods.ts';
import type { PullProgress } from '../../../src/runtime/runtime.ts';
import { BlobProxy } from '../../support/blob-proxy.ts';
import { DockerRegistry, type PushedImage } from '../../support/docker-registry.ts';
import { waitFor } from '../../support/wait.ts';
import { createInstance, type Instance } from './instance.ts';

const signal = AbortSignal.timeout(300_000);
const mega = 1_000_000;
/** What the kernel holds of a connection that is cut is sent twice; without a resume it would be 10 MB and more. */
const inFlightBytes = 7 * mega;

describe('a pull over a bad link', () => {
  let instance: Instance;
  let registry: DockerRegistry;
  let proxy: BlobProxy;
  let image: PushedImage;
  let name = '';
  let count = 0;

  before(async () => {
    registry = await DockerRegistry.start();
    instance = await createInstance({ pullStallTimeoutMs: 2_000 });
    await instance.managed.start(signal);
  });
  beforeEach(async () => {
    count += 1;
    proxy = await BlobProxy.start(registry.port);
    image = await registry.push(`app${count}:1`, [24 * mega, 3 * mega]);
    name = `${proxy.host}/app${count}:1`;
  });
  afterEach(async () => {
    await proxy.close();
  });
  after(async () => {
    await instance.remove();
    await registry.close();
  });

  let largeDone = 0;
  const pull = (onProgress?: (progress: PullProgress) => void, ending = signal): Promise<string> => {
    largeDone = 0;
    return instance.managed.images.pull(name, undefined, ending, (progress) => {
      onProgress?.(progress);
      largeDone = Math.max(0, ...progress.layers.map(({ doneBytes }) => doneBytes));
    });
  };
  const partOfTheLargeLayer = () => waitFor('a part of the large layer', () => largeDone > 8 * mega);
  /** How many bytes the layers have, and how many more than that were sent. */
  const imageBytes = (): number => image.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const wasteBytes = (): number => {
    const layers = image.layers.map(({ digest }) => proxy.served.get(digest) ?? 0);
    return layers.reduce((sum, bytes) => sum + bytes, 0) - imageBytes();
  };
  const pullLeases = async (): Promise<string[]> => {
    const { leases } = await instance.managed.grpc.unary(leaseService.list, {}, { signal });
    return leases.map(({ id }) => id).filter((id) => id.startsWith('eliot-pull-'));
  };

  it('that stalls goes on by itself where it was, again and again', async () => {
    proxy.stallAfterBytes = 10 * mega;
    const seen: PullProgress[] = [];
    await pull((progress) => seen.push(progress));
    assert.ok(proxy.requests.filter((request) => request.includes('bytes=')).length >= 2, proxy.requests.join('\n'));
    assert.ok(wasteBytes() < inFlightBytes, `${wasteBytes()} bytes too many`);
    assert.deepEqual(await pullLeases(), []);

    const layers = seen.at(-1)?.layers ?? [];
    assert.deepEqual(
      layers.map(({ digest, sizeBytes }) => ({ digest, sizeBytes })),
      image.layers,
    );
    const big = seen.flatMap(({ layers: all }) => all.filter(({ sizeBytes }) => sizeBytes > 20 * mega));
    const done = big.map(({ doneBytes }) => doneBytes);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
    assert.ok(
      done.some((bytes) => bytes > 0 && bytes < 24 * mega),
      String(done),
    );
  });

  it('that is reset goes on by itself where it was', async () => {
    proxy.resetAfterBytes = 10 * mega;
    await pull();
    assert.ok(wasteBytes() < inFlightBytes, `${wasteBytes()} bytes too many`);
  });

  it('that brings nothing more fails, and goes on at the next pull where it was', async () => {
    proxy.stallAfterBytes = 10 * mega;
    const failed = pull();
    await partOfTheLargeLayer();
    proxy.unavailable = true;
    await assert.rejects(failed);
    assert.equal((await pullLeases()).length, 1);
    proxy.unavailable = false;
    proxy.stallAfterBytes = undefined;
    await pull();
    assert.ok(wasteBytes() < inFlightBytes, `${wasteBytes()} bytes too many`);
    assert.deepEqual(await pullLeases(), []);
  });

  it('goes on where it was after the registry was killed and started again', async () => {
    proxy.stallAfterBytes = 10 * mega;
    const failed = assert.rejects(pull());
    await partOfTheLargeLayer();
    await registry.kill();
    await failed;
    await registry.up();
    proxy.stallAfterBytes = undefined;
    await pull();
    assert.ok(wasteBytes() < inFlightBytes, `${wasteBytes()} bytes too many`);
  });

  it('goes on where it was after containerd was killed', async () => {
    proxy.stallAfterBytes = 10 * mega;
    const failed = assert.rejects(pull(), (error) => isStatusError(error, 'ServiceUnavailable', 'InternalError'));
    await partOfTheLargeLayer();
    process.kill(Number.parseInt(await readFile(instance.layout.pidPath, 'utf8'), 10), 'SIGKILL');
    await failed;
    await instance.managed.start(signal);
    proxy.stallAfterBytes = undefined;
    await pull();
    assert.ok(wasteBytes() < inFlightBytes, `${wasteBytes()} bytes too many`);
  });

  it('goes on where it was after the pod that wanted it went and came back', async () => {
    proxy.stallAfterBytes = 10 * mega;
    const abort = new AbortController();
    const aborted = assert.rejects(pull(undefined, AbortSignal.any([signal, abort.signal])), /gone/);
    await partOfTheLargeLayer();
    abort.abort(new Error('gone'));
    await aborted;
    proxy.stallAfterBytes = undefined;
    await pull();
    assert.ok(wasteBytes() < inFlightBytes, `${wasteBytes()} bytes too many`);
  });

  it('begins anew when what arrived is damaged', async () => {
    proxy.damage = true;
    await assert.rejects(pull(), /unexpected commit digest/);
    assert.deepEqual(await pullLeases(), []);
    proxy.damage = false;
    await pull();
  });
});
