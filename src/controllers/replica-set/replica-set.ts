/**
 * Keeps as many pods of each ReplicaSet as it wants: makes what is missing, ends what is too many, adopts pods that
 * it selects, lets go of those that it no longer does, and says in the status what there is.
 *
 * Level-driven: each look counts all pods anew. It counts only when its last deeds are seen in its copy
 * (`expectations.ts`).
 */

import { jsonEqual } from '../../api/json-value.ts';
import { isReady } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { labelSelectorFromObject, matchesLabels } from '../../api/labels.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods as podsResource, replicaSets as replicaSetsResource } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import { Expectations } from '../expectations.ts';
import type { ObjectEvents } from '../object-events.ts';
import { objectKeyOf, queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { computeClaims, executeClaims } from '../ownership/claims.ts';
import { controllerOf } from '../ownership/owner.ts';
import { Ages } from '../pods/ages.ts';
import { availableInMs } from '../pods/availability.ts';
import { isActive, isTerminating } from '../pods/pod-state.ts';
import { isStaleCopy } from '../stale-copy.ts';
import { computeReplicaSetStatus } from './compute-status.ts';
import { manageReplicas, messageOf } from './manage-replicas.ts';
import { ReplacementBackOff } from './replacement-back-off.ts';

export interface ReplicaSetControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ObjectEvents;
  readonly replicaSets: ObjectSource<ReplicaSet>;
  readonly pods: ObjectSource<Pod>;
}

export class ReplicaSetController {
  readonly #deps: ReplicaSetControllerDeps;
  readonly #queue: WorkQueue;
  readonly #expectations: Expectations;
  readonly #ages: Ages;
  readonly #backOff: ReplacementBackOff;

  constructor(deps: ReplicaSetControllerDeps) {
    this.#deps = deps;
    this.#expectations = new Expectations(deps.clock);
    this.#ages = new Ages(deps.clock);
    this.#backOff = new ReplacementBackOff(deps.clock);
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'replica-set' }),
      process: (key) => this.#sync(key),
      isPassing: isStaleCopy,
      parallelism: 2,
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const ofReplicaSets = follow(this.#deps.replicaSets, ({ type, object }) => {
      const key = queueKey(object.metadata);
      // One that is made anew under its name owes nothing to what this one waited for.
      if (type === 'deleted') this.#forget(key);
      this.#queue.add(key);
    });
    const ofPods = follow(this.#deps.pods, (change) => this.#onPod(change));
    return runControlLoop(this.#queue, [ofReplicaSets, ofPods], signal);
  }

  #onPod({ type, object: pod, previous }: ObjectChange<Pod>): void {
    const { namespace = '', uid = '', deletionTimestamp } = pod.metadata;
    if (type === 'deleted') this.#ages.forget(uid);
    const before = previous === undefined ? undefined : this.#ownerKey(previous);
    const owner = this.#ownerKey(pod);
    if (before !== undefined && before !== owner) this.#queue.add(before);
    if (owner !== undefined) {
      this.#noteFailure(owner, pod, previous);
      if (type === 'added') this.#expectations.creationSeen(owner);
      if (type === 'deleted' || deletionTimestamp !== undefined) this.#expectations.deletionSeen(owner, uid);
      this.#queue.add(owner);
      return;
    }
    // Nobody's: whoever selects it may want it.
    if (type === 'deleted' || controllerOf(pod) !== undefined) return;
    for (const { metadata, spec } of this.#deps.replicaSets.list()) {
      const isSelected = metadata.namespace === namespace && matchesSelector(spec.selector, pod);
      if (isSelected) this.#queue.add(queueKey(metadata));
    }
  }

  #noteFailure(owner: string, pod: Pod, previous: Pod | undefined): void {
    if (previous === undefined) return;
    if (isReady(pod) && !isReady(previous)) this.#backOff.forget(owner);
    if (pod.status.phase === 'Failed' && previous.status.phase !== 'Failed') this.#backOff.failed(owner);
  }

  #forget(key: string): void {
    this.#expectations.forget(key);
    this.#backOff.forget(key);
  }

  /** The queue key of the ReplicaSet that controls the pod. */
  #ownerKey(pod: Pod): string | undefined {
    const controller = controllerOf(pod);
    if (controller?.kind !== 'ReplicaSet') return undefined;
    const key = { namespace: pod.metadata.namespace ?? '', name: controller.name };
    return this.#deps.replicaSets.get(key)?.metadata.uid === controller.uid ? queueKey(key) : undefined;
  }

  async #sync(key: string): Promise<ProcessResult> {
    const { client, replicaSets, pods } = this.#deps;
    const replicaSet = replicaSets.get(objectKeyOf(key));
    if (replicaSet === undefined) {
      this.#forget(key);
      return undefined;
    }
    // Before the pods are read: one that appears in between is only counted once more.
    const mayCount = this.#expectations.areMet(key);
    const inNamespace = pods.list().filter(({ metadata }) => metadata.namespace === replicaSet.metadata.namespace);
    const claims = computeClaims(replicaSet, labelSelectorFromObject(replicaSet.spec.selector), inNamespace);
    const toAdopt = claims.toAdopt.filter(isActive);
    const claimed = await executeClaims(
      { client, resource: podsResource, ownerResource: replicaSetsResource },
      replicaSet,
      { ...claims, toAdopt },
    );
    const active = claimed.filter(isActive);
    const isEnding = replicaSet.metadata.deletionTimestamp !== undefined;
    const pauseMs = active.length < replicaSet.spec.replicas ? this.#backOff.leftMs(key) : 0;
    const failure =
      mayCount && !isEnding && pauseMs === 0
        ? await manageReplicas({ ...this.#deps, expectations: this.#expectations }, replicaSet, active)
        : undefined;
    const waits = active.map((pod) => availableInMs(pod, replicaSet.spec.minReadySeconds ?? 0, this.#ages));
    const status = computeReplicaSetStatus(replicaSet, {
      active,
      terminating: claimed.filter(isTerminating).length,
      available: waits.filter((wait) => wait === 0).length,
      failure: failure && { reason: failure.reason, message: messageOf(failure.error) },
      now: formatTime(this.#deps.clock.now()),
    });
    if (!jsonEqual(status, replicaSet.status)) {
      await client.update(replicaSetsResource, { ...replicaSet, status }, { subresource: 'status' });
    }
    // The status says what; the queue's back-off says when it is tried again.
    if (failure !== undefined) throw failure.error;
    const pending = [...waits, pauseMs].filter((wait) => wait !== undefined && wait > 0) as number[];
    return pending.length > 0 ? { againAfterMs: Math.min(...pending) } : undefined;
  }
}

/** False for a selector that cannot be read: the API lets none pass. */
function matchesSelector(selector: ReplicaSet['spec']['selector'], pod: Pod): boolean {
  return matchesLabels(labelSelectorFromObject(selector), pod.metadata.labels);
}
