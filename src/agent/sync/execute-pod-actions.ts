/**
 * Carries out what `compute-pod-actions.ts` decided, in its order, and says why containers wait.
 *
 * Every action may be repeated and interrupted at any point: names are reserved by the runtime, so
 * nothing runs twice, and the next look shows how far it came.
 */
import type { Container, EphemeralContainer, Pod } from '../../api/kinds/pod/types.ts';
import type { Limiter } from '../../lib/limiter.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { whenAllEnd } from '../../lib/when-all-end.ts';
import type { ContainerId, Runtime, SandboxConfig, SandboxId } from '../../runtime/runtime.ts';
import { currentSandbox, type ObservedContainer, type ObservedPod } from '../observed-pod.ts';
import { allContainers, podLogName, podMessageName, podRef } from '../pod-names.ts';
import type { PodAction } from './compute-pod-actions.ts';
import { pidTargetOf } from './ephemeral-containers.ts';
import { formatGoDuration } from './format-go-duration.ts';
import type { ConfigProvider, ContainerLifecycle, ImageProvider, PodEvents, Waiting } from './services.ts';

export interface ExecuteDeps {
  readonly runtime: Runtime;
  readonly images: ImageProvider;
  readonly configs: ConfigProvider;
  readonly events: PodEvents;
  readonly lifecycle: ContainerLifecycle;
  /** Addresses of the device: a pod on the host network has them. */
  readonly hostIPs: () => readonly string[];
  readonly log: Logger;
  /** Removes the files of a container that was removed (log, termination log); the runtime leaves them behind. */
  readonly removeContainerFiles: (uid: string, container: ObservedContainer) => Promise<void>;
  /** Resolves when pods may be started: after a power cut images are made good first. */
  readonly whenReady: Promise<void>;
  /** Bounds how many sandboxes and containers are started at once (runtime-facts 0.6). */
  readonly starts: Limiter;
}

export interface ExecuteResult {
  /** Why containers wait, by name; a container that is not named here was not held back. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** When to look again: the end of the first back-off. */
  readonly retryAtMonotonicMs: number | undefined;
  /** Something failed that the worker's own back-off must try again. */
  readonly mustRetry: boolean;
}

/**
 * @param pulls aborted when the pod is to end: gives up waiting for images. What was asked of the runtime is
 *   always waited for (`signal` aborts it only when the process stops), else an unknown container could remain.
 * @throws StatusError when the sandbox cannot be made, or the runtime does not answer
 */
export async function executePodActions(
  deps: ExecuteDeps,
  pod: Pod,
  observed: ObservedPod,
  actions: readonly PodAction[],
  pulls: AbortSignal,
  signal: AbortSignal,
): Promise<ExecuteResult> {
  const run = new Execution(deps, pod, observed, pulls, signal);
  const kills = actions.filter((action) => action.kind === 'KillContainer');
  await whenAllEnd(kills.map((action) => run.killContainer(action)));
  for (const action of actions) {
    if (action.kind === 'KillContainer') continue;
    pulls.throwIfAborted();
    await run.act(action);
  }
  return run;
}

class Execution implements ExecuteResult {
  readonly waiting = new Map<string, Waiting>();
  retryAtMonotonicMs: number | undefined;
  mustRetry = false;
  readonly #deps: ExecuteDeps;
  readonly #pod: Pod;
  readonly #observed: ObservedPod;
  readonly #pulls: AbortSignal;
  readonly #signal: AbortSignal;
  #sandboxId: SandboxId | undefined;
  #attempt: number;
  #ips: readonly string[];
  #sandboxConfig: SandboxConfig | undefined;

  constructor(deps: ExecuteDeps, pod: Pod, observed: ObservedPod, pulls: AbortSignal, signal: AbortSignal) {
    this.#deps = deps;
    this.#pod = pod;
    this.#observed = observed;
    this.#pulls = pulls;
    this.#signal = signal;
    const sandbox = currentSandbox(observed);
    this.#sandboxId = sandbox?.id;
    this.#attempt = sandbox?.attempt ?? 0;
    this.#ips = sandbox?.ips ?? [];
  }

  async act(action: Exclude<PodAction, { readonly kind: 'KillContainer' }>): Promise<void> {
    switch (action.kind) {
      case 'StopSandbox':
        return await this.#stopSandbox(action);
      case 'RunSandbox':
        return await this.#runSandbox(action.attempt);
      case 'StartCreated':
        return await this.#startCreated(action.container, action.id);
      case 'CreateContainer':
        return await this.#createContainer(action);
      case 'WaitBackOff':
        this.#waitBackOff(action);
        return;
      case 'RemoveContainer':
        return await this.#tidy('container', action.id, () => this.#removeContainer(action.id));
      case 'RemoveSandbox':
        return await this.#tidy('sandbox', action.id, () => this.#deps.runtime.removeSandbox(action.id, this.#signal));
    }
  }

  async killContainer(action: KillAction): Promise<void> {
    const options = {
      graceMs: killGraceSeconds(this.#pod, action) * 1000,
      message: killingMessage(this.#pod, action),
      podIP: this.#podIP(),
    };
    const ending = { id: action.id, name: action.container, isRunning: action.why !== 'StateUnknown' };
    // Given up when the pod is to end: it has a grace period of its own, which may be shorter.
    await this.#deps.lifecycle.end(this.#pod, ending, options, this.#pulls);
  }

  async #stopSandbox({ id, isReplaced }: { readonly id: SandboxId; readonly isReplaced: boolean }): Promise<void> {
    if (isReplaced) {
      this.#record('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    }
    await this.#deps.runtime.stopSandbox(id, this.#signal);
  }

  async #runSandbox(attempt: number): Promise<void> {
    const { runtime, configs, starts, log } = this.#deps;
    try {
      await untilAborted(this.#deps.whenReady, this.#pulls);
      const config = await configs.sandbox(this.#pod, attempt);
      this.#sandboxId = await starts.run(() => runtime.runSandbox(config, this.#signal), this.#pulls);
      this.#sandboxConfig = config;
      this.#attempt = attempt;
      if (config.namespaces.network === 'pod') {
        this.#ips = (await runtime.sandboxStatus(this.#sandboxId, this.#signal)).ips;
      }
      log.info('sandbox started', { pod: podLogName(podRef(this.#pod)), attempt, sandbox: this.#sandboxId });
    } catch (error) {
      // Reserved by one that the runtime is still making (or unmaking): the next look shows it.
      if (!this.#pulls.aborted && !this.#signal.aborted && !isStatusError(error, 'AlreadyExists')) {
        this.#record('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  async #createContainer(action: Extract<PodAction, { readonly kind: 'CreateContainer' }>): Promise<void> {
    const { runtime, images, configs, starts, log } = this.#deps;
    const container = this.#containerNamed(action.container);
    const sandboxId = this.#sandboxId;
    if (container === undefined || sandboxId === undefined) return;
    const image = await images.ensure(this.#pod, container, this.#pulls);
    if (image.kind === 'Waiting') {
      this.#hold(container.name, image.waiting, image.retryAtMonotonicMs);
      return;
    }

    const pidTarget = pidTargetOf(this.#pod, container.name, this.#observed);
    if (pidTarget === 'Missing') {
      const { targetContainerName } = container as EphemeralContainer;
      const message = `unable to find target container "${targetContainerName}"`;
      this.#record('Warning', 'Failed', `Error: ${message}`, container.name);
      this.#hold(container.name, { reason: 'CreateContainerConfigError', message });
      return;
    }
    const identity = { ...action, pidTarget };
    const config = await configs.container(this.#pod, container, image.image, identity, this.#ips);
    if (config.kind === 'Waiting') {
      this.#record('Warning', 'Failed', `Error: ${config.waiting.message ?? config.waiting.reason}`, container.name);
      this.#hold(container.name, config.waiting);
      return;
    }
    this.#sandboxConfig ??= await configs.sandbox(this.#pod, this.#attempt);
    const sandboxConfig = this.#sandboxConfig;
    const started = await starts.run(async () => {
      let id: ContainerId;
      try {
        id = await runtime.createContainer(sandboxId, config.config, sandboxConfig, this.#signal);
      } catch (error) {
        this.#failed(error, container.name, 'CreateContainerError');
        return undefined;
      }
      this.#record('Normal', 'Created', 'Container created', container.name);
      return (await this.#start(container.name, id)) ? id : undefined;
    }, this.#pulls);
    if (started === undefined) return;
    const { attempt } = action;
    log.info('container started', { pod: podLogName(podRef(this.#pod)), container: container.name, attempt });
    await this.#postStart(container, started);
  }

  async #startCreated(name: string, id: ContainerId): Promise<void> {
    const container = this.#containerNamed(name);
    if ((await this.#start(name, id)) && container) await this.#postStart(container, id);
  }

  async #start(name: string, id: ContainerId): Promise<boolean> {
    try {
      await this.#deps.runtime.startContainer(id, this.#signal);
      this.#record('Normal', 'Started', 'Container started', name);
      return true;
    } catch (error) {
      this.#failed(error, name, 'RunContainerError');
      return false;
    }
  }

  /** A container whose hook failed is ended, and started again by the restart policy. */
  async #postStart(container: Container, id: ContainerId): Promise<void> {
    const { lifecycle } = this.#deps;
    const podIP = this.#podIP();
    const target = { pod: this.#pod, container, containerId: id, podIP };
    const problem = await lifecycle.postStart(target, this.#pulls);
    if (problem === undefined) return;
    const ending = { id, name: container.name, isRunning: true };
    const graceMs = (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    await lifecycle.end(this.#pod, ending, { graceMs, podIP, message: 'FailedPostStartHook' }, this.#pulls);
    this.#hold(container.name, { reason: 'PostStartHookError', message: problem });
  }

  #podIP(): string {
    return (this.#pod.spec.hostNetwork ? this.#deps.hostIPs()[0] : this.#ips[0]) ?? '';
  }

  /** Ends the journey of a failed create or start, unless the runtime is down: that concerns the whole pod. */
  #failed(error: unknown, name: string, reason: string): void {
    this.#signal.throwIfAborted();
    if (isStatusError(error, 'ServiceUnavailable', 'AlreadyExists')) throw error;
    const message = messageOf(error);
    this.#record('Warning', 'Failed', `Error: ${message}`, name);
    this.#deps.log.warn('container failed to start', { pod: podLogName(podRef(this.#pod)), container: name, error });
    this.#hold(name, { reason, message });
  }

  async #removeContainer(id: ContainerId): Promise<void> {
    await this.#deps.runtime.removeContainer(id, this.#signal);
    const container = this.#observed.containers.find((known) => known.id === id);
    if (container) await this.#deps.removeContainerFiles(this.#observed.uid, container);
  }

  #waitBackOff({ container, delayMs, untilMonotonicMs }: Extract<PodAction, { readonly kind: 'WaitBackOff' }>): void {
    const pod = podMessageName(podRef(this.#pod));
    this.#record('Warning', 'BackOff', `Back-off restarting failed container ${container} in pod ${pod}`, container);
    const message = `back-off ${formatGoDuration(delayMs)} restarting failed container=${container} pod=${pod}`;
    this.#hold(container, { reason: 'CrashLoopBackOff', message }, untilMonotonicMs);
  }

  #hold(name: string, waiting: Waiting, retryAtMonotonicMs?: number): void {
    this.waiting.set(name, waiting);
    if (retryAtMonotonicMs === undefined) this.mustRetry = true;
    else this.retryAtMonotonicMs = Math.min(this.retryAtMonotonicMs ?? Infinity, retryAtMonotonicMs);
  }

  /** What cannot be tidied now is found again at the next look; it must not hold the pod up. */
  async #tidy(what: string, id: string, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#deps.log.warn(`removing an old ${what} failed`, { pod: podLogName(podRef(this.#pod)), id, error });
    }
  }

  #containerNamed(name: string): Container | undefined {
    return allContainers(this.#pod).find((container) => container.name === name);
  }

  #record(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void {
    this.#deps.events.record(this.#pod, { type, reason, message, ...(container === undefined ? {} : { container }) });
  }
}

type KillAction = Extract<PodAction, { readonly kind: 'KillContainer' }>;

/** The kubelet's words (kuberuntime computePodActions, computeInitContainerActions). */
function killingMessage(pod: Pod, { container, why, isRestarted }: KillAction): string {
  const isInit = (pod.spec.initContainers ?? []).some(({ name }) => name === container);
  const restart = isRestarted && !isInit ? ', will be restarted' : '';
  const what = `${isInit ? 'Init container' : 'Container'} ${container}`;
  switch (why) {
    case 'SpecChanged':
      return `Container ${container} definition changed, will be restarted`;
    case 'StartAsked':
      return `Container ${container} was asked to start anew`;
    case 'LivenessFailed':
      return `${what} failed liveness probe${restart}`;
    case 'StartupFailed':
      return `${what} failed startup probe${restart}`;
    default:
      return `Stopping container ${container}`;
  }
}

/** A probe may give the container it ends another grace period than the pod has. */
function killGraceSeconds(pod: Pod, { container, why }: KillAction): number {
  const spec = allContainers(pod).find(({ name }) => name === container);
  const probe =
    why === 'LivenessFailed' ? spec?.livenessProbe : why === 'StartupFailed' ? spec?.startupProbe : undefined;
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
