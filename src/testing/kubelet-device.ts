/** A kubelet on a device in memory, for tests of how its parts work together. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubelet } from '../agent/kubelet.ts';
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
import { isStatusError } from '../lib/status-error.ts';
import type { ContainerConfig, RuntimeContainerStatus } from '../runtime/runtime.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeRuntime } from './fake-runtime.ts';

const node = 'device';
const signal = new AbortController().signal;
/** What a test waits at most for its files, on a machine that is busy with other tests. */
const longestMs = 30_000;

/** A device in memory: real API, rules and files; a runtime that is not. Each eliotd is from one `start` to one `stop`. */
export class KubeletDevice {
  readonly clock = new FakeClock();
  readonly client: ObjectClient;
  readonly runtime: FakeRuntime;
  readonly events: string[] = [];
  readonly cgroups: string[] = [];
  /** What `run-check` does, for probes: its exit code. */
  exec: () => Promise<number> = async () => 0;
  dir = '';
  /** Of the machine; to be set before `start`. */
  hasMemoryCgroups = true;
  #stop: (() => Promise<void>) | undefined;

  constructor() {
    const registry = new Registry({ store: new MemoryStore(), clock: this.clock, nodeName: node });
    this.client = createLocalClient(registry, systemUser('system:node:device'));
    this.runtime = new FakeRuntime({
      clock: this.clock,
      programs: (_image, argv) =>
        argv[0] === 'run'
          ? () => new Promise<number>(() => {})
          : argv[0] === 'crash'
            ? async () => 3
            : argv[0] === 'run-check'
              ? () => this.exec()
              : undefined,
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

  async start(whenRuntimeReady: Promise<void> = Promise.resolve()): Promise<void> {
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
        onVolumesGo: async () => {},
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
            bindInside: async () => {},
          },
          usage: { cgroup: async () => undefined, machine: () => Promise.reject(new Error('not measured')) },
          signals: { memory: () => undefined, read: async () => ({}) },
          diskUsage: async () => 0,
          hasMemoryCgroups: this.hasMemoryCgroups,
          deviceNodes: { find: async () => [], watch: () => {} },
          cgroups: {
            // The groups above stay.
            ensure: async (path) => void (path.includes('/pod') && this.cgroups.push(path)),
            remove: async (path) => {
              const at = this.cgroups.indexOf(path);
              if (at >= 0) this.cgroups.splice(at, 1);
            },
            list: async () => [],
          },
          watchPaths: () => {},
        },
        node: () => undefined,
        machine: { cpus: 2, memoryBytes: 1 << 30, hasAppArmor: false },
        allocatable: { cpu: '2', memory: '1Gi' },
        allPods: { milliCpu: 2_000, memoryBytes: 1 << 30 },
        dirs: { dataDir: join(this.dir, 'data'), runDir: join(this.dir, 'run') },
        settings: {
          nodeName: node,
          instanceId: 'i1',
          devices: [],
          eviction: {
            evictionHard: {},
            evictionSoft: {},
            evictionSoftGracePeriod: {},
            evictionMinimumReclaim: {},
            evictionPressureTransitionPeriod: 300_000,
            evictionMaxPodGracePeriod: 0,
            nodeStatusUpdateFrequency: 10_000,
          },
          podPidsLimit: -1,
          maxParallelImagePulls: 2,
          presentImageWhenOffline: true,
          registries: {},
          maxContainerRestartPeriod: 300_000,
          containerLogStorage: 'disk',
          resolvConf: '/etc/resolv.conf',
          allowedUnsafeSysctls: [],
        },
        hostIPs: () => ['192.0.2.7'],
        whenRuntimeReady,
        random: () => 0,
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
    const deadline = performance.now() + longestMs;
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

/** What is published of the pod's first container. */
export function status(pod: Pod | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.[0];
}

/** The status of one of the pod's conditions. */
export function condition(pod: Pod | undefined, type: string): string | undefined {
  return pod?.status?.conditions?.find((each) => each.type === type)?.status;
}

/** The spec of a pod whose one container runs until it is ended. */
export const web = {
  containers: [{ name: 'web', image: 'busybox', command: ['run'], imagePullPolicy: 'IfNotPresent' }],
};
