/**
 * Decides what must change for a pod to match its spec. Changes nothing.
 *
 * Pure: same pod, same observation, same instant, same answer. Every rule of sandboxes, init
 * containers, restart policy and back-off is therefore tested here, without a runtime or a
 * clock; `execute-pod-actions.ts` carries the answer out. The rules are the kubelet's
 * (kuberuntime computePodActions).
 */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerId, SandboxId, SandboxStatus } from '../../runtime/runtime.ts';
import { healthOf, type PodHealth } from '../container-health.ts';
import {
  type AnnouncedEnd,
  containersNamed,
  currentSandbox,
  mayBeRunning,
  type ObservedContainer,
  type ObservedPod,
} from '../observed-pod.ts';
import { allContainers, isSidecar } from '../pod-names.ts';
import { countAnnotation, runtimeAnnotations } from '../runtime-labels.ts';
import { isAskedAnew, isDue, startWord } from './asked-start.ts';
import { containerHash } from './container-hash.ts';
import { ephemeralActions } from './ephemeral-containers.ts';
import { probeBackOff, restartBackOff } from './restart-back-off.ts';

export type KillReason =
  | 'SpecChanged'
  | 'StartAsked'
  | 'SandboxDead'
  | 'StateUnknown'
  | 'LivenessFailed'
  | 'StartupFailed';

export type PodAction =
  | {
      readonly kind: 'KillContainer';
      readonly container: string;
      readonly id: ContainerId;
      readonly why: KillReason;
      /** Another one follows it. */
      readonly isRestarted: boolean;
    }
  /** Ends what is left of a sandbox and gives its address back. Containers in it are stopped before. */
  | { readonly kind: 'StopSandbox'; readonly id: SandboxId; readonly isReplaced: boolean }
  | { readonly kind: 'RunSandbox'; readonly attempt: number }
  /** A container that was created but never started (the agent died in between). */
  | { readonly kind: 'StartCreated'; readonly container: string; readonly id: ContainerId }
  | {
      readonly kind: 'CreateContainer';
      readonly container: string;
      readonly attempt: number;
      readonly restartCount: number;
      readonly backOffCount: number;
    }
  | {
      readonly kind: 'WaitBackOff';
      readonly container: string;
      readonly delayMs: number;
      readonly untilMonotonicMs: number;
    }
  | { readonly kind: 'RemoveContainer'; readonly id: ContainerId }
  | { readonly kind: 'RemoveSandbox'; readonly id: SandboxId };

export interface ActionLimits {
  /** Longest restart back-off. */
  readonly longestBackOffMs: number;
}

/**
 * @param monotonicMs a clock that never jumps; wall time decides nothing here
 * @returns actions in the order in which they must run; empty when nothing is to be done
 */
export function computePodActions(
  pod: Pod,
  observed: ObservedPod,
  health: PodHealth,
  monotonicMs: number,
  limits: ActionLimits,
): readonly PodAction[] {
  const sandbox = usableSandbox(pod, observed);
  const context: Context = { pod, observed, health, sandbox, monotonicMs, limits };
  const starts = containerActions(context);
  const needsSandbox = starts.some((action) => action.kind === 'CreateContainer' || action.kind === 'StartCreated');

  return [
    ...endStaleSandboxes(observed, sandbox),
    ...(needsSandbox && sandbox === undefined
      ? [{ kind: 'RunSandbox', attempt: nextAttempt(observed.sandboxes) } as const]
      : []),
    // Before the others: they are there to find out why those do not start.
    ...ephemeralActions(pod, observed, sandbox),
    ...starts,
    ...removals(pod, observed, sandbox),
  ];
}

interface Context {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly health: PodHealth;
  readonly sandbox: SandboxStatus | undefined;
  readonly monotonicMs: number;
  readonly limits: ActionLimits;
}

/** A ready sandbox that lost its address cannot be used: its network is gone (kubelet: PodSandboxChanged). */
function usableSandbox(pod: Pod, observed: ObservedPod): SandboxStatus | undefined {
  const sandbox = currentSandbox(observed);
  if (sandbox && !pod.spec.hostNetwork && sandbox.ips.length === 0) return undefined;
  return sandbox;
}

function endStaleSandboxes(observed: ObservedPod, sandbox: SandboxStatus | undefined): PodAction[] {
  const stale = observed.sandboxes.filter(({ id }) => id !== sandbox?.id);
  return stale.flatMap((old, index): PodAction[] => {
    const running = observed.containers.filter(({ sandboxId, state }) => sandboxId === old.id && state === 'Running');
    const isNewest = sandbox === undefined && index === 0;
    // An old one that is down and empty was stopped when it was replaced; the newest may still hold an address.
    if (!old.ready && running.length === 0 && !isNewest) return [];
    return [
      ...running.map((container) => kill(container, 'SandboxDead', false)),
      { kind: 'StopSandbox', id: old.id, isReplaced: isNewest },
    ];
  });
}

function containerActions(context: Context): PodAction[] {
  const { pod, observed, sandbox } = context;
  const mains = pod.spec.containers.flatMap((container) => actionsOf(context, container, pod.spec.restartPolicy));
  const mainsToStart = mains.filter((action) => action.kind !== 'WaitBackOff');
  const inits = pod.spec.initContainers ?? [];
  // A pod whose containers are all done needs neither its sandbox nor its init containers again.
  if (inits.length === 0 || (sandbox === undefined && mainsToStart.length === 0)) return mains;

  const hasInitialized = pod.spec.containers.some(({ name }) =>
    containersNamed(observed, name).some(({ sandboxId }) => sandboxId === sandbox?.id),
  );
  if (hasInitialized) {
    return [...inits.filter(isSidecar).flatMap((sidecar) => actionsOf(context, sidecar, 'Always')), ...mains];
  }
  return nextInitActions(context, inits) ?? mains;
}

/** What the init containers need next, in their order; undefined when all of them are done. */
function nextInitActions(context: Context, inits: readonly Container[]): PodAction[] | undefined {
  const actions: PodAction[] = [];
  for (const init of inits) {
    const latest = inSandbox(context, init.name);
    if (isSidecar(init)) {
      actions.push(...actionsOf(context, init, 'Always'));
      const isStarted = latest?.state === 'Running' && healthOf(context.health, latest.id).isStarted;
      if (!isStarted) return actions;
      continue;
    }
    if (latest?.state === 'Exited' && latest.exitCode === 0) continue;
    // After the sandbox was replaced, init containers run again whatever became of them before.
    const policy = context.pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    actions.push(...(latest === undefined ? [create(context, init)] : actionsOf(context, init, policy)));
    return actions;
  }
  return actions.length > 0 ? actions : undefined;
}

/** What one container needs under a restart policy. */
function actionsOf(context: Context, container: Container, policy: string): PodAction[] {
  const latest = containersNamed(context.observed, container.name)[0];
  if (latest === undefined) return [create(context, container)];
  const isHere = latest.sandboxId === context.sandbox?.id;
  const word = startWord(context.pod, container.name);
  switch (latest.state) {
    case 'Created':
      return [
        isHere && isOfSpec(latest, container)
          ? { kind: 'StartCreated', container: container.name, id: latest.id }
          : create(context, container),
      ];
    case 'Running':
      if (!isHere) return shouldRestart(policy, 1) ? [create(context, container)] : [];
      if (latest.announcedEnd && word !== undefined) {
        // One that ended by itself stays so, and what is asked for does not wait for the runtime to tidy up.
        return isAskedAnew(latest, word) ? [create(context, container)] : [];
      }
      if (latest.announcedEnd) return actionsAfterEnd(context, container, endedAs(latest, latest.announcedEnd), policy);
      if (!isOfSpec(latest, container)) return [kill(latest, 'SpecChanged', true), create(context, container)];
      if (isAskedAnew(latest, word)) return [kill(latest, 'StartAsked', true), create(context, container)];
      return failedProbeActions(context, container, latest, policy);
    case 'Unknown':
      return [kill(latest, 'StateUnknown', false), ...(policy === 'Never' ? [] : [create(context, container)])];
    case 'Exited': {
      if (word !== undefined) {
        // One of another spec was ended for that, and whoever did it could not go on.
        if (isDue(latest, word, isHere) || !isOfSpec(latest, container)) return [create(context, container)];
        // One that was ended for its probe has not ended by itself: it waits as one that crashed.
        if (healthOf(context.health, latest.id).failed === undefined) return [];
      }
      if (!shouldRestart(policy, latest.exitCode)) return [];
      const { delayMs, nextCount } = restartBackOff(latest, context.limits.longestBackOffMs);
      const untilMonotonicMs = latest.endedAtMonotonicMs + delayMs;
      return context.monotonicMs < untilMonotonicMs
        ? [{ kind: 'WaitBackOff', container: container.name, delayMs, untilMonotonicMs }]
        : [create(context, container, nextCount)];
    }
  }
}

/**
 * A container whose process has ended while the runtime still tidies up: one that is started again at once need not
 * wait for that (it takes half as long as the start). Everything else waits until the runtime says how it ended.
 */
function actionsAfterEnd(
  context: Context,
  container: Container,
  ended: ObservedContainer,
  policy: string,
): PodAction[] {
  if (!shouldRestart(policy, ended.exitCode)) return [];
  const { delayMs, nextCount } = restartBackOff(ended, context.limits.longestBackOffMs);
  return context.monotonicMs < ended.endedAtMonotonicMs + delayMs ? [] : [create(context, container, nextCount)];
}

function endedAs(running: ObservedContainer, { exitCode, atMs, atMonotonicMs }: AnnouncedEnd): ObservedContainer {
  return { ...running, state: 'Exited', exitCode, finishedAtMs: atMs, endedAtMonotonicMs: atMonotonicMs };
}

/** A container that failed its liveness or startup probe is ended, and started again by the restart policy. */
function failedProbeActions(
  context: Context,
  container: Container,
  running: ObservedContainer,
  policy: string,
): PodAction[] {
  const { failed } = healthOf(context.health, running.id);
  if (failed === undefined) return [];
  const why = failed === 'liveness' ? 'LivenessFailed' : 'StartupFailed';
  if (policy === 'Never') return [kill(running, why, false)];
  const previous = containersNamed(context.observed, container.name).find(({ state }) => state === 'Exited');
  const { isDue, nextCount } = probeBackOff(running, previous, context.monotonicMs, context.limits.longestBackOffMs);
  // Not due: it waits once it has ended, as one that crashed.
  return [kill(running, why, true), ...(isDue ? [create(context, container, nextCount)] : [])];
}

function kill({ name, id }: ObservedContainer, why: KillReason, isRestarted: boolean): PodAction {
  return { kind: 'KillContainer', container: name, id, why, isRestarted };
}

/** @param killedCount back-off count when the runtime does not say yet that the one before it has ended */
function create(context: Context, container: Container, killedCount = 0): PodAction {
  const earlier = containersNamed(context.observed, container.name);
  const latest = earlier[0];
  const statuses = [
    ...(context.pod.status?.initContainerStatuses ?? []),
    ...(context.pod.status?.containerStatuses ?? []),
  ];
  const reported = statuses.find(({ name }) => name === container.name);
  const wasLost = latest === undefined && reported?.containerID !== undefined && reported.containerID !== '';
  const counted = Math.max(
    latest ? countAnnotation(latest.annotations, runtimeAnnotations.restartCount) : 0,
    reported?.restartCount ?? 0,
  );
  // A start that was asked for follows no crash.
  const isCrash = latest?.state === 'Exited' && startWord(context.pod, container.name) === undefined;
  return {
    kind: 'CreateContainer',
    container: container.name,
    attempt: nextAttempt(earlier),
    // One that never ran was not restarted. One that the runtime forgot was (its status remembers it).
    restartCount: (latest && latest.state !== 'Created') || wasLost ? counted + 1 : counted,
    backOffCount: isCrash ? restartBackOff(latest, context.limits.longestBackOffMs).nextCount : killedCount,
  };
}

/** Old sandboxes and containers that nobody can ask about any more: the two newest of each name are kept for logs. */
function removals(pod: Pod, observed: ObservedPod, sandbox: SandboxStatus | undefined): PodAction[] {
  const kept = new Set(
    allContainers(pod).flatMap(({ name }) =>
      containersNamed(observed, name)
        .slice(0, 2)
        .map(({ id }) => id),
    ),
  );
  const removable = (container: ObservedContainer): boolean => !kept.has(container.id) && !mayBeRunning(container);
  // The newest one stays, whatever it is: its attempt says which comes next.
  const emptied = observed.sandboxes.filter(
    ({ id, ready }, index) =>
      index > 0 &&
      !ready &&
      id !== sandbox?.id &&
      observed.containers.every((container) => container.sandboxId !== id || removable(container)),
  );
  return [
    ...observed.containers.filter(removable).map(({ id }): PodAction => ({ kind: 'RemoveContainer', id })),
    ...emptied.map(({ id }): PodAction => ({ kind: 'RemoveSandbox', id })),
  ];
}

function inSandbox(context: Context, name: string): ObservedContainer | undefined {
  return containersNamed(context.observed, name).find(({ sandboxId }) => sandboxId === context.sandbox?.id);
}

function isOfSpec(observed: ObservedContainer, container: Container): boolean {
  const hash = observed.annotations[runtimeAnnotations.containerHash];
  return hash === undefined || hash === containerHash(container);
}

/** Whether a container that ended with this code starts again. */
function shouldRestart(policy: string, exitCode: number): boolean {
  switch (policy) {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}

function nextAttempt(earlier: readonly { readonly attempt: number }[]): number {
  return earlier.reduce((highest, { attempt }) => Math.max(highest, attempt + 1), 0);
}
