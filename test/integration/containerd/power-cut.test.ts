/** What a power cut leaves of images (design D14): containerd's root lies on a disk whose content is taken at one moment. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { makeBusyboxImage } from '../../../scripts/busybox-image.ts';
import { runChild } from '../../../src/host/run-child.ts';
import type { ManagedRuntime } from '../../../src/runtime/containerd/managed/create-managed.ts';
import { leaseService } from '../../../src/runtime/containerd/methods.ts';
import type { ContainerId } from '../../../src/runtime/runtime.ts';
import { containerConfig, sandboxConfig } from '../../../src/testing/runtime-fixtures.ts';
import { BlobProxy } from '../../support/blob-proxy.ts';
import { DockerRegistry } from '../../support/docker-registry.ts';
import { LoopDisk } from '../../support/loop-disk.ts';
import { waitFor } from '../../support/wait.ts';
import { createInstance, type Instance } from './instance.ts';

const signal = AbortSignal.timeout(300_000);
const mega = 1_000_000;

describe('after a power cut', () => {
  let registry: DockerRegistry;
  let proxy: BlobProxy;
  let instance: Instance;
  let disk: LoopDisk | undefined;

  before(async () => {
    registry = await DockerRegistry.start();
  });
  beforeEach(async () => {
    proxy = await BlobProxy.start(registry.port);
    instance = await createInstance();
    disk = await LoopDisk.mount(join(instance.directory, 'disk.img'), join(instance.directory, 'data'));
    await instance.managed.start(signal);
  });
  afterEach(async () => {
    await kill();
    await disk?.unmount();
    disk = undefined;
    await instance.remove();
    await proxy.close();
  });
  after(() => registry.close());

  const containerdPid = async (): Promise<number> =>
    Number.parseInt(await readFile(instance.layout.pidPath, 'utf8').catch(() => ''), 10);
  const pids = async (...args: string[]): Promise<string[]> =>
    (await runChild('pgrep', args, signal)).stdout.trim().split('\n').filter(Boolean);
  /** Ends containerd, its shims and what runs in containers, all at once. */
  const kill = async (): Promise<void> => {
    const own = await pids('-f', instance.directory);
    const inside = (await Promise.all(own.map((pid) => pids('-P', pid)))).flat();
    if (own.length > 0) await runChild('kill', ['-KILL', ...own, ...inside], signal);
    await waitFor('the end of containerd', async () => (await pids('-f', instance.directory)).length === 0);
  };

  /** The machine loses its power, and boots again. */
  const cutPower = async (): Promise<ManagedRuntime> => {
    process.kill(await containerdPid(), 'SIGSTOP');
    await disk?.photograph();
    await kill();
    instance.managed.close();
    await disk?.powerOn();
    await writeFile(instance.layout.bootIdPath, 'an earlier boot\n');
    const other = await instance.again();
    assert.deepEqual(await other.start(signal), { isNewBoot: true });
    return other;
  };

  /** Sizes of the busybox programs in all unpacked layers. */
  const unpackedSizes = async (): Promise<number[]> => {
    const snapshots = join(instance.layout.root, 'io.containerd.snapshotter.v1.overlayfs/snapshots');
    const found = await runChild('find', [snapshots, '-path', '*/fs/bin/busybox', '-printf', '%s\n'], signal);
    return found.stdout.trim().split('\n').filter(Boolean).map(Number);
  };

  it('a pull that was cut is finished, and holds no layer whose files were lost', async (test) => {
    await registry.push('cut:1', [24 * mega]);
    const name = `${proxy.host}/cut:1`;
    proxy.stallAfterBytes = 10 * mega;
    const pulling = instance.managed.images.pull(name, undefined, signal).catch(() => {});
    await waitFor('the first layer unpacked', async () => {
      const { leases } = await instance.managed.grpc.unary(leaseService.list, {}, { signal });
      const id = leases.find((lease) => lease.id.startsWith('eliot-pull-'))?.id ?? '';
      const { resources } = await instance.managed.grpc.unary(leaseService.listResources, { id }, { signal });
      return resources.some((resource) => resource.type.startsWith('snapshots/') && resource.id.startsWith('sha256:'));
    });
    const [size = 0] = await unpackedSizes();
    assert.ok(size > mega);
    const other = await cutPower();
    await pulling;
    test.diagnostic(`the unpacked program is ${(await unpackedSizes()).join(', ')} bytes large`);

    await other.settleImages(true, signal);
    proxy.stallAfterBytes = undefined;
    const id = await other.images.pull(name, undefined, signal);
    assert.deepEqual(await unpackedSizes(), [size]);
    const [image] = (await other.images.list(signal)).filter((listed) => listed.id === id);
    assert.equal(image?.synced, true);
  });

  it('an image that was pulled is there, unpacked, with every file', async () => {
    await registry.push('whole:1', [mega]);
    const name = `${proxy.host}/whole:1`;
    await instance.managed.images.pull(name, undefined, signal);
    const sizes = await unpackedSizes();
    const other = await cutPower();
    assert.deepEqual(await other.settleImages(true, signal), []);
    assert.deepEqual(await unpackedSizes(), sizes);
    assert.ok(await other.images.status(name, signal));
  });

  it('a pod that had just started for the first time starts again, from files that are there', async (test) => {
    const name = 'eliot.test/just-started:1';
    const archive = await makeBusyboxImage({ name });
    await instance.managed.images.importArchive(Readable.from([archive]), signal);
    const start = async ({ runtime }: ManagedRuntime, uid: string): Promise<ContainerId> => {
      const logDirectory = join(instance.directory, 'logs', uid);
      const cgroupParent = `/${instance.cgroup}/besteffort/pod${uid}`;
      const config = sandboxConfig({ name: uid, uid, logDirectory, cgroupParent });
      const sandbox = await runtime.runSandbox(config, signal);
      const container = await runtime.createContainer(sandbox, containerConfig({ image: name }), config, signal);
      await runtime.startContainer(container, signal);
      return container;
    };
    await start(instance.managed, 'before');
    const other = await cutPower();
    test.diagnostic(`the unpacked program is ${(await unpackedSizes()).join(', ')} bytes large`);
    await other.settleImages(true, signal);
    const container = await start(other, 'after');
    assert.equal((await other.runtime.execSync(container, ['true'], 10, signal)).exitCode, 0);
  });

  it('an image that was loaded is there, with every byte of its blobs', async () => {
    const archive = await makeBusyboxImage({ name: 'eliot.test/loaded:1' });
    await instance.managed.images.importArchive(Readable.from([archive]), signal);
    const other = await cutPower();
    await other.settleImages(true, signal);
    assert.ok(await other.images.status('eliot.test/loaded:1', signal));
    const blobs = join(instance.layout.root, 'io.containerd.content.v1.content/blobs/sha256');
    const check = 'cd "$0" && for blob in *; do echo "$blob  $blob"; done | sha256sum --check --quiet';
    const checked = await runChild('sh', ['-c', check, blobs], signal);
    assert.equal(checked.exitCode, 0, checked.stdout);
  });
});
