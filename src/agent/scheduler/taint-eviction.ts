/**
 * Ends pods that do not tolerate a NoExecute taint of the node, at once or when the time is up that their toleration
 * gives (Kubernetes' taint-eviction-controller). Time is counted from when the taint was first seen here, on the clock that
 * never jumps; taking the taint away calls the eviction off.
 */
import type { Node } from '../../api/kinds/node.ts';
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { follow, runControlLoop } from '../../controllers/control-loop.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { podLogName, podRef } from '../pod-names.ts';
import type { SchedulerDeps } from './scheduler.ts';
import { staySeconds } from './tolerations.ts';

export type TaintEvictionDeps = Pick<SchedulerDeps, 'nodeName' | 'pods' | 'nodes' | 'events'> & {
  readonly writer: Pick<SchedulerDeps['writer'], 'evict'>;
  readonly clock: Clock;
  readonly log: Logger;
};

const component = 'taint-eviction-controller';

export class TaintEviction {
  readonly #deps: TaintEvictionDeps;
  readonly #queue: WorkQueue;
  /** By uid, since when the pod is on a node whose taints it tolerates for a time or not at all. */
  readonly #since = new Map<string, number>();

  constructor(deps: TaintEvictionDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ clock: deps.clock, log: deps.log, process: (key) => this.#look(key) });
  }

  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { pods, nodes } = this.#deps;
    const ofNodes = follow(nodes, () => {
      for (const pod of pods.list()) this.#add(pod);
    });
    const ofPods = follow(pods, ({ type, object, previous }) => {
      if (type === 'deleted') {
        this.#since.delete(podRef(object).uid);
        this.#queue.forget(keyOf(object));
      } else if (type === 'added' || JSON.stringify(previous?.spec) !== JSON.stringify(object.spec)) this.#add(object);
    });
    return runControlLoop(this.#queue, [ofNodes, ofPods], signal);
  }

  /** Costs nothing while no taint asks for it. */
  #add(pod: Pod): void {
    if (this.#taints().length > 0 || this.#since.has(podRef(pod).uid)) this.#queue.add(keyOf(pod));
  }

  #taints(): NonNullable<Node['spec']['taints']> {
    const taints = this.#deps.nodes.get({ name: this.#deps.nodeName })?.spec.taints ?? [];
    return taints.filter(({ effect }) => effect === 'NoExecute');
  }

  async #look(key: string): Promise<ProcessResult> {
    const { pods, nodeName, clock, events } = this.#deps;
    const [namespace = '', name = ''] = key.split('/');
    const pod = pods.get({ namespace, name });
    if (!pod || pod.spec.nodeName !== nodeName || pod.metadata.deletionTimestamp || isFinished(pod)) return undefined;
    const { uid } = podRef(pod);
    const seconds = staySeconds(this.#taints(), pod.spec.tolerations ?? []);
    if (seconds === undefined) {
      if (this.#since.delete(uid)) {
        const message = `Cancelling deletion of Pod ${key}`;
        events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message, component });
      }
      return undefined;
    }
    const now = clock.monotonicMs();
    const since = this.#since.get(uid) ?? now;
    this.#since.set(uid, since);
    const leftMs = since + seconds * 1000 - now;
    if (leftMs > 0) return { againAfterMs: leftMs };
    await this.#evict(pod);
    return undefined;
  }

  async #evict(pod: Pod): Promise<void> {
    const { writer, events, log } = this.#deps;
    const name = podLogName(podRef(pod));
    const message = `Marking for deletion Pod ${name}`;
    events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message, component });
    try {
      await writer.evict(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint');
      log.info('pod driven off by a taint', { pod: name });
    } catch (error) {
      if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

function keyOf(pod: Pod): string {
  return podLogName(podRef(pod));
}
