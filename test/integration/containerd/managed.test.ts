/** The managed containerd: survives its watcher, is restarted when it dies or hangs, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { makeBusyboxImage } from '../../../scripts/busybox-image.ts';
import { createCgroups } from '../../../src/host/cgroups.ts';
import { runChild } from '../../../src/host/run-child.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { ManagedRuntime } from '../../../src/runtime/containerd/managed/create-managed.ts';
import { contentService, imageService } from '../../../src/runtime/containerd/methods.ts';
import type { ContainerId, RuntimeEvent, SandboxId } from '../../../src/runtime/runtime.ts';
import { containerConfig, sandboxConfig } from '../../../src/testing/runtime-fixtures.ts';
import { waitFor } from '../../support/wait.ts';
import { createInstance, type Instance } from './instance.ts';

const image = 'eliot.test/busybox:1';
const signal = AbortSignal.timeout(240_000);

async function pidOf(instance: Instance): Promise<number> {
  return Number(await readFile(instance.layout.pidPath, 'utf8'));
}

async function startPod(
  runtime: ManagedRuntime['runtime'],
  instance: Instance,
  uid: string,
): Promise<{ sandbox: SandboxId; container: ContainerId }> {
  const namespaces = { network: 'pod', pid: 'container', ipc: 'pod' } as const;
  const config = sandboxConfig({
    name: uid,
    uid,
    namespaces,
    logDirectory: join(instance.directory, 'logs', uid),
    cgroupParent: `/${instance.cgroup}/besteffort/pod${uid}`,
    portMappings: [{ protocol: 'TCP', containerPort: 80, hostPort: 28_411, hostIP: '' }],
  });
  const sandbox = await runtime.runSandbox(config, signal);
  const { security } = containerConfig();
  const wanted = containerConfig({ image, security: { ...security, namespaces } });
  const container = await runtime.createContainer(sandbox, wanted, config, signal);
  await runtime.startContainer(container, signal);
  return { sandbox, container };
}

/** Everything of this instance that the machine shows. */
async function traces(instance: Instance): Promise<string[]> {
  const { layout, directory, bridge } = instance;
  const found: string[] = [];
  const look = async (what: string, text: Promise<string>, words: readonly string[]): Promise<void> => {
    for (const line of (await text).split('\n')) {
      if (words.some((word) => line.includes(word))) found.push(`${what}: ${line}`);
    }
  };
  const run = async (command: string, ...args: string[]) => (await runChild(command, args, signal)).stdout;
  await look('mount', readFile('/proc/self/mountinfo', 'utf8'), [directory]);
  await look('process', run('ps', 'axww', '-o', 'pid=,args='), [`${directory}/`]);
  await look('iptables', run('iptables-save'), [layout.chain, layout.network, instance.podCidr.replace('0/24', '')]);
  await look('link', run('ip', '-o', 'link'), [bridge]);
  const files = await readdir('/var/lib/cni/results').catch(() => []);
  await look('cni', Promise.resolve(files.join('\n')), [layout.network]);
  await look('cgroup', run('find', '/sys/fs/cgroup', '-path', `*/eliot-test-${layout.instance}/*/pod*`), ['pod']);
  return found;
}

describe('the managed containerd', () => {
  let instance: Instance;
  let managed: ManagedRuntime;
  const watching = new AbortController();
  let watcher: Promise<void>;
  let pod: { sandbox: SandboxId; container: ContainerId };
  const events: RuntimeEvent[] = [];

  /** Waits for an event after the `from`th. */
  async function nextEvent(from: number, wanted: (event: RuntimeEvent) => boolean): Promise<void> {
    while (!events.slice(from).some(wanted)) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  before(async () => {
    instance = await createInstance();
    managed = instance.managed;
    assert.deepEqual(await managed.start(signal), { isNewBoot: false });
    watcher = managed.run(watching.signal);
    void (async () => {
      for await (const event of managed.runtime.events(watching.signal)) events.push(event);
    })();
    await nextEvent(0, ({ type }) => type === 'lost');
    await managed.images.importArchive(Readable.from([await makeBusyboxImage({ name: image })]), signal);
    pod = await startPod(managed.runtime, instance, 'survivor');
  });

  after(async () => {
    watching.abort();
    await watcher;
    await instance.remove();
  });

  it('has brought the sandbox image with it, and started a pod with an address of its network', async () => {
    assert.ok(await managed.images.status('eliot.run/pause:1', signal));
    const { ips } = await managed.runtime.sandboxStatus(pod.sandbox, signal);
    assert.match(ips[0] ?? '', new RegExp(`^${instance.podCidr.replace('0/24', '').replaceAll('.', '\\.')}\\d+$`));
  });

  it('is taken over by another eliotd, with its pods', async () => {
    const other = await instance.again();
    const before = await pidOf(instance);
    assert.deepEqual(await other.start(signal), { isNewBoot: false });
    assert.equal(await pidOf(instance), before);
    assert.equal((await other.runtime.containerStatus(pod.container, signal)).state, 'Running');
    other.close();
  });

  it('is found without its pid file', async () => {
    const pid = await pidOf(instance);
    await rm(instance.layout.pidPath);
    const other = await instance.again();
    await other.start(signal);
    other.close();
    const { stdout } = await runChild('pgrep', ['-f', instance.layout.configPath], signal);
    assert.deepEqual(stdout.trim().split('\n'), [String(pid)]);
  });

  it('is back at once after kill -9, containers untouched, and events go on after `lost`', async () => {
    const { stdout } = await runChild('pgrep', ['-f', instance.layout.configPath], signal);
    const pid = Number(stdout.trim());
    const seen = events.length;
    const killedAtMs = performance.now();
    process.kill(pid, 'SIGKILL');
    await nextEvent(seen, ({ type }) => type === 'lost');
    // A busy machine needs several seconds.
    assert.ok(performance.now() - killedAtMs < 20_000, 'back within twenty seconds');
    assert.notEqual(await pidOf(instance), pid);
    // containerd answers before its CRI has looked through what runs.
    const status = await waitFor('an answer of CRI', () => managed.runtime.containerStatus(pod.container, signal));
    assert.equal(status.state, 'Running');
    const again = events.length;
    await managed.runtime.stopContainer(pod.container, 0, signal);
    await nextEvent(again, (event) => event.type === 'exited' && event.containerId === pod.container);
  });

  it('is ended and started again when it hangs', async () => {
    const pid = await pidOf(instance);
    // A stopped process keeps its socket open and answers nothing.
    process.kill(pid, 'SIGSTOP');
    const other = await instance.again();
    await other.start(signal);
    assert.notEqual(await pidOf(instance), pid);
    assert.equal((await other.runtime.status(signal)).runtime.ready, true);
    other.close();
  });

  it('leaves no trace after a reset, though pods ran', async () => {
    const { sandbox } = await startPod(managed.runtime, instance, 'leftover');
    // A shim that dies leaves its containers to nobody.
    const shims = await runChild('pgrep', ['-f', `containerd-shim.* -id ${sandbox} `], signal);
    process.kill(Number(shims.stdout.trim().split('\n')[0]), 'SIGKILL');
    assert.notDeepEqual(await traces(instance), []);
    watching.abort();
    await watcher;
    await managed.reset({ keepsRoot: false, graceSeconds: 0 }, signal);
    assert.deepEqual(await traces(instance), []);
    await assert.rejects(stat(instance.layout.root), { code: 'ENOENT' });
    await assert.rejects(stat(instance.layout.state), { code: 'ENOENT' });
  });
});

describe('the managed containerd after a lost run directory', () => {
  let instance: Instance;

  before(async () => {
    instance = await createInstance();
  });

  after(() => instance.remove());

  it('starts anew, shows its old pods as ended, and lets them be removed', async () => {
    const { managed } = instance;
    await managed.start(signal);
    await managed.images.importArchive(Readable.from([await makeBusyboxImage({ name: image })]), signal);
    const pod = await startPod(managed.runtime, instance, 'lost');
    await managed.settleImages(false, signal);
    const { stdout } = await runChild('pgrep', ['-f', instance.layout.state], signal);
    for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    await (await createCgroups()).remove(`/${instance.cgroup}/besteffort/podlost`);
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
    for (const path of mounts.filter((mount) => mount.startsWith(instance.layout.state)).reverse()) {
      await runChild('umount', ['-l', path], signal);
    }
    await rm(join(instance.directory, 'run'), { recursive: true, force: true });

    const other = await instance.again();
    assert.deepEqual(await other.start(signal), { isNewBoot: true });
    assert.deepEqual(await other.start(signal), { isNewBoot: true }, 'a second try knows it too');
    const status = await other.runtime.containerStatus(pod.container, signal);
    assert.equal(status.state, 'Exited');
    assert.equal(status.exitCode, 255);
    assert.equal(status.reason, 'Unknown');
    assert.equal((await other.runtime.sandboxStatus(pod.sandbox, signal)).ready, false);
    await other.runtime.stopSandbox(pod.sandbox, signal);
    await other.runtime.removeSandbox(pod.sandbox, signal);
    assert.deepEqual(await other.settleImages(true, signal), [], 'all were flushed before');
    assert.deepEqual(await other.start(signal), { isNewBoot: false }, 'once settled it is over');
    await startPod(other.runtime, instance, 'anew');
  });

  it('unpacks an image again, without a network, that was not flushed before the boot', async () => {
    const other = await instance.again();
    const { runtime, images, grpc } = other;
    for (const { id } of await runtime.listSandboxes({}, signal)) {
      await runtime.stopSandbox(id, signal);
      await runtime.removeSandbox(id, signal);
    }
    const digest = (await images.status(image, signal))?.id ?? '';
    const label = 'run.eliot/unpacked-and-synced';
    const forget = { info: { digest, labels: { [label]: '' } }, updateMask: { paths: [`labels.${label}`] } };
    await grpc.unary(contentService.update, forget, { signal });
    // What a power cut does to files that were never flushed.
    const snapshots = join(instance.layout.root, 'io.containerd.snapshotter.v1.overlayfs/snapshots');
    const { stdout } = await runChild('find', [snapshots, '-name', 'busybox', '-path', '*/fs/bin/*'], signal);
    for (const file of stdout.trim().split('\n')) await truncate(file, 0);

    assert.deepEqual(await other.settleImages(true, signal), [digest]);
    const { container } = await startPod(runtime, instance, 'repaired');
    const { exitCode } = await runtime.execSync(container, ['true'], 10, signal);
    assert.equal(exitCode, 0);
  });

  it('takes an image again whose blob was lost with the power', async () => {
    const other = await instance.again();
    const name = 'eliot.test/lost-blob:1';
    const archive = await makeBusyboxImage({ name, files: { lost: 'blob' } });
    await other.images.importArchive(Readable.from([archive]), signal);
    const { target } = (await other.grpc.unary(imageService.get, { name }, { signal })).image ?? {};
    // The name of the file had not reached the disk, containerd's record of it had.
    await rm(
      join(instance.layout.root, 'io.containerd.content.v1.content/blobs', target?.digest.replace(':', '/') ?? ''),
    );
    await other.settleImages(true, signal);
    await other.images.importArchive(Readable.from([archive]), signal);
    const read = await other.grpc.unary(contentService.info, { digest: target?.digest ?? '' }, { signal });
    assert.equal(read.info?.digest, target?.digest);
    assert.notEqual(await other.images.status(name, signal), undefined);
    await other.images.remove(name, signal);
  });

  it('needs no containerd at all to reset an instance that never ran', async () => {
    const fresh = await createInstance({ log: silentLogger });
    await fresh.managed.reset({ keepsRoot: false, graceSeconds: 0 }, signal);
    assert.deepEqual(await traces(fresh), []);
    await fresh.remove();
  });
});
