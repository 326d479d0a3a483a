/** `status.containerStatuses`: one for each container of the spec, in its order. Pure. */
import type { Container, ContainerStatus, Pod } from '../../api/kinds/pod/types.ts';
import { healthOf, type PodHealth } from '../container-health.ts';
import { containersNamed, type ObservedPod } from '../observed-pod.ts';
import { isSidecar } from '../pod-names.ts';
import { countAnnotation, runtimeAnnotations } from '../runtime-labels.ts';
import { containerIdText, containerStateOf, terminatedStateOf, type Waiting } from './container-state.ts';

export interface ContainerStatusesInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** What probes say of the containers that run. */
  readonly health: PodHealth;
  /** Why containers wait, by name; for those the worker failed to start or holds back. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** What ended containers left in their termination log, by container id. */
  readonly messages: ReadonlyMap<string, string>;
  /** True once nothing of the pod may run again. */
  readonly isTerminal: boolean;
}

/** @param previous the statuses of these containers as last published; what the runtime forgot is taken from them */
export function containerStatuses(
  input: ContainerStatusesInput,
  containers: readonly Container[],
  previous: readonly ContainerStatus[],
): readonly ContainerStatus[] {
  return containers.map((container) =>
    containerStatus(
      input,
      container,
      previous.find(({ name }) => name === container.name),
    ),
  );
}

/** `status.ephemeralContainerStatuses`: nobody asks whether they are ready or have started. */
export function ephemeralContainerStatuses(
  input: ContainerStatusesInput,
  previous: readonly ContainerStatus[],
): readonly ContainerStatus[] {
  return containerStatuses(input, input.pod.spec.ephemeralContainers ?? [], previous).map(
    ({ started: _, ...status }) => ({ ...status, ready: false }),
  );
}

function containerStatus(
  input: ContainerStatusesInput,
  container: Container,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const [latest, earlier] = containersNamed(input.observed, container.name);
  const waiting = input.isTerminal ? undefined : input.waiting.get(container.name);
  if (latest === undefined) return forgottenStatus(input, container, previous, waiting);

  const message = (id: string): string | undefined => input.messages.get(id);
  const own = containerStateOf(latest, message(latest.id));
  // While a start is being held back or fails, the last end moves to lastState (kubelet: reason cache).
  const isHeld = waiting !== undefined && !own?.running && mayStartAgain(input.pod, container, own);
  const state = isHeld ? { waiting } : (own ?? { waiting: { reason: defaultReason(input.pod) } });
  const ended = isHeld && own?.terminated ? own.terminated : undefined;
  const before = earlier?.state === 'Exited' ? terminatedStateOf(earlier, message(earlier.id)) : undefined;
  const terminatedBefore = ended ?? before ?? previous?.lastState?.terminated;
  const isRunning = own?.running !== undefined;
  const { isStarted, isReady: isAnswering } = healthOf(input.health, latest.id);
  return {
    name: container.name,
    state,
    lastState: terminatedBefore && terminatedBefore !== state.terminated ? { terminated: terminatedBefore } : {},
    ready: isReady(input.pod, container, state, isAnswering),
    restartCount: Math.max(
      countAnnotation(latest.annotations, runtimeAnnotations.restartCount),
      previous?.restartCount ?? 0,
    ),
    image: container.image ?? latest.image,
    imageID: latest.imageId,
    containerID: containerIdText(latest.id),
    started: isRunning && isStarted,
  };
}

/** A container without a trace in the runtime: not made yet, or lost together with its record. */
function forgottenStatus(
  input: ContainerStatusesInput,
  container: Container,
  previous: ContainerStatus | undefined,
  waiting: Waiting | undefined,
): ContainerStatus {
  const base = {
    name: container.name,
    ready: false,
    restartCount: previous?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: previous?.imageID ?? '',
    started: false,
  };
  const known = previous?.containerID ? { ...base, containerID: previous.containerID } : base;
  if (previous?.state?.terminated && input.isTerminal) {
    const { terminated } = previous.state;
    return {
      ...known,
      state: { terminated },
      lastState: previous.lastState ?? {},
      ready: terminated.exitCode === 0 && isInitContainer(input.pod, container),
    };
  }
  const lost = previous?.state?.running
    ? {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
        startedAt: previous.state.running.startedAt ?? null,
        finishedAt: null,
      }
    : undefined;
  if (lost && input.isTerminal) return { ...known, state: { terminated: lost as never }, lastState: {} };
  const terminated = lost ?? previous?.state?.terminated ?? previous?.lastState?.terminated;
  return {
    ...known,
    state: { waiting: waiting ?? { reason: defaultReason(input.pod) } },
    lastState: terminated ? { terminated: terminated as never } : {},
  };
}

/** One that has ended for good waits for nothing. */
function mayStartAgain(pod: Pod, container: Container, state: ContainerStatus['state'] | undefined): boolean {
  if (!state?.terminated || isSidecar(container)) return true;
  const { restartPolicy } = pod.spec;
  if (restartPolicy === 'Never') return false;
  return state.terminated.exitCode !== 0 || (restartPolicy === 'Always' && !isInitContainer(pod, container));
}

function defaultReason(pod: Pod): string {
  return (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
}

/** An init container is ready when it is done, any other while it runs and its probes say so. */
function isReady(pod: Pod, container: Container, state: ContainerStatus['state'], isAnswering: boolean): boolean {
  if (state?.running) return isAnswering && (!isInitContainer(pod, container) || container.restartPolicy === 'Always');
  return state?.terminated?.exitCode === 0 && isInitContainer(pod, container);
}

function isInitContainer(pod: Pod, container: Container): boolean {
  return (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
}
