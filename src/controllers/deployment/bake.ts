/**
 * Watches the pods of a complete update until it is trusted: a container that ends, or a pod that is no longer ready,
 * is a failure. Pure; the state is handed in and out.
 *
 * The state lives in memory only. After a restart of the daemon the bake time begins anew: what is not yet trusted
 * is watched once more, never trusted too early.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { isActive, isReady, readyCondition, restartsOf } from '../pods/pod-state.ts';
import { describeEnd, type Failure } from './roll-back.ts';

export interface Bake {
  /** Of the ReplicaSet that is watched. */
  readonly uid: string;
  readonly sinceMonotonicMs: number;
  /** Restarts of each pod when it was first seen ready, by uid. */
  readonly restarts: ReadonlyMap<string, number>;
}

export type BakeOutcome =
  | { readonly kind: 'Baking'; readonly bake: Bake; readonly leftMs: number }
  | { readonly kind: 'Done' }
  | { readonly kind: 'Failed'; readonly failure: Failure };

export interface BakeInput {
  readonly before: Bake | undefined;
  readonly replicaSet: ReplicaSet;
  /** Its pods. */
  readonly pods: readonly Pod[];
  /** All pods are there and available now. */
  readonly isComplete: boolean;
  readonly bakeMs: number;
  readonly monotonicMs: number;
}

/** Call it from the first moment on at which the update is complete. */
export function computeBake({ before, replicaSet, pods, isComplete, bakeMs, monotonicMs }: BakeInput): BakeOutcome {
  const uid = replicaSet.metadata.uid ?? '';
  const bake: Bake =
    before?.uid === uid ? before : { uid, sinceMonotonicMs: monotonicMs, restarts: new Map<string, number>() };
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
  if (leftMs <= 0 && isComplete) return { kind: 'Done' };
  return { kind: 'Baking', bake: { ...bake, restarts }, leftMs: Math.max(leftMs, 0) };
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
