/**
 * The steps of one pod's worker: make it as its spec says, end it, clean up after it. Joins the
 * pure rules with the services that act.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { whenAllEnd } from '../../lib/when-all-end.ts';
import type { PodHealth } from '../container-health.ts';
import { currentSandbox, mayBeRunning, type ObservedPod } from '../observed-pod.ts';
import type { PodRef } from '../pod-names.ts';
import { type ActionLimits, computePodActions, type PodAction } from './compute-pod-actions.ts';
import { type ExecuteDeps, type ExecuteResult, executePodActions } from './execute-pod-actions.ts';
import type { PodSteps, SyncResult } from './pod-workers.ts';
import {
  type ContainerProbes,
  type ObservedPods,
  type PodCgroups,
  type PodDeadlines,
  type PodVerdicts,
  type PodVolumes,
  type TerminationMessages,
  type Verdict,
  VolumeError,
  type Waiting,
} from './services.ts';

/** What is published of a pod; the status is computed by the part that owns it. */
export interface PodReport {
  readonly observed: ObservedPod;
  readonly health: PodHealth;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly messages: ReadonlyMap<string, string>;
  readonly hasEnded: boolean;
  readonly verdict?: Verdict;
}

export interface PublishedPod {
  /** As it then is. */
  readonly pod: Pod;
  /** Nothing of it is to run again. Its phase says so when nothing of it runs any more. */
  readonly isFinished: boolean;
}

export interface PodReporter {
  /** The pod with the newest status that is known. */
  newest(pod: Pod): Pod;
  /** Publishes what was seen; undefined when its object is gone. */
  publish(pod: Pod, report: PodReport): Promise<PublishedPod | undefined>;
  forget(uid: string): void;
}

export interface PodStepsDeps extends ExecuteDeps, ActionLimits {
  readonly clock: Clock;
  readonly cache: ObservedPods;
  readonly reporter: PodReporter;
  readonly probes: ContainerProbes;
  readonly volumes: PodVolumes;
  readonly cgroups: PodCgroups;
  readonly messages: TerminationMessages;
  readonly verdicts: PodVerdicts;
  readonly deadlines: PodDeadlines;
  /** Removes the API object, as the kubelet does at the end; fine when it is gone. */
  readonly removeObject: (ref: PodRef) => Promise<void>;
  /** Removes log directory and whatever else is kept of a pod on the device. */
  readonly removeFiles: (ref: PodRef) => Promise<void>;
  /** Aborts when the process stops: then nothing more is asked of the runtime. */
  readonly stopping: AbortSignal;
}

/** The steps, and what makes the status follow the probes while a step takes long. */
export interface ProbedPodSteps extends PodSteps {
  /** Publishes the pod again as it was seen last, with what probes say now; rejects when that cannot be. */
  republish(uid: string): Promise<void>;
}

export function createPodSteps(deps: PodStepsDeps): ProbedPodSteps {
  return new Steps(deps);
}

interface LastReport {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly hasEnded: boolean;
  readonly verdict: Verdict | undefined;
}

class Steps implements ProbedPodSteps {
  readonly #deps: PodStepsDeps;
  readonly #reported = new Map<string, LastReport>();
  /** One at a time for each pod: what was seen later is written later. */
  readonly #publishing = new Map<string, Promise<unknown>>();
  /** By uid, why containers wait: kept while the same start is tried again. */
  readonly #waiting = new Map<string, ReadonlyMap<string, Waiting>>();
  readonly #announced = new Set<string>();
  /** By uid, why a pod was failed: published when its containers have ended. */
  readonly #verdicts = new Map<string, Verdict>();

  constructor(deps: PodStepsDeps) {
    this.#deps = deps;
  }

  async sync(given: Pod, signal: AbortSignal): Promise<SyncResult> {
    const { deadlines, reporter } = this.#deps;
    const result = await this.#sync(given, signal);
    const dueMs = deadlines.dueMs(reporter.newest(given));
    if (result.kind === 'Finished' || dueMs === undefined) return result;
    return { ...result, atMonotonicMs: Math.min(result.atMonotonicMs ?? Infinity, dueMs) };
  }

  async #sync(given: Pod, signal: AbortSignal): Promise<SyncResult> {
    const { cache, clock, reporter } = this.#deps;
    const uid = given.metadata.uid ?? '';
    const observed = await cache.read(uid, signal);
    let pod = reporter.newest(given);
    const { verdicts, deadlines } = this.#deps;
    const verdict = this.#verdicts.get(uid) ?? verdicts.verdict(pod, observed) ?? deadlines.verdict(pod);
    if (verdict) return await this.#fail(pod, observed, verdict);
    this.#announce(pod, observed);

    const { probes } = this.#deps;
    const actions = computePodActions(pod, observed, probes.look(pod, observed), clock.monotonicMs(), this.#deps);
    const published = await this.#publish(pod, observed, false);
    if (published === undefined) return { kind: 'Again', atMonotonicMs: undefined };
    if (published.isFinished) return { kind: 'Finished' };
    pod = published.pod;
    const isHeld = await this.#prepare(pod, actions, signal);
    if (isHeld) return { kind: 'Retry', atMonotonicMs: undefined };
    if (actions.length === 0) {
      this.#waiting.delete(uid);
      return { kind: 'Again', atMonotonicMs: undefined };
    }

    const after = await this.#execute(pod, observed, actions, signal);
    const health = probes.look(pod, after.observed);
    const next = await this.#publish(pod, after.observed, false);
    if (next?.isFinished) return { kind: 'Finished' };
    if (after.mustRetry) return { kind: 'Retry', atMonotonicMs: after.retryAtMonotonicMs };
    // What was started may ask for the next step at once: an init container that is a sidecar, one that ended already
    // (nobody will tell of its end again: this look has seen it).
    const more = computePodActions(pod, after.observed, health, clock.monotonicMs(), this.#deps);
    const canGoOn = more.some(
      (action) => (isStart(action) || action.kind === 'WaitBackOff') && !after.waiting.has(action.container),
    );
    return { kind: 'Again', atMonotonicMs: canGoOn ? clock.monotonicMs() : after.retryAtMonotonicMs };
  }

  async terminate(ref: PodRef, pod: Pod | undefined, graceMs: number, signal: AbortSignal): Promise<void> {
    const { cache, runtime, probes } = this.#deps;
    cache.distrust(ref.uid);
    let observed = await cache.read(ref.uid, signal);
    if (pod) probes.look(pod, observed);
    probes.endPod(ref.uid);
    const podIP = (pod?.spec.hostNetwork ? this.#deps.hostIPs() : currentSandbox(observed)?.ips)?.[0] ?? '';
    const endings = observed.containers
      .filter(mayBeRunning)
      .map(({ id, name, state }) => ({ id, name, isRunning: state === 'Running' }));
    await this.#deps.lifecycle.endAll(ref, pod, endings, { graceMs, podIP }, signal);
    // A sandbox that is down may still hold its address; stopping is repeatable.
    for (const sandbox of observed.sandboxes) await runtime.stopSandbox(sandbox.id, signal);
    cache.distrust(ref.uid);
    observed = await cache.read(ref.uid, signal);
    if (pod === undefined) return;
    probes.look(pod, observed);
    const hasEnded = !observed.containers.some(mayBeRunning);
    await this.#publish(this.#deps.reporter.newest(pod), observed, hasEnded, this.#verdicts.get(ref.uid));
  }

  async finish(ref: PodRef, pod: Pod | undefined, isDeleted: boolean, signal: AbortSignal): Promise<'Gone' | 'Kept'> {
    const { cache, runtime, volumes, cgroups, messages, reporter, probes } = this.#deps;
    await volumes.tearDown(ref.uid, signal);
    await cgroups.remove(ref.uid, signal);
    if (!isDeleted) return 'Kept';

    const observed = await cache.read(ref.uid, signal);
    for (const sandbox of observed.sandboxes) await runtime.removeSandbox(sandbox.id, signal);
    const orphaned = observed.containers.filter(
      ({ sandboxId }) => !observed.sandboxes.some(({ id }) => id === sandboxId),
    );
    for (const container of orphaned) await runtime.removeContainer(container.id, signal);
    cache.distrust(ref.uid);
    await cache.read(ref.uid, signal);
    await messages.remove(ref.uid);
    await this.#deps.removeFiles(ref);
    if (pod) await this.#deps.removeObject(ref);
    reporter.forget(ref.uid);
    probes.forget(ref.uid);
    this.#deps.lifecycle.forget(ref.uid);
    this.#deps.deadlines.forget(ref.uid);
    this.#verdicts.delete(ref.uid);
    this.#reported.delete(ref.uid);
    this.#waiting.delete(ref.uid);
    this.#announced.delete(ref.uid);
    return 'Gone';
  }

  /** What the scheduler says of a new pod; the scheduler of one node is the API server, which writes no events. */
  #announce(pod: Pod, observed: ObservedPod): void {
    const { uid = '', namespace, name } = pod.metadata;
    if (this.#announced.has(uid)) return;
    this.#announced.add(uid);
    if (pod.status?.startTime !== undefined || observed.sandboxes.length > 0) return;
    // One that named its node itself was not scheduled.
    if (!pod.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'True')) return;
    this.#deps.events.record(pod, {
      type: 'Normal',
      reason: 'Scheduled',
      message: `Successfully assigned ${namespace}/${name} to ${pod.spec.nodeName ?? ''}`,
      component: 'default-scheduler',
    });
  }

  /** The pod has failed for good; its containers are ended next, then its phase says so. */
  async #fail(pod: Pod, observed: ObservedPod, verdict: Verdict): Promise<SyncResult> {
    if (verdict.event && !this.#verdicts.has(observed.uid)) {
      this.#deps.events.record(pod, { type: 'Warning', ...verdict.event });
    }
    this.#verdicts.set(observed.uid, verdict);
    this.#waiting.delete(observed.uid);
    await this.#publish(pod, observed, false, verdict);
    return { kind: 'Finished', ...(verdict.graceSeconds === undefined ? {} : { graceSeconds: verdict.graceSeconds }) };
  }

  /** Volumes follow their sources also while nothing is to be started. True when the pod must wait for them. */
  async #prepare(pod: Pod, actions: readonly PodAction[], signal: AbortSignal): Promise<boolean> {
    const { volumes, cgroups, events } = this.#deps;
    const isStarting = actions.some(isStart);
    try {
      if (isStarting) {
        await whenAllEnd([cgroups.ensure(pod, signal), volumes.setUp(pod, signal)]);
      } else await volumes.refresh(pod, signal);
      return false;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      events.record(pod, { type: 'Warning', reason: 'FailedMount', message: error.message });
      // A pod that runs goes on with what it has (kubelet: only a start waits for volumes).
      return isStarting;
    }
  }

  async #execute(
    pod: Pod,
    observed: ObservedPod,
    actions: readonly PodAction[],
    signal: AbortSignal,
  ): Promise<ExecuteResult & { readonly observed: ObservedPod }> {
    const { cache, stopping } = this.#deps;
    const uid = pod.metadata.uid ?? '';
    cache.distrust(uid);
    try {
      const result = await executePodActions(this.#deps, pod, observed, actions, signal, stopping);
      this.#waiting.set(uid, result.waiting);
      const { waiting, mustRetry, retryAtMonotonicMs } = result;
      return { waiting, mustRetry, retryAtMonotonicMs, observed: await this.#readAnew(uid, signal) };
    } catch (error) {
      // It may have come further than it could say.
      cache.distrust(uid);
      throw error;
    }
  }

  async #readAnew(uid: string, signal: AbortSignal): Promise<ObservedPod> {
    this.#deps.cache.distrust(uid);
    return await this.#deps.cache.read(uid, signal);
  }

  async republish(uid: string): Promise<void> {
    const last = this.#reported.get(uid);
    if (last === undefined) return;
    await this.#publish(this.#deps.reporter.newest(last.pod), last.observed, last.hasEnded, last.verdict);
  }

  async #publish(
    pod: Pod,
    observed: ObservedPod,
    hasEnded: boolean,
    verdict?: Verdict,
  ): Promise<PublishedPod | undefined> {
    this.#reported.set(observed.uid, { pod, observed, hasEnded, verdict });
    // Taken now, with the observation that it belongs to; the queue may be long.
    const health = this.#deps.probes.health(observed.uid);
    const before = this.#publishing.get(observed.uid);
    const publishing = (async () => {
      await before?.catch(() => undefined);
      const waiting = this.#waiting.get(observed.uid) ?? new Map();
      const messages = await this.#deps.messages.read(observed, pod);
      const report = { observed, health, waiting, messages, hasEnded, ...(verdict ? { verdict } : {}) };
      return await this.#deps.reporter.publish(pod, report);
    })();
    this.#publishing.set(observed.uid, publishing);
    try {
      return await publishing;
    } finally {
      if (this.#publishing.get(observed.uid) === publishing) this.#publishing.delete(observed.uid);
    }
  }
}

function isStart(
  action: PodAction,
): action is Extract<PodAction, { readonly kind: 'CreateContainer' | 'StartCreated' }> {
  return action.kind === 'CreateContainer' || action.kind === 'StartCreated';
}
