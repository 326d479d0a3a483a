import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { ConfigMap } from '../api/kinds/config-map.ts';
import type { ContainerStatus, Pod } from '../api/kinds/pod/types.ts';
import type { Secret } from '../api/kinds/secret.ts';
import type { KubeObject } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { configMaps, namespaces, pods, secrets } from '../api/resources.ts';
import { systemUser } from '../apiserver/identity.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import { Registry } from '../apiserver/registry.ts';
import { Informer } from '../client/informer.ts';
import { createFiles } from '../host/files.ts';
import { silentLogger } from '../lib/logger.ts';
import { isStatusError, StatusError } from '../lib/status-error.ts';
import type { ContainerConfig, RuntimeContainerStatus } from '../runtime/runtime.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeRuntime } from '../testing/fake-runtime.ts';
import { createKubelet } from './kubelet.ts';

const node = 'device';
const signal = new AbortController().signal;

/** A device in memory: real API, rules and files; a runtime that is not. Each eliotd is one `boot`. */
class Device {
  readonly clock = new FakeClock();
  readonly client: ObjectClient;
  readonly runtime: FakeRuntime;
  readonly events: string[] = [];
  readonly cgroups: string[] = [];
  dir = '';
  #stop: (() => Promise<void>) | undefined;

  constructor() {
    const registry = new Registry({ store: new MemoryStore(), clock: this.clock, nodeName: node });
    this.client = createLocalClient(registry, systemUser('system:node:device'));
    this.runtime = new FakeRuntime({
      clock: this.clock,
      programs: (_image, argv) =>
        argv[0] === 'run' ? () => new Promise<number>(() => {}) : argv[0] === 'crash' ? async () => 3 : undefined,
    });
    this.runtime.images.add('busybox');
  }

  async open(): Promise<this> {
    this.dir = await mkdtemp(join(tmpdir(), 'eliot-kubelet-'));
    await this.client.create<KubeObject>(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'default' },
    });
    await this.start();
    return this;
  }

  async start(): Promise<void> {
    const stopping = new AbortController();
    const { client, clock } = this;
    const informer = <T extends KubeObject>(resource: typeof pods): Informer<T> =>
      new Informer<T>({ client, resource, clock, log: silentLogger });
    const informers = {
      pods: informer<Pod>(pods),
      configMaps: informer<ConfigMap>(configMaps),
      secrets: informer<Secret>(secrets),
    };
    const kubelet = createKubelet(
      {
        client,
        runtime: this.runtime,
        images: this.runtime.images,
        clock,
        log: silentLogger,
        events: {
          record: (_pod, { type, reason, message }) => void this.events.push(`${type} ${reason} ${message}`),
        },
        informers,
        host: {
          files: createFiles(),
          mounts: {
            isMountPoint: async () => false,
            mountTmpfs: async () => {},
            unmountBelow: async () => {},
            isOnTmpfs: async () => true,
          },
          cgroups: {
            ensure: async (path) => void this.cgroups.push(path),
            remove: async (path) => {
              const at = this.cgroups.indexOf(path);
              if (at >= 0) this.cgroups.splice(at, 1);
            },
            list: async () => [],
          },
        },
        machine: { cpus: 2, memoryBytes: 1 << 30 },
        dirs: { dataDir: join(this.dir, 'data'), runDir: join(this.dir, 'run') },
        settings: {
          nodeName: node,
          instanceId: 'i1',
          podPidsLimit: -1,
          maxParallelImagePulls: 2,
          maxContainerRestartPeriod: 300_000,
        },
        hostIPs: () => ['192.0.2.7'],
      },
      stopping.signal,
    );
    const running = Promise.all([
      ...Object.values(informers).map((each) => each.run(stopping.signal)),
      kubelet.run(stopping.signal),
    ]);
    this.#stop = async () => {
      stopping.abort(new Error('stop'));
      await running;
    };
  }

  async stop(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  async pod(name = 'web'): Promise<Pod | undefined> {
    try {
      return await this.client.get<Pod>(pods, { namespace: 'default', name });
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async create(spec: object, name = 'web'): Promise<void> {
    await this.client.create<KubeObject>(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec,
    });
  }

  /** Waits until the pod satisfies `condition`, moving the clock when everything sleeps. */
  async until(
    condition: (pod: Pod | undefined) => boolean | Promise<boolean>,
    what: string,
    stepMs = 0,
  ): Promise<void> {
    const deadline = performance.now() + 5_000;
    for (let turn = 0; performance.now() < deadline; turn++) {
      if (await condition(await this.pod())) return;
      await new Promise((resolve) => setImmediate(resolve));
      if (stepMs > 0 && turn % 50 === 49) this.clock.advance(stepMs);
    }
    assert.fail(`${what} did not come true: ${JSON.stringify((await this.pod())?.status, null, 1)}`);
  }

  untilRunning = (): Promise<void> => this.until((pod) => status(pod)?.state?.running !== undefined, 'it runs');

  async containers(): Promise<readonly RuntimeContainerStatus[]> {
    const list = await this.runtime.listContainers({}, signal);
    return await Promise.all(list.map(({ id }) => this.runtime.containerStatus(id, signal)));
  }

  async runningContainer(): Promise<RuntimeContainerStatus> {
    const found = (await this.containers()).find(({ state }) => state === 'Running');
    assert.ok(found, 'a container runs');
    return found;
  }

  async config(): Promise<ContainerConfig> {
    return this.runtime.containerConfig((await this.runningContainer()).id);
  }

  /** Ends the running container and waits until the runtime says so. */
  async crash(exitCode = 1): Promise<void> {
    await this.runtime.endContainer((await this.runningContainer()).id, exitCode);
  }
}

function status(pod: Pod | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.[0];
}

function condition(pod: Pod | undefined, type: string): string | undefined {
  return pod?.status?.conditions?.find((each) => each.type === type)?.status;
}

const web = { containers: [{ name: 'web', image: 'busybox', command: ['run'], imagePullPolicy: 'IfNotPresent' }] };

describe('a kubelet', () => {
  let device: Device;
  const open = async (): Promise<Device> => {
    device = await new Device().open();
    return device;
  };
  afterEach(() => device.close());

  it('runs a pod and reports it Running and Ready', async () => {
    await open();
    await device.create(web);
    await device.until((pod) => condition(pod, 'Ready') === 'True', 'the pod is ready');
    const pod = await device.pod();
    assert.equal(pod?.status?.phase, 'Running');
    assert.equal(pod?.status?.hostIP, '192.0.2.7');
    assert.match(pod?.status?.podIP ?? '', /^10\.85\.0\./);
    assert.equal(status(pod)?.ready, true);
    assert.match(status(pod)?.containerID ?? '', /^containerd:\/\//);
    assert.deepEqual(device.events, [
      'Normal Scheduled Successfully assigned default/web to device',
      'Normal Pulled Container image "busybox" already present on machine and can be accessed by the pod',
      'Normal Created Container created',
      'Normal Started Container started',
    ]);
    assert.deepEqual(device.cgroups, [`/eliot-i1/besteffort/pod${pod?.metadata.uid}`]);
  });

  it('restarts a container that crashed at once, then holds it back', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.crash();
    await device.until((pod) => status(pod)?.restartCount === 1 && status(pod)?.ready === true, 'first restart');
    assert.equal(status(await device.pod())?.lastState?.terminated?.exitCode, 1);
    await device.crash(3);
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CrashLoopBackOff', 'back-off');
    const held = await device.pod();
    assert.match(
      status(held)?.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=web pod=web_default\(/,
    );
    assert.equal(status(held)?.lastState?.terminated?.exitCode, 3);
    assert.equal(held?.status?.phase, 'Running');
    assert.equal(condition(held, 'Ready'), 'False');
    device.clock.advance(10_000);
    await device.until((pod) => status(pod)?.restartCount === 2 && status(pod)?.ready === true, 'second restart');
  });

  it('holds back a container that has ended before anybody could look', async () => {
    await open();
    await device.create({ containers: [{ ...web.containers[0], command: ['crash'] }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CrashLoopBackOff', 'back-off', 1);
    assert.equal(status(await device.pod())?.restartCount, 1);
    device.clock.advance(10_000);
    await device.until((pod) => status(pod)?.restartCount === 2, 'second restart');
  });

  it('finishes a pod that is never restarted, and keeps its containers for the logs', async () => {
    await open();
    await device.create({ ...web, restartPolicy: 'Never' });
    await device.untilRunning();
    await device.crash(0);
    await device.until((pod) => pod?.status?.phase === 'Succeeded', 'the pod succeeded');
    assert.equal(status(await device.pod())?.state?.terminated?.reason, 'Completed');
    await device.until(() => device.cgroups.length === 0, 'its cgroup is gone');
    assert.equal((await device.containers()).length, 1);
  });

  it('ends a deleted pod within its grace period and leaves nothing', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.client.delete(pods, { namespace: 'default', name: 'web' });
    await device.until(async (pod) => pod === undefined, 'the object is gone', 1_000);
    assert.deepEqual(await device.containers(), []);
    assert.deepEqual(await device.runtime.listSandboxes({}, signal), []);
    assert.deepEqual(device.cgroups, []);
    assert.deepEqual(await readdir(join(device.dir, 'run/pods')), []);
  });

  it('cuts the grace period short when asked again with a shorter one', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 600 });
    await device.until((pod) => pod?.metadata.deletionTimestamp !== undefined, 'it is being deleted');
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 1 });
    const before = device.clock.monotonicMs();
    await device.until(async (pod) => pod === undefined, 'the object is gone', 500);
    assert.ok(device.clock.monotonicMs() - before < 60_000);
  });

  it('ends at once what was deleted by force', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await device.until(async () => (await device.runtime.listSandboxes({}, signal)).length === 0, 'nothing runs', 10);
  });

  it('lets no container write into files made from API data, and each into an emptyDir', async () => {
    await open();
    await device.client.create<KubeObject>(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { key: 'value' },
    } as KubeObject);
    await device.create({
      containers: [
        {
          ...web.containers[0],
          volumeMounts: [
            { name: 'settings', mountPath: '/settings' },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
    });
    await device.until((pod) => status(pod)?.state?.running !== undefined, 'it runs', 1_000);
    const { mounts } = await device.config();
    assert.equal(mounts.find(({ containerPath }) => containerPath === '/settings')?.readonly, true);
    assert.equal(mounts.find(({ containerPath }) => containerPath === '/scratch')?.readonly, false);
  });

  it('adopts what runs after its own restart', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    const before = await device.runningContainer();
    await device.stop();
    const calls = device.runtime.faults.calls.length;
    await device.start();
    await device.until(
      () => device.runtime.faults.calls.slice(calls).some(({ method }) => method === 'listContainers'),
      'it looked',
    );
    await device.until(async (pod) => condition(pod, 'Ready') === 'True', 'it is ready');
    assert.equal((await device.runningContainer()).id, before.id);
    assert.ok(
      !device.runtime.faults.calls.slice(calls).some(({ method }) => /^(run|create|start|stop|remove)/.test(method)),
    );
  });

  it('starts everything anew after a reboot, counts it as a restart and shows why', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.stop();
    await device.runtime.reboot();
    await device.start();
    await device.until((pod) => status(pod)?.restartCount === 1 && status(pod)?.ready === true, 'it is back');
    const lost = status(await device.pod())?.lastState?.terminated;
    assert.equal(lost?.exitCode, 255);
    assert.equal(lost?.reason, 'Unknown');
    assert.ok(device.events.includes('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.'));
  });

  it('never starts a finished pod again, also after a reboot', async () => {
    await open();
    await device.create({ ...web, restartPolicy: 'Never' });
    await device.untilRunning();
    await device.crash(0);
    await device.until((pod) => pod?.status?.phase === 'Succeeded', 'the pod succeeded');
    await device.stop();
    await device.runtime.reboot();
    const calls = device.runtime.faults.calls.length;
    await device.start();
    await device.until(
      () => device.runtime.faults.calls.slice(calls).some(({ method }) => method === 'stopSandbox'),
      'it looked',
    );
    assert.equal((await device.pod())?.status?.phase, 'Succeeded');
    assert.ok(!device.runtime.faults.calls.slice(calls).some(({ method }) => method === 'runSandbox'));
  });

  it('ends sandboxes whose pod has no object, and only after every pod is known', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.stop();
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await device.start();
    await device.until(
      async () => (await device.runtime.listSandboxes({}, signal)).length === 0,
      'nothing is left',
      10,
    );
  });

  it('waits for a missing ConfigMap and goes on as soon as it appears', async () => {
    await open();
    const env = [{ name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } }];
    await device.create({ containers: [{ ...web.containers[0], env }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CreateContainerConfigError', 'it waits');
    assert.equal(status(await device.pod())?.state?.waiting?.message, 'configmap "settings" not found');
    await device.client.create<KubeObject>(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { greeting: 'hello' },
    });
    await device.untilRunning();
    assert.deepEqual((await device.config()).env, [{ name: 'GREETING', value: 'hello' }]);
  });

  it('mounts volumes and follows their source', async () => {
    await open();
    const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' } };
    await device.client.create<KubeObject>(configMaps, { ...made, data: { 'app.conf': 'one' } });
    await device.create({
      volumes: [
        { name: 'conf', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
      containers: [
        {
          ...web.containers[0],
          volumeMounts: [
            { name: 'conf', mountPath: '/conf', readOnly: true },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
    });
    await device.untilRunning();
    const mounts = (await device.config()).mounts;
    const conf = mounts.find(({ containerPath }) => containerPath === '/conf');
    assert.equal(conf?.readonly, true);
    const file = join(conf?.hostPath ?? '', 'app.conf');
    assert.equal(await readFile(file, 'utf8'), 'one');
    assert.ok(
      mounts.find(({ containerPath }) => containerPath === '/scratch')?.hostPath.startsWith(join(device.dir, 'data')),
    );
    await device.client.update<KubeObject>(configMaps, { ...made, data: { 'app.conf': 'two' } });
    await device.until(async () => (await readFile(file, 'utf8')) === 'two', 'the file follows');
  });

  it('says why a volume cannot be mounted and does not start the pod', async () => {
    await open();
    await device.create({ ...web, volumes: [{ name: 'keys', secret: { secretName: 'missing' } }] });
    await device.until(() => device.events.some((event) => event.includes('FailedMount')), 'it says so');
    assert.ok(
      device.events.includes(
        'Warning FailedMount MountVolume.SetUp failed for volume "keys" : secret "missing" not found',
      ),
    );
    assert.equal(status(await device.pod())?.state?.waiting?.reason, 'ContainerCreating');
    await device.client.create<KubeObject>(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'missing', namespace: 'default' },
    });
    await device.untilRunning();
  });

  it('pulls with back-off and shows each of its reasons', async () => {
    await open();
    await device.create({ containers: [{ name: 'web', image: 'nobody/nothing:1', command: ['run'] }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'ErrImagePull', 'the pull failed');
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'ImagePullBackOff', 'it backs off', 500);
    assert.match(
      status(await device.pod())?.state?.waiting?.message ?? '',
      /^Back-off pulling image "nobody\/nothing:1": ErrImagePull: /,
    );
    device.runtime.images.offer('nobody/nothing:1');
    await device.until((pod) => status(pod)?.state?.running !== undefined, 'it runs', 1_000);
  });

  it('shows a command that does not exist as a failed start', async () => {
    await open();
    await device.create({
      containers: [{ name: 'web', image: 'busybox', command: ['/nope'], imagePullPolicy: 'IfNotPresent' }],
    });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'RunContainerError', 'it says so');
    const failed = status(await device.pod());
    assert.match(failed?.state?.waiting?.message ?? '', /no such file or directory/);
    assert.equal(failed?.lastState?.terminated?.exitCode, 128);
    assert.equal(failed?.lastState?.terminated?.reason, 'StartError');
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CrashLoopBackOff', 'it backs off', 500);
  });

  it('replaces a container whose image was changed, in the same sandbox', async () => {
    await open();
    device.runtime.images.add('busybox:2');
    await device.create(web);
    await device.untilRunning();
    const before = await device.runningContainer();
    const patch = { spec: { containers: [{ name: 'web', image: 'busybox:2' }] } };
    await device.client.patch(pods, { namespace: 'default', name: 'web' }, 'strategic', patch);
    await device.until(
      (pod) => status(pod)?.image === 'busybox:2' && status(pod)?.restartCount === 1,
      'replaced',
      1_000,
    );
    assert.equal((await device.runningContainer()).sandboxId, before.sandboxId);
    assert.ok(device.events.includes('Normal Killing Container web definition changed, will be restarted'));
  });

  it('runs init containers one after the other before the others', async () => {
    await open();
    const init = (name: string): object => ({ ...web.containers[0], name });
    await device.create({ initContainers: [init('first'), init('second')], ...web });
    const names = async (): Promise<string> => (await device.containers()).map(({ name }) => name).join();
    await device.until(async () => (await names()) === 'first', 'the first runs');
    await device.until((pod) => condition(pod, 'Initialized') === 'False', 'not initialized');
    assert.equal(status(await device.pod())?.state?.waiting?.reason, 'PodInitializing');
    await device.crash(0);
    await device.until(async () => (await names()) === 'first,second', 'the second runs');
    await device.crash(0);
    await device.until((pod) => condition(pod, 'Ready') === 'True', 'the pod is ready');
    assert.equal(condition(await device.pod(), 'Initialized'), 'True');
  });

  it('survives a runtime that is down: nothing is reported that was not seen', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    device.runtime.faults.isDown = true;
    device.runtime.loseEvents();
    device.clock.advance(30_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await device.pod())?.status?.phase, 'Running');
    assert.equal(status(await device.pod())?.ready, true);
    device.runtime.faults.isDown = false;
    await device.crash();
    await device.until((pod) => status(pod)?.restartCount === 1, 'it goes on', 1_000);
  });

  it('says that a sandbox cannot be made and tries again', async () => {
    await open();
    device.runtime.faults.fail('runSandbox', new StatusError('InternalError', 'no network'));
    await device.create(web);
    await device.until(() => device.events.some((event) => event.includes('FailedCreatePodSandBox')), 'it says so');
    assert.ok(device.events.includes('Warning FailedCreatePodSandBox Failed to create pod sandbox: no network'));
    await device.until((pod) => status(pod)?.state?.running !== undefined, 'it runs', 500);
  });
});
