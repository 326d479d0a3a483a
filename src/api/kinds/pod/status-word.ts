/** The one word that `kubectl get pods` says about a pod, and what it counts (printPod of Kubernetes 1.35). */
import { isTerminalPhase } from './state.ts';
import type { Container, ContainerStateTerminated, ContainerStatus, Pod } from './types.ts';

export interface PodSummary {
  /** `Running`, `Completed`, `CrashLoopBackOff`, `Init:1/2`, `Terminating`, … */
  readonly word: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** RFC 3339; when the container that was restarted last had ended. */
  readonly lastRestartAt: string | undefined;
}

export function summarizePod(pod: Pod): PodSummary {
  const init = summarizeInitContainers(pod);
  const main = init.word === undefined || hasCondition(pod, 'Initialized') ? summarizeContainers(pod) : undefined;
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).length;
  // Once the pod is initialized, only init containers that go on running still count as restarted.
  const counted = main === undefined ? init.all : mergeRestarts(init.sidecars, main.restarts);
  return {
    word: deletionWord(pod) ?? main?.word ?? init.word ?? ownWord(pod),
    ready: init.ready + (main?.ready ?? 0),
    total: (pod.spec.containers ?? []).length + sidecars,
    restarts: counted.count,
    lastRestartAt: counted.lastAt,
  };
}

interface Restarts {
  readonly count: number;
  readonly lastAt: string | undefined;
}

const noRestarts: Restarts = { count: 0, lastAt: undefined };

function addRestarts(sum: Restarts, { restartCount = 0, lastState = {} }: ContainerStatus): Restarts {
  return mergeRestarts(sum, { count: restartCount, lastAt: lastState.terminated?.finishedAt });
}

function mergeRestarts(a: Restarts, b: Restarts): Restarts {
  const isLater = b.lastAt !== undefined && (a.lastAt === undefined || Date.parse(b.lastAt) > Date.parse(a.lastAt));
  return { count: a.count + b.count, lastAt: isLater ? b.lastAt : a.lastAt };
}

/** The init containers up to the first that keeps the pod from going on; `word` says which, undefined when none. */
function summarizeInitContainers(pod: Pod): {
  readonly word: string | undefined;
  readonly ready: number;
  readonly all: Restarts;
  readonly sidecars: Restarts;
} {
  const specs = new Map((pod.spec.initContainers ?? []).map((container) => [container.name, container]));
  let ready = 0;
  let all = noRestarts;
  let sidecars = noRestarts;
  for (const [index, status] of (pod.status.initContainerStatuses ?? []).entries()) {
    const spec = specs.get(status.name);
    const isRunningOn = spec !== undefined && isSidecar(spec);
    all = addRestarts(all, status);
    if (isRunningOn) sidecars = addRestarts(sidecars, status);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (isRunningOn && status.started) {
      if (status.ready) ready++;
      continue;
    }
    return { word: `Init:${initWord(status, index, specs.size)}`, ready, all, sidecars };
  }
  return { word: undefined, ready, all, sidecars };
}

function initWord({ state = {} }: ContainerStatus, index: number, count: number): string {
  if (state.terminated) return endWord(state.terminated);
  const waiting = state.waiting?.reason;
  return waiting && waiting !== 'PodInitializing' ? waiting : `${index}/${count}`;
}

/** The containers proper; `word` is undefined when none of them has anything to say. */
function summarizeContainers(pod: Pod): {
  readonly word: string | undefined;
  readonly ready: number;
  readonly restarts: Restarts;
} {
  let word: string | undefined;
  let ready = 0;
  let restarts = noRestarts;
  // Backwards, so that the first container has the last word.
  for (const status of (pod.status.containerStatuses ?? []).toReversed()) {
    // A status that another client wrote may lack what Kubernetes' own always has.
    const { state = {} } = status;
    restarts = addRestarts(restarts, status);
    if (state.waiting?.reason) word = state.waiting.reason;
    else if (state.terminated) word = endWord(state.terminated);
    else if (status.ready && state.running) ready++;
  }
  // A container that goes on running outweighs one that has completed.
  if ((word ?? ownWord(pod)) === 'Completed' && ready > 0) word = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  return { word, ready, restarts };
}

function endWord({ reason, signal, exitCode }: ContainerStateTerminated): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

/** What the pod says of itself when no container says more. */
function ownWord({ status }: Pod): string {
  const isGated = status.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  return isGated ? 'SchedulingGated' : status.reason || status.phase || '';
}

function deletionWord({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (status.reason === 'NodeLost') return 'Unknown';
  return isTerminalPhase(status.phase) ? undefined : 'Terminating';
}

function hasCondition({ status }: Pod, type: string): boolean {
  return status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** An init container that goes on running beside the containers. */
function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}
