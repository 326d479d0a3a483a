/**
 * The same pod by raw CRI calls on the same containerd, without Eliot in between: the floor that the
 * budgets are measured against. Its sandboxes carry another instance's label, so eliotd leaves them alone.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCgroups } from '../src/host/cgroups.ts';
import { createSystemClock } from '../src/lib/clock.ts';
import { silentLogger } from '../src/lib/logger.ts';
import { createContainerdRuntime } from '../src/runtime/containerd/create-runtime.ts';
import type {
  ContainerConfig,
  ContainerId,
  NamespaceModes,
  Runtime,
  RuntimeEvent,
  SandboxConfig,
  SandboxId,
} from '../src/runtime/runtime.ts';
import type { TestDevice } from '../test/support/device.ts';
import { kill9 } from '../test/support/processes.ts';
import { timeMs } from './statistics.ts';

export interface RawPod {
  readonly sandbox: SandboxId;
  readonly container: ContainerId;
}

export interface RawCri {
  /** Sandbox, container, start; resolves when it runs. */
  startPod(): Promise<RawPod>;
  /** Another container in the same sandbox. */
  createAndStart(pod: RawPod, attempt: number): Promise<void>;
  /**
   * Kills the pod's container and, when the runtime tells of its end, starts another one, while the runtime still tidies
   * up; milliseconds from the kill on.
   */
  replaceKilled(pod: RawPod, pid: number): Promise<number>;
  removePod(pod: RawPod): Promise<void>;
  close(): Promise<void>;
}

const cgroupRoot = '/eliot-bench';
const namespaces: NamespaceModes = { network: 'pod', pid: 'container', ipc: 'pod' };
const unconfined = { type: 'RuntimeDefault' } as const;

export function openRawCri(device: TestDevice, image: string): RawCri {
  const adapter = createContainerdRuntime({
    clock: createSystemClock(),
    log: silentLogger,
    socketPath: join(device.runDir, 'containerd/containerd.sock'),
    root: join(device.dataDir, 'containerd'),
    fifoDirectory: join(device.directory, 'fifo'),
  });
  const runtime: Runtime = adapter.runtime;
  const signal = AbortSignal.timeout(600_000);
  const configs = new Map<SandboxId, SandboxConfig>();
  const createAndStart = async ({ sandbox }: RawPod, attempt: number): Promise<void> => {
    const config = configs.get(sandbox);
    if (!config) throw new Error('no such sandbox');
    const container = await runtime.createContainer(sandbox, containerConfig(image, attempt), config, signal);
    await runtime.startContainer(container, signal);
  };
  return {
    startPod: async () => {
      const config = sandboxConfig(device);
      const sandbox = await runtime.runSandbox(config, signal);
      configs.set(sandbox, config);
      const container = await runtime.createContainer(sandbox, containerConfig(image, 0), config, signal);
      await runtime.startContainer(container, signal);
      return { sandbox, container };
    },
    createAndStart,
    replaceKilled: async (pod, pid) => {
      const done = new AbortController();
      try {
        const told = untilExited(runtime.events(AbortSignal.any([signal, done.signal])), pod.container);
        // Nothing tells when the stream of events is open.
        await delay(200);
        return await timeMs(async () => {
          kill9(pid);
          await told;
          await createAndStart(pod, 1);
        });
      } finally {
        done.abort();
      }
    },
    removePod: async ({ sandbox }) => {
      await runtime.stopSandbox(sandbox, signal);
      await runtime.removeSandbox(sandbox, signal);
    },
    close: async () => {
      adapter.close();
      await (await createCgroups()).remove(cgroupRoot);
    },
  };
}

async function untilExited(events: AsyncIterable<RuntimeEvent>, container: ContainerId): Promise<void> {
  for await (const event of events) if (event.type === 'exited' && event.containerId === container) return;
}

function sandboxConfig(device: TestDevice): SandboxConfig {
  const uid = randomUUID();
  return {
    name: `raw-${uid.slice(0, 8)}`,
    namespace: 'bench',
    uid,
    attempt: 0,
    hostname: 'raw',
    logDirectory: join(device.directory, 'raw', uid),
    dns: undefined,
    portMappings: [],
    labels: { 'run.eliot.instance': 'bench' },
    annotations: {},
    runtimeHandler: '',
    cgroupParent: `${cgroupRoot}/pod${uid}`,
    sysctls: {},
    namespaces,
    privileged: false,
    readonlyRootfs: false,
    runAsUser: undefined,
    runAsGroup: undefined,
    supplementalGroups: [],
    seccomp: unconfined,
  };
}

function containerConfig(image: string, attempt: number): ContainerConfig {
  return {
    name: 'main',
    attempt,
    image,
    command: ['sleep', '3600'],
    args: [],
    workingDir: '',
    env: [],
    mounts: [],
    devices: [],
    labels: { 'run.eliot.instance': 'bench' },
    annotations: {},
    logPath: `main-${attempt}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    holdUntilAttached: false,
    resources: { cpuPeriod: 100_000, cpuQuota: 0, cpuShares: 2, memoryLimitBytes: 0, oomScoreAdj: 1000 },
    security: {
      privileged: false,
      readonlyRootfs: false,
      addCapabilities: [],
      dropCapabilities: [],
      runAsUser: undefined,
      runAsGroup: undefined,
      supplementalGroups: [],
      noNewPrivileges: false,
      seccomp: unconfined,
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
      namespaces,
    },
  };
}
