/**
 * Takes back that a pod is about to be disrupted (condition DisruptionTarget) when nothing came of it for two minutes: who
 * said so died, or could not delete it. Else a Job would blame the disruption for whatever ends the pod later
 * (disruption controller, syncStalePodDisruption).
 */
import type { Pod, PodCondition } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods as podsResource } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import { objectKeyOf, queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { Ages } from '../pods/ages.ts';
import { isActive } from '../pods/pod-state.ts';
import { isStaleCopy } from '../stale-copy.ts';

/** Upstream's stalePodDisruptionTimeout. */
const staleAfterMs = 120_000;

export interface StaleDisruptionsDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pods: ObjectSource<Pod>;
}

export class StaleDisruptions {
  readonly #deps: StaleDisruptionsDeps;
  readonly #queue: WorkQueue;
  /** By uid, of pods that are said to be disrupted. */
  readonly #ages: Ages;

  constructor(deps: StaleDisruptionsDeps) {
    this.#deps = deps;
    this.#ages = new Ages(deps.clock);
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'disruption' }),
      process: (key) => this.#look(key),
      isPassing: isStaleCopy,
    });
  }

  /** Works until `signal` aborts. The source is run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    return runControlLoop(this.#queue, [follow(this.#deps.pods, (change) => this.#onPod(change))], signal);
  }

  #onPod({ type, object }: ObjectChange<Pod>): void {
    if (type === 'deleted') {
      this.#ages.forget(object.metadata.uid ?? '');
      this.#queue.forget(queueKey(object.metadata));
    } else if (pendingDisruption(object) !== undefined) this.#queue.add(queueKey(object.metadata));
  }

  async #look(key: string): Promise<ProcessResult> {
    const { client, clock, log, pods } = this.#deps;
    const pod = pods.get(objectKeyOf(key));
    const condition = pod && pendingDisruption(pod);
    if (pod === undefined || condition === undefined) return undefined;
    const { uid = '' } = pod.metadata;
    const now = formatTime(clock.now());
    const leftMs = staleAfterMs - this.#ages.ageMs(uid, condition.lastTransitionTime ?? now);
    if (leftMs > 0) return { againAfterMs: leftMs };
    const { type } = condition;
    const takenBack: PodCondition = { type, status: 'False', lastTransitionTime: now };
    const conditions = pod.status.conditions?.map((each) => (each === condition ? takenBack : each)) ?? [];
    await client.update(podsResource, { ...pod, status: { ...pod.status, conditions } }, { subresource: 'status' });
    this.#ages.forget(uid);
    log.info('a pod was to be disrupted and was not', { pod: key });
    return undefined;
  }
}

/** The condition of a pod that goes on although it was to end. The kubelet's own word stands: it ends the pod in its time. */
function pendingDisruption(pod: Pod): PodCondition | undefined {
  if (!isActive(pod)) return undefined;
  const condition = pod.status.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason !== 'TerminationByKubelet' ? condition : undefined;
}
