/**
 * Deletes finished pods of which there are too many: Kubernetes' pod garbage collector, and its flag
 * --terminated-pod-gc-threshold. A device has one node, which is never gone, so the collector has nothing else to do here.
 *
 * It looks some time after a pod has finished, so that its end can be seen, and at once when there are far too many.
 */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods as podsResource } from '../../api/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import { queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { computeCollected } from './compute-collected.ts';

export interface PodCollectorDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pods: ObjectSource<Pod>;
  /** Finished pods that are left; 0: none is ever deleted. */
  readonly terminatedPodGCThreshold: number;
  /** Pods that stay because somebody would make them anew, and so run them again. */
  readonly isNeeded: (pod: Pod) => boolean;
}

/** Milliseconds between the end of a pod and the look at how many there are (upstream's gcCheckPeriod). */
const checkPeriodMs = 20_000;
/** With so many times the threshold nobody waits. */
const farTooMany = 2;
/** The one key of the queue. */
const finished = 'finished';

export class PodCollector {
  readonly #deps: PodCollectorDeps;
  readonly #queue: WorkQueue;

  constructor(deps: PodCollectorDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'pod-garbage-collector' }),
      process: () => this.#collect(),
    });
  }

  /** Works until `signal` aborts; does nothing when nothing is to be collected. The source is run by the caller. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#deps.terminatedPodGCThreshold === 0) return;
    await runControlLoop(this.#queue, [follow(this.#deps.pods, (change) => this.#onPod(change))], signal);
  }

  #onPod({ type, object, previous }: ObjectChange<Pod>): void {
    if (type === 'deleted' || !isFinished(object) || (previous !== undefined && isFinished(previous))) return;
    const { pods, terminatedPodGCThreshold } = this.#deps;
    const isUrgent = pods.list().filter(isFinished).length > terminatedPodGCThreshold * farTooMany;
    if (isUrgent) this.#queue.add(finished);
    else this.#queue.addAfter(finished, checkPeriodMs);
  }

  async #collect(): Promise<undefined> {
    const { client, log, pods, terminatedPodGCThreshold, isNeeded } = this.#deps;
    const surplus = computeCollected(pods.list(), terminatedPodGCThreshold, isNeeded);
    for (const { metadata } of surplus) {
      const { namespace = '', name = '', uid = '' } = metadata;
      try {
        await client.delete(podsResource, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
        log.info('finished pod collected', { pod: queueKey(metadata) });
      } catch (error) {
        // Somebody else was faster.
        if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
      }
    }
  }
}
