/**
 * Watches the pods of a complete update until it is trusted: a container that ends, or a pod that is no longer ready,
 * is a failure. So are pods that it comes to lack meanwhile, scaled up perhaps, and that never work: they have the
 * progress deadline. Pure; the state is handed in and out.
 *
 * The state lives in memory only. After a restart of the daemon the bake time begins anew: what is not yet trusted
 * is watched once more, never trusted too early.
 */

import { isReady, readyCondition } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { isActive, restartsOf } from '../pods/pod-state.ts';
import { describeEnd, type Failure } from './roll-back.ts';

export interface Bake {
  /** Of the ReplicaSet that is watched. */
  readonly uid: string;
  readonly sinceMonotonicMs: number;
  /** Restarts of each pod when it was first seen ready, by uid. */
  readonly restarts: ReadonlyMap<string, number>;
  /** Since when it lacks pods and no further one has come to work; undefined while it is complete. */
  readonly stalledSinceMonotonicMs: number | undefined;
}

export type BakeOutcome =
  /** `againAfterMs`: when time alone changes the answer; undefined when it does not. */
  | { readonly kind: 'Baking'; readonly bake: Bake; readonly againAfterMs: number | undefined }
  | { readonly kind: 'Done' }
  /** It has lacked pods for longer than the deadline. */
  | { readonly kind: 'Late' }
  | { readonly kind: 'Failed'; readonly failure: Failure };

export interface BakeInput {
  readonly before: Bake | undefined;
  readonly replicaSet: ReplicaSet;
  /** Its pods. */
  readonly pods: readonly Pod[];
  /** All pods are there and available now. */
  readonly isComplete: boolean;
  readonly bakeMs: number;
  /** Of progress; `Infinity`: none. */
  readonly deadlineMs: number;
  readonly monotonicMs: number;
}

/** Call it from the first moment on at which the update is complete. */
export function computeBake(input: BakeInput): BakeOutcome {
  const { pods, isComplete, bakeMs, deadlineMs, monotonicMs } = input;
  const bake = goOn(input);
  const restarts = new Map<string, number>();
  for (const pod of pods) {
    const podUid = pod.metadata.uid ?? '';
    const known = bake.restarts.get(podUid);
    if (known === undefined) {
      if (isActive(pod) && isReady(pod)) restarts.set(podUid, restartsOf(pod));
      continue;
    }
    restarts.set(podUid, known);
    const failure = failureIn(pod, known);
    if (failure !== undefined) return { kind: 'Failed', failure };
  }
  const leftMs = bake.sinceMonotonicMs + bakeMs - monotonicMs;
  if (isComplete) {
    if (leftMs <= 0) return { kind: 'Done' };
    return { kind: 'Baking', bake: { ...bake, restarts, stalledSinceMonotonicMs: undefined }, againAfterMs: leftMs };
  }
  const hasGained = [...restarts.keys()].some((pod) => !bake.restarts.has(pod));
  const stalledSinceMonotonicMs = hasGained ? monotonicMs : (bake.stalledSinceMonotonicMs ?? monotonicMs);
  const untilLateMs = stalledSinceMonotonicMs + deadlineMs - monotonicMs;
  if (untilLateMs <= 0) return { kind: 'Late' };
  const againAfterMs = Number.isFinite(untilLateMs) ? untilLateMs : undefined;
  return { kind: 'Baking', bake: { ...bake, restarts, stalledSinceMonotonicMs }, againAfterMs };
}

/** What was watched before, when that was the same ReplicaSet. */
function goOn({ before, replicaSet, monotonicMs }: BakeInput): Bake {
  const uid = replicaSet.metadata.uid ?? '';
  if (before?.uid === uid) return before;
  return { uid, sinceMonotonicMs: monotonicMs, restarts: new Map(), stalledSinceMonotonicMs: undefined };
}

function failureIn(pod: Pod, restartsBefore: number): Failure | undefined {
  const { name, deletionTimestamp } = pod.metadata;
  // Somebody ended it: the ReplicaSet makes another.
  if (deletionTimestamp !== undefined) return undefined;
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
  if (pod.status.phase === 'Failed') {
    const { reason = 'Failed', message = '' } = pod.status;
    return { reason: 'PodFailed', message: `pod ${name} failed (${reason}${message ? `: ${message}` : ''})` };
  }
  if (restartsOf(pod) > restartsBefore) {
    for (const { name: container, restartCount, lastState, state } of statuses) {
      const ended = lastState?.terminated ?? state?.terminated;
      if (restartCount > 0 && ended)
        return { reason: 'ContainerCrashed', message: describeEnd(container, name, ended) };
    }
    return { reason: 'ContainerCrashed', message: `a container of pod ${name} was started again` };
  }
  const ended = statuses.find(({ state, ready }) => state?.terminated !== undefined && !ready);
  if (ended?.state?.terminated !== undefined && !isReady(pod)) {
    return { reason: 'ContainerCrashed', message: describeEnd(ended.name, name, ended.state.terminated) };
  }
  if (isReady(pod)) return undefined;
  const detail = readyCondition(pod)?.message;
  return { reason: 'NotReady', message: `pod ${name} is no longer ready${detail ? `: ${detail}` : ''}` };
}
