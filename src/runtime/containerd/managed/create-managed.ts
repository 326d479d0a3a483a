/** Joins the parts of the managed containerd. */
import { readFile, rm } from 'node:fs/promises';
import { createCgroups } from '../../../host/cgroups.ts';
import { createIptables } from '../../../host/iptables.ts';
import { createMounts } from '../../../host/mounts.ts';
import { createNetworkNamespaces } from '../../../host/netns.ts';
import { createProcesses } from '../../../host/processes.ts';
import { runChild } from '../../../host/run-child.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import { type ContainerdAdapter, createContainerdRuntime } from '../create-runtime.ts';
import { ensurePauseImage, type PauseImage, pauseImageName } from '../pause-image.ts';
import { ContainerdProcess } from './containerd-process.ts';
import { findPrograms, mayLowerOomScore, snapshotterFor } from './find-programs.ts';
import { layoutOf } from './layout.ts';
import { LostSandboxes } from './lost-sandboxes.ts';
import { ManagedContainerd } from './managed-containerd.ts';
import { PodNetwork } from './pod-network.ts';
import type { RegistryHost } from './registry-hosts.ts';
import { type ResetScope, resetManaged } from './reset.ts';

export interface ManagedContainerdOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Absolute paths. */
  readonly dataDir: string;
  readonly runDir: string;
  /** IPv4 network of the pods. */
  readonly podCidr: string;
  readonly bridge: string;
  readonly pause: PauseImage;
  /** PATH, and what containerd shall know of ours (proxies). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** See `ContainerdRuntimeOptions`. */
  readonly holdProgram?: string;
  readonly pullStallTimeoutMs?: number;
  /** How registries are reached, by host. Default: as their names say. */
  readonly registries?: Readonly<Record<string, RegistryHost>>;
}

export interface ManagedRuntime extends ContainerdAdapter {
  /**
   * Makes containerd ready for pods: taken over or started, network laid, sandbox image there, orphaned execs ended.
   *
   * @returns whether everything that ran before is gone (a boot, or a lost run directory)
   */
  start(signal: AbortSignal): Promise<{ readonly isNewBoot: boolean }>;
  /** Keeps it alive until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Stops its pods and itself, and removes every trace of this instance, or all but what outlives a reboot. Nothing else
   * may be called afterwards.
   */
  reset(scope: ResetScope, signal: AbortSignal): Promise<void>;
}

/** Builds everything; nothing is started or touched. */
export function createManagedContainerd(options: ManagedContainerdOptions): ManagedRuntime {
  const { clock, log, podCidr, bridge, env, pause } = options;
  const layout = layoutOf(options);
  const mounts = createMounts(runChild);
  const processes = createProcesses(clock);
  const namespaces = createNetworkNamespaces(runChild, mounts);
  const process = new ContainerdProcess({ layout, processes, env });
  const iptables = createIptables(runChild);
  const network = new PodNetwork({ layout, podCidr, bridge, iptables, namespaces, runChild, log });
  const adapter = createContainerdRuntime({
    clock,
    log,
    socketPath: layout.socketPath,
    root: layout.root,
    fifoDirectory: layout.fifoDirectory,
    holdProgram: options.holdProgram,
    prepareNetwork: (signal) => network.prepareNamespaces(signal),
    ...(options.pullStallTimeoutMs === undefined ? {} : { pullStallTimeoutMs: options.pullStallTimeoutMs }),
  });
  const build = async (): Promise<ManagedContainerd> =>
    new ManagedContainerd({
      layout,
      process,
      network,
      mounts,
      lostSandboxes: new LostSandboxes({ layout, grpc: adapter.grpc, processes, namespaces, log }),
      grpc: adapter.grpc,
      runtime: adapter.runtime,
      clock,
      log,
      findPrograms: () => findPrograms(env['PATH'] ?? ''),
      readVersion: async (containerd, signal) => (await runChild(containerd, ['--version'], signal)).stdout,
      mayLowerOomScore,
      snapshotterFor,
      sandboxImage: pauseImageName,
      podCidr,
      bridge,
      registries: options.registries ?? {},
      bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    });
  return {
    ...adapter,
    start: async (signal) => {
      const started = await (await build()).start(signal);
      await ensurePauseImage(adapter.images, pause, signal);
      await adapter.sweepOrphanExecs();
      return started;
    },
    settleImages: async (isNewBoot, signal) => {
      const dropped = await adapter.settleImages(isNewBoot, signal);
      await rm(layout.unsettledPath, { force: true });
      return dropped;
    },
    run: async (signal) => (await build()).run(signal),
    reset: async (scope, signal) => {
      const start = async () => (await build()).start(signal);
      const { grpc } = adapter;
      await resetManaged(
        { layout, process, processes, cgroups: await createCgroups(), network, mounts, grpc, start, log },
        scope,
        signal,
      );
      adapter.close();
    },
  };
}
