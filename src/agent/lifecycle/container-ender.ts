/**
 * Ends containers as the kubelet does: the preStop hook first, inside the grace period, then the stop signal, then
 * SIGKILL. In a pod that ends as a whole every hook begins at once, and sidecars are stopped after everybody they serve.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { limited } from '../../lib/limited.ts';
import type { Logger } from '../../lib/logger.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { whenAllEnd } from '../../lib/when-all-end.ts';
import type { ContainerId, Runtime } from '../../runtime/runtime.ts';
import { allContainers, isSidecar, type PodRef, podLogName, podRef } from '../pod-names.ts';
import { type HookTarget, type RunHookDeps, runHook } from './run-hook.ts';

export interface ContainerEnderDeps extends RunHookDeps {
  readonly log: Logger;
  readonly stopContainer: Runtime['stopContainer'];
  readonly recordKilling: (pod: Pod | PodRef, message: string, container: string) => void;
}

interface Ending {
  readonly id: ContainerId;
  readonly name: string;
  readonly isRunning: boolean;
}

export interface EndOptions {
  /** 0: at once, without a hook. */
  readonly graceMs: number;
  /** Of the event `Killing`. */
  readonly message: string;
  readonly podIP: string;
}

/** Whoever had a hook gets this long to end after it, whatever the hook took (kubelet: minimumGracePeriodInSeconds). */
const shortestGraceSeconds = 2;
/** A postStart hook has no limit in Kubernetes; everything here has one. */
const longestHookSeconds = 24 * 60 * 60;

export class ContainerEnder {
  readonly #deps: ContainerEnderDeps;
  /** By pod uid, containers whose preStop hook was begun: a stop that is tried again does not run it twice. */
  readonly #stopped = new Map<string, Set<string>>();

  constructor(deps: ContainerEnderDeps) {
    this.#deps = deps;
  }

  /** Runs the hook of a container that was just started; why it failed, else undefined. Throws the signal's reason. */
  async postStart(target: HookTarget, signal: AbortSignal): Promise<string | undefined> {
    const handler = target.container.lifecycle?.postStart;
    if (handler === undefined) return undefined;
    const { clock, record, log } = this.#deps;
    try {
      const { kind } = await limited(clock, longestHookSeconds * 1000, signal, (stop) =>
        runHook(this.#deps, target, handler, longestHookSeconds, stop),
      );
      if (kind === 'TimedOut') throw new Error(`it was not done within ${longestHookSeconds} seconds`);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const { name } = target.container;
      log.warn('postStart hook failed', { pod: podLogName(podRef(target.pod)), container: name, error });
      // The event says no more: what a hook printed may be secret (kubelet).
      record(target.pod, {
        type: 'Warning',
        reason: 'FailedPostStartHook',
        message: 'PostStartHook failed',
        container: name,
      });
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Ends one container of a pod that goes on. */
  async end(pod: Pod, ending: Ending, options: EndOptions, signal: AbortSignal): Promise<void> {
    await this.#end(pod, podRef(pod), ending, options, Promise.resolve(), signal);
  }

  /** Ends containers of a pod that ends as a whole: sidecars last, the first started last of all. */
  async endAll(
    ref: PodRef,
    pod: Pod | undefined,
    endings: readonly Ending[],
    { graceMs, podIP }: Omit<EndOptions, 'message'>,
    signal: AbortSignal,
  ): Promise<void> {
    const sidecars = (pod?.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const groups = [
      endings.filter(({ name }) => !sidecars.includes(name)),
      ...sidecars.reverse().map((name) => endings.filter((ending) => ending.name === name)),
    ];
    let turn: Promise<unknown> = Promise.resolve();
    const all: Promise<void>[] = [];
    for (const group of groups) {
      const before = turn;
      const ended = group.map((ending) => {
        const options = { graceMs, podIP, message: `Stopping container ${ending.name}` };
        return this.#end(pod, ref, ending, options, before, signal);
      });
      all.push(...ended);
      turn = Promise.allSettled([before, ...ended]);
    }
    await whenAllEnd(all);
  }

  forget(uid: string): void {
    this.#stopped.delete(uid);
  }

  /** @param turn resolves when those that must end before it have; never rejects */
  async #end(
    pod: Pod | undefined,
    ref: PodRef,
    ending: Ending,
    { graceMs, message, podIP }: EndOptions,
    turn: Promise<unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, stopContainer, recordKilling } = this.#deps;
    const deadlineMs = clock.monotonicMs() + graceMs;
    const leftMs = (): number => Math.max(0, deadlineMs - clock.monotonicMs());
    const container = pod && allContainers(pod).find(({ name }) => name === ending.name);
    recordKilling(pod ?? ref, message, ending.name);
    if (pod && container && ending.isRunning && graceMs > 0) {
      await this.#preStop({ pod, container, containerId: ending.id, podIP }, graceMs, signal);
    }
    if (leftMs() > 0) await limited(clock, leftMs(), signal, async (stop) => void (await untilAborted(turn, stop)));
    const shortestSeconds = graceMs > 0 ? shortestGraceSeconds : 0;
    await stopContainer(ending.id, Math.max(shortestSeconds, Math.ceil(leftMs() / 1000)), signal);
  }

  async #preStop(target: HookTarget, graceMs: number, signal: AbortSignal): Promise<void> {
    const { clock, record, log } = this.#deps;
    const { pod, container, containerId } = target;
    const handler = container.lifecycle?.preStop;
    if (handler === undefined) return;
    const begun = this.#stopped.get(podRef(pod).uid) ?? new Set();
    if (begun.has(containerId)) return;
    this.#stopped.set(podRef(pod).uid, begun.add(containerId));
    const fields = { pod: podLogName(podRef(pod)), container: container.name };
    try {
      const limitSeconds = Math.ceil(graceMs / 1000);
      const { kind } = await limited(clock, graceMs, signal, (stop) =>
        runHook(this.#deps, target, handler, limitSeconds, stop),
      );
      if (kind === 'TimedOut') log.warn('preStop hook was not done in the grace period', fields);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('preStop hook failed', { ...fields, error });
      record(pod, {
        type: 'Warning',
        reason: 'FailedPreStopHook',
        message: 'PreStopHook failed',
        container: container.name,
      });
    }
  }
}
