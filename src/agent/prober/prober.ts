/**
 * Asks containers whether they have started, live and are ready (probes of Kubernetes), and keeps the answers.
 *
 * A probe is a value on one queue of due times, not a timer of its own: nothing runs between two of them. Each probe
 * has at most one question under way. What an answer means is decided in `probe-state.ts`; who acts on it looks at
 * `look` (the pod's worker, which is told by `onChange`).
 */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { DueQueue } from '../../lib/due-queue.ts';
import { type ContainerHealth, noProbes, type PodHealth } from '../container-health.ts';
import { containersNamed, currentSandbox, type ObservedContainer, type ObservedPod } from '../observed-pod.ts';
import { type ProbeKind, probesOf } from './probe-kinds.ts';
import { newProbeState, nextAskMs, type ProbeState, withContainer, withEarlyTick, withOutcome } from './probe-state.ts';
import type { ProbeTarget } from './run-probe.ts';

export interface ProberDeps {
  readonly clock: Clock;
  /** The newest picture of a pod. */
  readonly observed: (uid: string) => ObservedPod | undefined;
  readonly hostIPs: () => readonly string[];
  /** Asks once, and says in an event what went wrong. Undefined: the question could not be asked. */
  readonly ask: (target: ProbeTarget, signal: AbortSignal) => Promise<'Success' | 'Failure' | undefined>;
  /** From 0 to 1: after a start, probes are spread over their period. */
  readonly random: () => number;
  /** A result changed. `mustAct`: not only readiness did. */
  readonly onChange: (uid: string, mustAct: boolean) => void;
}

interface ContainerProbe {
  readonly uid: string;
  readonly container: Container;
  state: ProbeState;
  /** The container that has ended after it failed, until there is another one; empty when there is none. */
  endedId: string;
  isAsking: boolean;
}

interface ProbedPod {
  pod: Pod;
  readonly probes: readonly ContainerProbe[];
  isEnding: boolean;
}

export class Prober {
  readonly #deps: ProberDeps;
  readonly #pods = new Map<string, ProbedPod>();
  readonly #queue: DueQueue<ContainerProbe>;
  #signal: AbortSignal | undefined;

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    this.#queue = new DueQueue(deps.clock, (probe) => void this.#ask(probe));
  }

  /** Asks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await this.#queue.run(signal);
  }

  /** Follows a pod: takes notice of new and ended containers, and gives what is known of those that run. */
  look(pod: Pod, observed: ObservedPod): PodHealth {
    const uid = observed.uid;
    const probed = this.#pods.get(uid) ?? this.#begin(pod, observed);
    probed.pod = pod;
    for (const probe of probed.probes) this.#follow(probed, probe, observed);
    const health = healthOfPod(probed);
    for (const probe of probed.probes) this.#plan(probe, health, probed.isEnding);
    return health;
  }

  /** What is known of the containers that ran at the last look. */
  health(uid: string): PodHealth {
    const probed = this.#pods.get(uid);
    return probed ? healthOfPod(probed) : noProbes;
  }

  /** The pod is to end: it is asked for its readiness only, and nothing else can fail any more. */
  endPod(uid: string): void {
    const probed = this.#pods.get(uid);
    if (probed === undefined) return;
    probed.isEnding = true;
    for (const probe of probed.probes) {
      if (probe.state.kind === 'readiness') continue;
      this.#queue.delete(probe);
      probe.state = { ...probe.state, result: 'Success', isOnHold: true };
    }
  }

  forget(uid: string): void {
    for (const probe of this.#pods.get(uid)?.probes ?? []) this.#queue.delete(probe);
    this.#pods.delete(uid);
  }

  #begin(pod: Pod, observed: ObservedPod): ProbedPod {
    const { clock, random } = this.#deps;
    const nowMs = clock.monotonicMs();
    const probes = probesOf(pod).map(({ kind, container, probe }): ContainerProbe => {
      const running = runningOf(observed, container);
      const known = running && knownResult(pod, kind, running);
      // Found running at a start of this process: not all of them at once (kubelet: random part of the period).
      const anchorMs = nowMs + (running ? random() * probe.periodSeconds * 1000 : 0);
      const state = newProbeState(kind, probe, anchorMs);
      return {
        uid: observed.uid,
        container,
        state: running && known ? withContainer(state, running.id, this.#startOf(running), known) : state,
        endedId: '',
        isAsking: false,
      };
    });
    const probed: ProbedPod = { pod, probes, isEnding: false };
    this.#pods.set(observed.uid, probed);
    return probed;
  }

  #follow({ isEnding }: ProbedPod, probe: ContainerProbe, observed: ObservedPod): void {
    const running = runningOf(observed, probe.container);
    if (running === undefined) {
      this.#queue.delete(probe);
      if (probe.state.containerId === '') return;
      const { kind, result, containerId } = probe.state;
      if (kind !== 'readiness' && result === 'Failure') probe.endedId = containerId;
      probe.state = { ...probe.state, result: 'Failure', containerId: '' };
    } else if (running.id !== probe.state.containerId) {
      const result = isEnding && probe.state.kind !== 'readiness' ? 'Success' : undefined;
      probe.endedId = '';
      probe.state = withContainer(probe.state, running.id, this.#startOf(running), result);
    }
  }

  #plan(probe: ContainerProbe, health: PodHealth, isEnding: boolean): void {
    const { clock } = this.#deps;
    const { state } = probe;
    if (probe.isAsking) return;
    const isStarted = health.get(state.containerId)?.isStarted ?? false;
    const nowMs = clock.monotonicMs();
    const isFirst = state.kind === 'readiness' && state.result === 'Failure' && state.askedMs === undefined;
    if (isFirst && isStarted && !this.#queue.has(probe)) probe.state = withEarlyTick(state, nowMs);
    const isOver = isEnding && state.kind !== 'readiness';
    const atMs = isOver ? undefined : nextAskMs(probe.state, isStarted, nowMs);
    if (atMs === undefined) this.#queue.delete(probe);
    else this.#queue.set(probe, atMs);
  }

  async #ask(probe: ContainerProbe): Promise<void> {
    const { observed: observedOf, hostIPs, ask, onChange } = this.#deps;
    const probed = this.#pods.get(probe.uid);
    const observed = observedOf(probe.uid);
    const signal = this.#signal;
    const { containerId } = probe.state;
    const running = observed && runningOf(observed, probe.container);
    // The worker learns of the end of a container by itself.
    if (!probed || !observed || !signal || running?.id !== containerId || running.announcedEnd) return;
    const { pod } = probed;
    probe.isAsking = true;
    probe.state = { ...probe.state, askedMs: this.#deps.clock.monotonicMs() };
    const sandboxIPs = currentSandbox(observed)?.ips ?? [];
    const target: ProbeTarget = {
      pod,
      container: probe.container,
      containerId,
      kind: probe.state.kind,
      probe: probe.state.probe,
      podIP: (pod.spec.hostNetwork ? hostIPs()[0] : sandboxIPs[0]) ?? '',
    };
    const outcome = await ask(target, signal).catch(() => undefined);
    probe.isAsking = false;
    if (signal.aborted || this.#pods.get(probe.uid) !== probed) return;
    if (outcome !== undefined && probe.state.containerId === containerId && !probe.state.isOnHold) {
      const before = probe.state.result;
      probe.state = withOutcome(probe.state, outcome);
      if (probe.state.result !== before) onChange(probe.uid, probe.state.kind !== 'readiness');
    }
    const health = healthOfPod(probed);
    for (const each of probed.probes) this.#plan(each, health, probed.isEnding);
  }

  /** Wall times of the runtime, read once: a clock that jumps later changes nothing. */
  #startOf(container: ObservedContainer): number {
    const { clock } = this.#deps;
    return clock.monotonicMs() - Math.max(0, clock.now() - container.startedAtMs);
  }
}

function runningOf(observed: ObservedPod, { name }: Container): ObservedContainer | undefined {
  const newest = containersNamed(observed, name)[0];
  return newest?.state === 'Running' ? newest : undefined;
}

/** What was published before this process began: a restart of the agent makes nobody unready. */
function knownResult(pod: Pod, kind: ProbeKind, { id, name }: ObservedContainer): 'Success' | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const status = statuses.find((each) => each.name === name && each.containerID?.endsWith(`//${id}`));
  const isTrue = kind === 'startup' ? status?.started : kind === 'readiness' ? status?.ready : undefined;
  return isTrue === true ? 'Success' : undefined;
}

function healthOfPod({ probes }: ProbedPod): PodHealth {
  const health = new Map<string, ContainerHealth>();
  for (const { state, endedId } of probes) {
    const { containerId, kind, result } = state;
    if (endedId !== '' && kind !== 'readiness') {
      health.set(endedId, { isStarted: false, isReady: false, failed: kind });
    }
    if (containerId === '') continue;
    const { isStarted = true, isReady = true, failed } = health.get(containerId) ?? {};
    health.set(containerId, {
      isStarted: isStarted && (kind !== 'startup' || result === 'Success'),
      isReady: isReady && (kind === 'liveness' || result === 'Success'),
      failed: kind !== 'readiness' && result === 'Failure' && failed !== 'liveness' ? kind : failed,
    });
  }
  return health;
}
