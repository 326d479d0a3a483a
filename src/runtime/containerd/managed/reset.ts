/**
 * Takes the managed containerd away with all it ran: pods, mounts, network, and its files if they are to go. Nothing of anybody else's is
 * touched: sandboxes are those of this root, processes those that name this socket, network parts those that name
 * this instance or hold an address of its pods.
 */
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cgroups } from '../../../host/cgroups.ts';
import { type Mounts, unmountBelow } from '../../../host/mounts.ts';
import type { Processes, ProcessInfo } from '../../../host/processes.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { criRuntime } from '../methods.ts';
import type { ContainerdProcess } from './containerd-process.ts';
import type { ManagedLayout } from './layout.ts';
import type { PodNetwork } from './pod-network.ts';

const sandboxTimeoutMs = 30_000;
const atOnce = 4;

/** Made by containerd, runc and CNI wherever they are told to work; children first. */
const sharedDirectories = [
  '/run/containerd/runc/k8s.io',
  '/run/containerd/runc',
  '/run/containerd/s',
  '/run/containerd',
  '/var/lib/cni/results',
  '/var/lib/cni',
];

export interface ResetDeps {
  readonly layout: ManagedLayout;
  readonly process: ContainerdProcess;
  readonly processes: Processes;
  readonly cgroups: Pick<Cgroups, 'remove'>;
  readonly network: PodNetwork;
  readonly mounts: Mounts;
  readonly grpc: GrpcClient;
  /** Makes containerd answer, for it knows best how to take its pods down. May fail. */
  readonly start: (signal: AbortSignal) => Promise<unknown>;
  readonly log: Logger;
}

export interface ResetScope {
  /** Images and all else that outlives a reboot stay. */
  readonly keepsRoot: boolean;
  /** How long containers may take to end after SIGTERM; 0: they are killed. */
  readonly graceSeconds: number;
}

/** @throws StatusError when something stays; calling it again goes on where it stopped */
export async function resetManaged(deps: ResetDeps, scope: ResetScope, signal: AbortSignal): Promise<void> {
  const { layout, process, network, mounts, log } = deps;
  const cgroups = new Set<string>();
  if (await hasState(layout)) {
    try {
      await deps.start(signal);
      await endContainers(deps, scope.graceSeconds, signal);
      await removeSandboxes(deps, cgroups, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Then by force, below.
      log.warn('containerd did not remove its pods', { error });
    }
  }
  deps.grpc.close();
  const running = await process.find();
  if (running !== undefined) await process.stop(running, 10_000, signal);
  await killShims(deps, signal);
  const shimSockets = await findShimSockets(layout);
  await unmountBelow(mounts, [layout.state, layout.root], signal);
  await network.remove(signal);
  for (const path of shimSockets) await rm(path, { force: true });
  for (const path of cgroups) await deps.cgroups.remove(path);
  if (!scope.keepsRoot) await rm(layout.root, { recursive: true, force: true });
  await rm(layout.state, { recursive: true, force: true });
  await rm(layout.cniDirectory, { recursive: true, force: true });
  // Whoever else uses them has something in them.
  for (const path of sharedDirectories) await rmdir(path).catch(() => {});
}

/** Whether containerd ever ran here; else there is nothing it could take down. */
async function hasState({ root, state }: ManagedLayout): Promise<boolean> {
  const names = await Promise.all([root, state].map((path) => readdir(path).catch(() => [])));
  return names.flat().some((name) => name.startsWith('io.containerd.'));
}

/** All at once, so that their grace periods pass together. Whoever does not end is killed with its sandbox. */
async function endContainers({ grpc, log }: ResetDeps, graceSeconds: number, signal: AbortSignal): Promise<void> {
  if (graceSeconds === 0) return;
  const { containers } = await grpc.unary(criRuntime.listContainers, {}, { signal, timeoutMs: sandboxTimeoutMs });
  const options = { signal, timeoutMs: sandboxTimeoutMs + graceSeconds * 1_000 };
  const end = async (containerId: string): Promise<void> => {
    try {
      await grpc.unary(criRuntime.stopContainer, { containerId, timeout: BigInt(graceSeconds) }, options);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('container did not end, its processes will be killed', { container: containerId, error });
    }
  };
  await Promise.all(containers.map(({ id }) => end(id)));
}

async function removeSandboxes({ grpc, log }: ResetDeps, cgroups: Set<string>, signal: AbortSignal): Promise<void> {
  const { items } = await grpc.unary(criRuntime.listPodSandbox, {}, { signal, timeoutMs: sandboxTimeoutMs });
  const waiting = items.map(({ id }) => id);
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const request = { podSandboxId: id };
      const options = { signal, timeoutMs: sandboxTimeoutMs };
      const { info } = await grpc.unary(criRuntime.podSandboxStatus, { ...request, verbose: true }, options);
      const cgroup = cgroupOf(info['info']);
      if (cgroup !== undefined) cgroups.add(cgroup);
      try {
        await grpc.unary(criRuntime.stopPodSandbox, request, options);
        await grpc.unary(criRuntime.removePodSandbox, request, options);
      } catch (error) {
        signal.throwIfAborted();
        log.warn('sandbox not removed, its processes will be killed', { sandbox: id, error });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** The pod's cgroup in containerd's verbose answer; undefined when it says none. */
function cgroupOf(info: string | undefined): string | undefined {
  if (info === undefined) return undefined;
  const record = JSON.parse(info) as { readonly config?: { readonly linux?: { readonly cgroup_parent?: string } } };
  const parent = record.config?.linux?.cgroup_parent;
  return parent?.startsWith('/') === true && parent !== '/' ? parent : undefined;
}

/** Shims that containerd did not end, and all below them. */
async function killShims({ processes, layout }: ResetDeps, signal: AbortSignal): Promise<void> {
  const all = await processes.list();
  const isShim = ({ commandLine }: ProcessInfo): boolean =>
    commandLine[0]?.includes('containerd-shim') === true && commandLine.includes(layout.socketPath);
  const doomed = all.filter(isShim);
  for (let index = 0; index < doomed.length; index += 1) {
    doomed.push(...all.filter(({ parentPid }) => parentPid === doomed[index]?.pid));
  }
  for (const process of doomed) await processes.kill(process, 'SIGKILL');
  for (const process of doomed) await processes.waitUntilGone(process, 10_000, signal);
}

/** Sockets of shims are in a directory that all containerds of the machine share; each bundle names its own. */
async function findShimSockets({ state }: ManagedLayout): Promise<readonly string[]> {
  const bundles = join(state, 'io.containerd.runtime.v2.task', 'k8s.io');
  const names = await readdir(bundles).catch(() => []);
  const addresses = await Promise.all(
    names.map((name) => readFile(join(bundles, name, 'address'), 'utf8').catch(() => '')),
  );
  return addresses
    .map((address) => address.trim().replace(/^unix:\/\//, ''))
    .filter((path) => path.startsWith('/run/containerd/s/'));
}
