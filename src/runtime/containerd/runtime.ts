/** `Runtime` over containerd: CRI v1 for pods, native services for events and exec. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError, type Reason, StatusError } from '../../lib/status-error.ts';
import type {
  ContainerConfig,
  ContainerId,
  ContainerInput,
  ExecRequest,
  ExecSyncResult,
  Labels,
  Runtime,
  RuntimeContainer,
  RuntimeContainerStatus,
  RuntimeEvent,
  RuntimeStatus,
  Sandbox,
  SandboxConfig,
  SandboxId,
  SandboxStatus,
} from '../runtime.ts';
import { toCriContainerConfig, toCriSandboxConfig } from './cri-config.ts';
import { isAlreadyRunning, toStatusError } from './cri-errors.ts';
import {
  fromCriContainer,
  fromCriContainerStatus,
  fromCriRuntimeStatus,
  fromCriSandbox,
  fromCriSandboxStatus,
} from './cri-status.ts';
import { watchEvents } from './event-stream.ts';
import { ExecStarts } from './exec-starts.ts';
import type { GrpcClient } from './grpc/client.ts';
import type { Method } from './grpc/method.ts';
import { heldContainer, imageProgramIn } from './hold/held-container.ts';
import { criImages, criRuntime, taskService } from './methods.ts';
import { SandboxOf } from './sandbox-of.ts';
import type { StreamDeps } from './stream-deps.ts';
import { attachToContainer } from './streams/attach.ts';
import { openContainerInput } from './streams/container-input.ts';
import { execInContainer } from './streams/exec.ts';
import { forwardPort } from './streams/port-forward.ts';

/** Deadlines in milliseconds: the kubelet's runtimeRequestTimeout, twice that where a network is set up. */
const requestTimeoutMs = 120_000;
const sandboxTimeoutMs = 240_000;
/** For calls that only look. */
const lookTimeoutMs = 20_000;

/** A process that was started lives on without the shim's start lock; a long hook must not hold up the probes. */
const execStartMs = 2_000;

export interface ContainerdRuntimeDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Directory for the FIFOs of execs, ours alone, on tmpfs. */
  readonly fifoDirectory: string;
  /** Begins the id of every exec of this process. */
  readonly execPrefix: string;
  /** Path of the program that holds containers; undefined: none is ever held. */
  readonly holdProgram: string | undefined;
  /** The image of sandboxes, by the runtime's configuration. */
  readonly sandboxImage: string;
  /** Told after each sandbox or container was created: its image is unpacked now. */
  readonly onUnpacked: (image: string) => void;
  /** Before each sandbox: makes the machine ready for its network. */
  readonly prepareNetwork: (signal: AbortSignal) => Promise<void>;
}

export class ContainerdRuntime implements Runtime {
  readonly #deps: ContainerdRuntimeDeps;
  readonly #execStarts = new ExecStarts();
  readonly #sandboxOf: SandboxOf;
  readonly #streamDeps: StreamDeps;

  constructor(deps: ContainerdRuntimeDeps) {
    this.#deps = deps;
    this.#sandboxOf = new SandboxOf((container, signal) => this.#lookForSandbox(container, signal));
    this.#streamDeps = {
      ...deps,
      holds: new KeyedMutex(),
      withExecStart: (container, start, signal) => this.#withExecStart(container, start, signal),
    };
  }

  async version(signal: AbortSignal): Promise<{ readonly name: string; readonly version: string }> {
    const answer = await this.#look(criRuntime.version, {}, signal);
    return { name: answer.runtimeName, version: answer.runtimeVersion };
  }

  async status(signal: AbortSignal): Promise<RuntimeStatus> {
    return fromCriRuntimeStatus((await this.#look(criRuntime.status, {}, signal)).status);
  }

  async runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxId> {
    const request = { config: toCriSandboxConfig(config), runtimeHandler: config.runtimeHandler };
    await this.#deps.prepareNetwork(signal);
    const answer = await this.#call(criRuntime.runPodSandbox, request, sandboxTimeoutMs, signal);
    this.#deps.onUnpacked(this.#deps.sandboxImage);
    return answer.podSandboxId as SandboxId;
  }

  async stopSandbox(id: SandboxId, signal: AbortSignal): Promise<void> {
    await ignoreGone(this.#call(criRuntime.stopPodSandbox, { podSandboxId: id }, sandboxTimeoutMs, signal));
  }

  async removeSandbox(id: SandboxId, signal: AbortSignal): Promise<void> {
    await ignoreGone(this.#call(criRuntime.removePodSandbox, { podSandboxId: id }, sandboxTimeoutMs, signal));
  }

  async listSandboxes(selector: Labels, signal: AbortSignal): Promise<readonly Sandbox[]> {
    const request = { filter: { labelSelector: { ...selector } } };
    const { items } = await this.#look(criRuntime.listPodSandbox, request, signal);
    return items.map(fromCriSandbox);
  }

  async sandboxStatus(id: SandboxId, signal: AbortSignal): Promise<SandboxStatus> {
    const { status } = await this.#look(criRuntime.podSandboxStatus, { podSandboxId: id }, signal);
    if (status === undefined) throw new StatusError('NotFound', `sandbox ${id} has no status`);
    return fromCriSandboxStatus(status);
  }

  async createContainer(
    sandbox: SandboxId,
    config: ContainerConfig,
    sandboxConfig: SandboxConfig,
    signal: AbortSignal,
  ): Promise<ContainerId> {
    const request = {
      podSandboxId: sandbox,
      config: toCriContainerConfig(await this.#hold(config, signal)),
      sandboxConfig: toCriSandboxConfig(sandboxConfig),
    };
    const answer = await this.#call(criRuntime.createContainer, request, sandboxTimeoutMs, signal, 'Invalid');
    const id = answer.containerId as ContainerId;
    this.#sandboxOf.remember(id, sandbox);
    this.#deps.onUnpacked(config.image);
    return id;
  }

  async startContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.grpc.unary(
        criRuntime.startContainer,
        { containerId: id },
        { signal, timeoutMs: requestTimeoutMs },
      );
    } catch (error) {
      if (!isAlreadyRunning(error)) throw toStatusError(error, 'Invalid');
    }
  }

  async stopContainer(id: ContainerId, graceSeconds: number, signal: AbortSignal): Promise<void> {
    const timeout = BigInt(Math.max(0, Math.ceil(graceSeconds)));
    const deadlineMs = requestTimeoutMs + Number(timeout) * 1_000;
    await ignoreGone(this.#call(criRuntime.stopContainer, { containerId: id, timeout }, deadlineMs, signal));
  }

  async signalContainer(id: ContainerId, signalNumber: number, signal: AbortSignal): Promise<void> {
    await this.#call(taskService.kill, { containerId: id, signal: signalNumber }, requestTimeoutMs, signal);
  }

  async removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    await ignoreGone(this.#call(criRuntime.removeContainer, { containerId: id }, requestTimeoutMs, signal));
    this.#sandboxOf.forget(id);
  }

  async listContainers(selector: Labels, signal: AbortSignal): Promise<readonly RuntimeContainer[]> {
    const request = { filter: { labelSelector: { ...selector } } };
    const { containers } = await this.#look(criRuntime.listContainers, request, signal);
    const found = containers.map(fromCriContainer);
    for (const { id, sandboxId } of found) this.#sandboxOf.remember(id, sandboxId);
    return found;
  }

  async containerStatus(id: ContainerId, signal: AbortSignal): Promise<RuntimeContainerStatus> {
    const { status } = await this.#look(criRuntime.containerStatus, { containerId: id }, signal);
    if (status === undefined) throw new StatusError('NotFound', `container ${id} has no status`);
    return fromCriContainerStatus(status, await this.#sandboxOf.find(id, signal));
  }

  async writableLayerBytes(id: ContainerId, signal: AbortSignal): Promise<number> {
    const { stats } = await this.#look(criRuntime.containerStats, { containerId: id }, signal);
    return Number(stats?.writableLayer?.usedBytes?.value ?? 0);
  }

  async reopenContainerLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#call(criRuntime.reopenContainerLog, { containerId: id }, requestTimeoutMs, signal);
  }

  async execSync(
    id: ContainerId,
    command: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult> {
    const seconds = Math.max(0, Math.ceil(timeoutSeconds));
    const request = { containerId: id, cmd: [...command], timeout: BigInt(seconds) };
    // The runtime ends the process in time by itself; ours is for a runtime that hangs.
    const deadlineMs = requestTimeoutMs + seconds * 1_000;
    return this.#withExecStart(
      id,
      () => this.#call(criRuntime.execSync, request, deadlineMs, signal, 'Invalid'),
      signal,
    );
  }

  exec(id: ContainerId, request: ExecRequest, signal: AbortSignal): Promise<number> {
    return execInContainer(this.#streamDeps, id, request, signal);
  }

  attach(id: ContainerId, request: Omit<ExecRequest, 'command'>, signal: AbortSignal): Promise<void> {
    return attachToContainer(this.#streamDeps, id, request, signal);
  }

  openInput(id: ContainerId, signal: AbortSignal): Promise<ContainerInput> {
    return openContainerInput(this.#deps, id, signal);
  }

  portForward(id: SandboxId, port: number, signal: AbortSignal): Promise<Duplex> {
    return forwardPort(this.#streamDeps, id, port, signal);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return watchEvents(this.#deps, signal);
  }

  /** The container with its program held back, when that is asked for. */
  async #hold(config: ContainerConfig, signal: AbortSignal): Promise<ContainerConfig> {
    const { holdProgram } = this.#deps;
    if (!config.holdUntilAttached || holdProgram === undefined) return config;
    const request = { image: { image: config.image }, verbose: true };
    const { info } = await this.#look(criImages.imageStatus, request, signal);
    return heldContainer(config, imageProgramIn(info['info']), holdProgram);
  }

  async #withExecStart<T>(container: ContainerId, start: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const leave = await this.#execStarts.enter(await this.#sandboxOf.find(container, signal), signal);
    const done = new AbortController();
    this.#deps.clock.sleep(execStartMs, done.signal).then(leave, () => {});
    try {
      return await start();
    } finally {
      done.abort();
      leave();
    }
  }

  async #lookForSandbox(container: ContainerId, signal: AbortSignal): Promise<SandboxId | undefined> {
    const { containers } = await this.#look(criRuntime.listContainers, { filter: { id: container } }, signal);
    return containers[0]?.podSandboxId as SandboxId | undefined;
  }

  #look<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    return this.#call(method, request, lookTimeoutMs, signal);
  }

  async #call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    timeoutMs: number,
    signal: AbortSignal,
    unknownReason?: Reason,
  ): Promise<Response> {
    try {
      return await this.#deps.grpc.unary(method, request, { signal, timeoutMs });
    } catch (error) {
      throw toStatusError(error, unknownReason);
    }
  }
}

async function ignoreGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isStatusError(error, 'NotFound')) throw error;
  }
}
