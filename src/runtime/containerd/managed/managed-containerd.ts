/**
 * eliotd's own containerd: made ready, watched, restarted at once when it dies or hangs.
 *
 * It is not a child in any sense that matters: it outlives eliotd, and the next eliotd takes it over. While it is
 * down containers run on, but block after about 120 KB of unread output; hence the haste.
 */
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type Mounts, unmountBelow } from '../../../host/mounts.ts';
import type { ProcessIdentity } from '../../../host/processes.ts';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { Runtime } from '../../runtime.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { versionService } from '../methods.ts';
import { cniConfig } from './cni-config.ts';
import { containerdConfig, parseContainerdVersion } from './containerd-config.ts';
import type { ContainerdProcess } from './containerd-process.ts';
import type { Programs } from './find-programs.ts';
import type { ManagedLayout } from './layout.ts';
import { readLogTail, trimLog } from './log-file.ts';
import type { LostSandboxes } from './lost-sandboxes.ts';
import type { PodNetwork } from './pod-network.ts';
import { type RegistryHost, writeRegistryHosts } from './registry-hosts.ts';

/** How long containerd may take until CRI is ready; a slow card with many snapshots takes its time. */
const readyTimeoutMs = 60_000;
const readyLookMs = 20;

/** A sign of life is asked for this often; after so many misses a running containerd is taken for hung. */
const pingEveryMs = 10_000;
const pingTimeoutMs = 5_000;
const maxMisses = 3;

const firstRestartDelayMs = 100;
const maxRestartDelayMs = 5_000;
/** Having run this long, it is no longer failing at its start. */
const stableAfterMs = 30_000;

/** Other programs flush tables: the rules are looked after this often. */
const networkEveryPings = 6;

export interface ManagedContainerdDeps {
  readonly layout: ManagedLayout;
  readonly process: ContainerdProcess;
  readonly network: PodNetwork;
  readonly grpc: GrpcClient;
  readonly mounts: Mounts;
  readonly lostSandboxes: Pick<LostSandboxes, 'record' | 'sweep'>;
  readonly runtime: Pick<Runtime, 'status'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly findPrograms: () => Promise<Programs>;
  /** The output of `containerd --version`. */
  readonly readVersion: (containerd: string, signal: AbortSignal) => Promise<string>;
  readonly mayLowerOomScore: () => Promise<boolean>;
  readonly snapshotterFor: (directory: string) => Promise<string>;
  readonly sandboxImage: string;
  readonly podCidr: string;
  readonly bridge: string;
  readonly bootId: string;
  /** How registries are reached, by host. */
  readonly registries: Readonly<Record<string, RegistryHost>>;
}

export class ManagedContainerd {
  readonly #deps: ManagedContainerdDeps;

  constructor(deps: ManagedContainerdDeps) {
    this.#deps = deps;
  }

  /**
   * Takes over the running containerd, or starts one; resolves when CRI is ready for pods.
   *
   * @returns whether the machine has booted since this instance last ran
   * @throws StatusError `NotFound` when it is not installed, `ServiceUnavailable` with the end of its log when it
   *   does not come up
   */
  async start(signal: AbortSignal): Promise<{ readonly isNewBoot: boolean }> {
    const { layout, network, process, registries, log } = this.#deps;
    await mkdir(layout.root, { recursive: true, mode: 0o711 });
    const isNewBoot = await this.#noteBoot(signal);
    await mkdir(layout.state, { recursive: true, mode: 0o711 });
    await writeRegistryHosts(layout.registryDirectory, registries, log);
    await network.ensure(signal);
    // Before containerd starts, or its first pods find no network.
    await this.#writeNetworkConfig();
    const isChanged = await this.#writeConfig(signal);
    let running = await process.find();
    if (running !== undefined && isChanged) {
      log.info('containerd is restarted for its new configuration');
      await process.stop(running, 10_000, signal);
      running = undefined;
    }
    if (running !== undefined && !(await this.#answers(signal))) {
      log.warn('containerd does not answer and is restarted', { pid: running.pid });
      await process.stop(running, 0, signal);
      running = undefined;
    }
    if (running === undefined) await this.#startAndWait(signal);
    else await this.#waitUntilReady(running, signal);
    return { isNewBoot };
  }

  /** Watches until `signal` aborts. Only then it resolves; a failing containerd is tried again for ever. */
  async run(signal: AbortSignal): Promise<void> {
    let delayMs = 0;
    while (!signal.aborted) {
      const { clock, log } = this.#deps;
      try {
        await clock.sleep(delayMs, signal);
        const startedMs = clock.monotonicMs();
        await this.#ensureProcess(signal);
        await this.#watch(signal);
        const wasStable = clock.monotonicMs() - startedMs >= stableAfterMs;
        delayMs = wasStable ? 0 : nextDelay(delayMs);
      } catch (error) {
        if (signal.aborted) return;
        log.error('containerd cannot be restarted', { error });
        delayMs = nextDelay(delayMs);
      }
    }
  }

  async #ensureProcess(signal: AbortSignal): Promise<void> {
    const { process, log } = this.#deps;
    const found = await process.find();
    if (found !== undefined) return;
    log.warn('containerd is gone and is started again');
    await this.#startAndWait(signal);
  }

  /** Resolves when containerd is gone; a hung one is ended. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { process, network, layout, clock, log } = this.#deps;
    const found = await process.find();
    if (found === undefined) return;
    let misses = 0;
    for (let ping = 0; ; ping += 1) {
      if (ping % networkEveryPings === 0) await network.ensure(signal);
      await trimLog(layout.logPath);
      // First, as asking a dead one waits for it to come back.
      if ((await process.find())?.pid !== found.pid) return;
      misses = (await this.#answers(signal)) ? 0 : misses + 1;
      if (misses >= maxMisses) {
        log.error('containerd hangs and is killed', { pid: found.pid, misses });
        await process.stop(found, 0, signal);
        return;
      }
      const wait = new AbortController();
      const either = AbortSignal.any([signal, wait.signal]);
      // Its death ends the connection: known at once, not at the next ping.
      await Promise.race([clock.sleep(misses > 0 ? 1_000 : pingEveryMs, either), this.#deps.grpc.disconnected(either)])
        .catch(() => {})
        .finally(() => wait.abort());
      signal.throwIfAborted();
    }
  }

  async #startAndWait(signal: AbortSignal): Promise<void> {
    const { lostSandboxes } = this.#deps;
    const recorded = await lostSandboxes.record();
    await this.#waitUntilReady(await this.#startProcess(), signal);
    await lostSandboxes.sweep(recorded, signal);
  }

  async #startProcess(): Promise<ProcessIdentity> {
    const { process, findPrograms, log } = this.#deps;
    const started = await process.start(await findPrograms());
    log.info('containerd started', { pid: started.pid });
    return started;
  }

  async #waitUntilReady(running: ProcessIdentity, signal: AbortSignal): Promise<void> {
    const { runtime, process, layout, clock } = this.#deps;
    const deadlineMs = clock.monotonicMs() + readyTimeoutMs;
    for (;;) {
      let why = '';
      try {
        const status = await runtime.status(signal);
        if (status.runtime.ready && status.network.ready) return;
        why = status.runtime.ready ? status.network.message : status.runtime.message;
      } catch (error) {
        signal.throwIfAborted();
        if (!isStatusError(error)) throw error;
        why = error.message;
      }
      const isGone = (await process.find())?.pid !== running.pid;
      if (isGone || clock.monotonicMs() >= deadlineMs) {
        const tail = await readLogTail(layout.logPath, 2_000);
        const what = isGone ? 'ended at its start' : `is not ready: ${why}`;
        throw new StatusError('ServiceUnavailable', `containerd ${what}\n${tail}`.trim());
      }
      await clock.sleep(readyLookMs, signal);
    }
  }

  async #answers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#deps.grpc.unary(versionService.version, {}, { signal, timeoutMs: pingTimeoutMs });
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  /**
   * Whether everything that ran is gone: the machine has booted, or the run directory was lost with all in it.
   * What the last boot left in the run directory is removed, should that not be on tmpfs. It stays true until the
   * images are settled.
   */
  async #noteBoot(signal: AbortSignal): Promise<boolean> {
    const { layout, bootId, mounts, network } = this.#deps;
    const last = (await readFile(layout.bootIdPath, 'utf8').catch(() => '')).trim();
    if (last === bootId && (await exists(layout.configPath))) return exists(layout.unsettledPath);
    if (last !== '') {
      await unmountBelow(mounts, [layout.state], signal);
      await rm(layout.state, { recursive: true, force: true });
      await rm(layout.cniDirectory, { recursive: true, force: true });
      await network.forgetResults();
      // Before the boot is noted: a start that fails now is tried again, and images must not pass for good then.
      await mkdir(layout.state, { recursive: true, mode: 0o711 });
      await writeFile(layout.unsettledPath, '');
    }
    await writeFileAtomic(layout.bootIdPath, `${bootId}\n`, 0o600);
    return last !== '';
  }

  async #writeNetworkConfig(): Promise<void> {
    const { layout, bridge, podCidr } = this.#deps;
    await mkdir(layout.cniLeaseDirectory, { recursive: true, mode: 0o700 });
    const content = cniConfig({
      network: layout.network,
      bridge,
      podCidr,
      leaseDirectory: layout.cniLeaseDirectory,
    });
    const present = await readFile(layout.cniConfigPath, 'utf8').catch(() => '');
    // Written in place: containerd 1.6 does not notice a file moved in from elsewhere.
    if (present !== content) await writeFile(layout.cniConfigPath, content, { mode: 0o644 });
  }

  /** Whether containerd's configuration is another than before. */
  async #writeConfig(signal: AbortSignal): Promise<boolean> {
    const { layout, findPrograms, readVersion, mayLowerOomScore, snapshotterFor, sandboxImage } = this.#deps;
    const programs = await findPrograms();
    const content = containerdConfig({
      version: parseContainerdVersion(await readVersion(programs.containerd, signal)),
      root: layout.root,
      state: layout.state,
      socketPath: layout.socketPath,
      sandboxImage,
      snapshotter: await snapshotterFor(layout.root),
      cniConfigDirectory: layout.cniDirectory,
      cniBinaryDirectories: programs.cniDirectories,
      registryDirectory: layout.registryDirectory,
      restrictOomScoreAdj: !(await mayLowerOomScore()),
    });
    const present = await readFile(layout.configPath, 'utf8').catch(() => '');
    if (present === content) return false;
    await writeFile(layout.configPath, content, { mode: 0o600 });
    return true;
  }
}

function nextDelay(delayMs: number): number {
  return delayMs === 0 ? firstRestartDelayMs : Math.min(delayMs * 2, maxRestartDelayMs);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
