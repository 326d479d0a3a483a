/**
 * The scheduler of a device with one node: binds pods that fit, says of the others why they do not, and looks at those
 * again when something changes that could make room. Rules, reasons and messages are those of Kubernetes' scheduler.
 *
 * A new pod that fits is bound before it is stored (`place`), so that starting it costs one write; everything else is done
 * by `run`. Pods that are bound are never judged again: what runs goes on, whatever is set or reserved later.
 */
import type { Namespace } from '../../api/kinds/namespace.ts';
import type { Node } from '../../api/kinds/node.ts';
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../api/kinds/pod-disruption-budget.ts';
import { follow, runControlLoop } from '../../controllers/control-loop.ts';
import type { ObjectChange, ObjectSource } from '../../controllers/object-source.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { podLogName, podRef } from '../pod-names.ts';
import { findMisfit, type Misfit, type NodeView } from './find-misfit.ts';
import { NodeLoad } from './node-load.ts';
import { priorityOf, selectVictims } from './select-victims.ts';

export interface SchedulerDeps {
  readonly nodeName: string;
  readonly pods: ObjectSource<Pod>;
  readonly nodes: ObjectSource<Node>;
  /** Affinity terms may select namespaces by their labels. */
  readonly namespaces: ObjectSource<Namespace>;
  readonly writer: PodWriter;
  /** All disruption budgets; asked for only when somebody has to go. */
  readonly listBudgets: () => Promise<readonly PodDisruptionBudget[]>;
  readonly events: {
    record(
      pod: Pod,
      event: {
        readonly type: 'Normal' | 'Warning';
        readonly reason: string;
        readonly message: string;
        readonly component: string;
      },
    ): void;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the scheduler writes. A pod that is gone, bound or changed meanwhile is a StatusError NotFound or Conflict. */
export interface PodWriter {
  bind(pod: Pod, nodeName: string): Promise<void>;
  /** Says why the pod is not scheduled, and on which node it is to run once there is room. */
  report(pod: Pod, reason: string, message: string, nominatedNodeName: string | undefined): Promise<void>;
  /** Ends a less important pod within its grace period. */
  evict(pod: Pod, reason: string, message: string): Promise<void>;
}

const component = 'default-scheduler';
const gatedMessage = 'Scheduling is blocked due to non-empty scheduling gates';
/** How long a pod that was placed may take to appear in the informer, in milliseconds; its write failed otherwise. */
const assumedMs = 30_000;

export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #queue: WorkQueue;
  /** By uid, pods that were placed and are not in the informer yet. */
  readonly #assumed = new Map<string, { readonly pod: Pod; readonly untilMonotonicMs: number }>();
  /** By uid, what was last said about a pod that does not fit. */
  readonly #told = new Map<string, string>();
  /** Pods for which others were told to go, by uid. */
  readonly #nominated = new Set<string>();
  #hasSynced = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ clock: deps.clock, log: deps.log, process: () => this.#pass() });
  }

  /**
   * Where a new pod runs when it fits now; the room is kept for it until it is seen in the store. Undefined: it is to be
   * stored without a node, and `run` sees to it.
   */
  place(pod: Pod): string | undefined {
    const { clock, nodeName } = this.#deps;
    if (!this.#hasSynced || isGated(pod) || !isOurs(pod)) return undefined;
    const view = this.#view(pod);
    if (view === undefined || findMisfit(pod, view) !== undefined) return undefined;
    this.#assumed.set(podRef(pod).uid, {
      pod: boundTo(pod, nodeName),
      untilMonotonicMs: clock.monotonicMs() + assumedMs,
    });
    return nodeName;
  }

  /** Whether `pod`, which waits for room, would fit if these others were gone. Changes nothing. */
  fitsWithout(pod: Pod, others: readonly Pod[]): boolean {
    const view = this.#view(pod);
    if (view === undefined) return false;
    for (const other of others) view.load.remove(other);
    return findMisfit(pod, view) === undefined;
  }

  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { pods, nodes, namespaces } = this.#deps;
    const look = (): void => this.#queue.add('pods');
    const ofPods = follow(pods, (change) => {
      if (this.#concerns(change)) look();
    });
    const ofNodes = follow(nodes, look);
    const ofNamespaces = follow(namespaces, ({ object, previous }) => {
      if (labelText(object) !== labelText(previous)) look();
    });
    const start = (): (() => void) => {
      this.#hasSynced = true;
      look();
      return () => {};
    };
    return runControlLoop(this.#queue, [ofPods, ofNodes, ofNamespaces, { start }], signal);
  }

  /** Whether a change of a pod can place one: a pod to be placed, or one that leaves room. */
  #concerns({ type, object, previous }: ObjectChange<Pod>): boolean {
    const { uid } = podRef(object);
    if (type === 'deleted') {
      this.#told.delete(uid);
      this.#nominated.delete(uid);
      return true;
    }
    if (!object.spec.nodeName) return true;
    this.#assumed.delete(uid);
    this.#told.delete(uid);
    this.#nominated.delete(uid);
    if (type === 'added') return false;
    return (isFinished(object) && !(previous && isFinished(previous))) || labelText(previous) !== labelText(object);
  }

  async #pass(): Promise<ProcessResult> {
    this.#forgetUnstored();
    let failure: unknown;
    for (const pod of this.#waiting()) {
      try {
        await this.#schedule(pod);
      } catch (error) {
        // Gone, bound by somebody else, or changed: then its change brings us back.
        if (isStatusError(error, 'NotFound', 'Conflict')) continue;
        // It must not keep others from their room.
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return this.#waiting().length > 0 ? this.#untilRoomComes() : undefined;
  }

  /** Room that is kept for a pod whose write failed comes free without any change that tells of it. */
  #untilRoomComes(): ProcessResult {
    const ends = [...this.#assumed.values()].map(({ untilMonotonicMs }) => untilMonotonicMs);
    return ends.length > 0 ? { againAfterMs: Math.min(...ends) - this.#deps.clock.monotonicMs() } : undefined;
  }

  #forgetUnstored(): void {
    const now = this.#deps.clock.monotonicMs();
    for (const [uid, { untilMonotonicMs }] of this.#assumed) if (untilMonotonicMs <= now) this.#assumed.delete(uid);
  }

  /** Pods without a node: the most important first, then the oldest. */
  #waiting(): readonly Pod[] {
    return this.#deps.pods
      .list()
      .filter(
        (pod) => !pod.spec.nodeName && pod.metadata.deletionTimestamp === undefined && !isFinished(pod) && isOurs(pod),
      )
      .filter((pod) => !this.#assumed.has(podRef(pod).uid))
      .sort((a, b) => priorityOf(b) - priorityOf(a) || ageOrder(a, b));
  }

  async #schedule(pod: Pod): Promise<void> {
    const { writer, nodeName, clock, log } = this.#deps;
    const { uid } = podRef(pod);
    if (isGated(pod)) return await this.#tell(pod, 'SchedulingGated', gatedMessage);
    const view = this.#view(pod);
    if (view === undefined) return await this.#tell(pod, 'Unschedulable', 'no nodes available to schedule pods');
    const misfit = findMisfit(pod, view);
    if (misfit !== undefined) return await this.#preemptOrTell(pod, view, misfit);
    this.#assumed.set(uid, { pod: boundTo(pod, nodeName), untilMonotonicMs: clock.monotonicMs() + assumedMs });
    try {
      await writer.bind(pod, nodeName);
      log.info('pod bound', { pod: podLogName(podRef(pod)) });
    } catch (error) {
      this.#assumed.delete(uid);
      throw error;
    }
  }

  async #preemptOrTell(pod: Pod, view: NodeView, misfit: Misfit): Promise<void> {
    const found = `0/1 nodes are available: ${misfit.reasons.map((reason) => `1 ${reason}`).join(', ')}.`;
    const because = (why: string): string => `${found} preemption: 0/1 nodes are available: 1 ${why}.`;
    if (!misfit.isResolvable) {
      return await this.#tell(pod, 'Unschedulable', because('Preemption is not helpful for scheduling'));
    }
    if (pod.spec.preemptionPolicy === 'Never') {
      return await this.#tell(pod, 'Unschedulable', `${found} preemption: not eligible due to preemptionPolicy=Never.`);
    }
    const victims = selectVictims(pod, view, await this.#deps.listBudgets());
    if (victims === undefined) {
      return await this.#tell(pod, 'Unschedulable', because('No preemption victims found for incoming pod'));
    }
    await this.#tell(pod, 'Unschedulable', found, this.#deps.nodeName);
    this.#nominated.add(podRef(pod).uid);
    for (const victim of victims) await this.#preempt(victim, pod);
  }

  async #preempt(victim: Pod, pod: Pod): Promise<void> {
    const { writer, events, nodeName, log } = this.#deps;
    // On its way already: its room comes by itself.
    if (victim.metadata.deletionTimestamp !== undefined) return;
    try {
      await writer.evict(
        victim,
        'PreemptionByScheduler',
        `${component}: preempting to accommodate a higher priority pod`,
      );
    } catch (error) {
      if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
      return;
    }
    log.info('pod preempted', { pod: podLogName(podRef(victim)), by: podLogName(podRef(pod)) });
    const message = `Preempted by pod ${podRef(pod).uid} on node ${nodeName}`;
    events.record(victim, { type: 'Normal', reason: 'Preempted', message, component });
  }

  async #tell(pod: Pod, reason: string, message: string, nominated?: string): Promise<void> {
    const { writer, events } = this.#deps;
    const { uid } = podRef(pod);
    if (this.#told.get(uid) === message) return;
    await writer.report(pod, reason, message, nominated);
    this.#told.set(uid, message);
    if (reason === 'SchedulingGated') return;
    events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message, component });
  }

  /** The node as `pod` sees it: with the room taken that more important pods wait for. Undefined: there is none yet. */
  #view(pod: Pod): NodeView | undefined {
    const { nodes, pods, nodeName, namespaces } = this.#deps;
    const node = nodes.get({ name: nodeName });
    if (node?.status.allocatable === undefined) return undefined;
    const load = new NodeLoad();
    const { uid } = podRef(pod);
    this.#forgetUnstored();
    for (const { pod: assumed } of this.#assumed.values()) load.add(assumed);
    for (const other of pods.list()) {
      const isWaitingForRoom = this.#nominated.has(podRef(other).uid) && priorityOf(other) >= priorityOf(pod);
      const takesRoom = other.spec.nodeName === nodeName || (!other.spec.nodeName && isWaitingForRoom);
      if (takesRoom && podRef(other).uid !== uid && !isFinished(other)) load.add(other);
    }
    return { node, load, namespaceLabels: (name) => namespaces.get({ name })?.metadata.labels };
  }
}

function labelText(object: Pod | Namespace | undefined): string {
  return JSON.stringify(object?.metadata.labels ?? {});
}

function isGated(pod: Pod): boolean {
  return (pod.spec.schedulingGates ?? []).length > 0;
}

/** A pod may ask for a scheduler of its own, which binds it through the API. */
function isOurs(pod: Pod): boolean {
  return pod.spec.schedulerName === component;
}

function boundTo(pod: Pod, nodeName: string): Pod {
  return { ...pod, spec: { ...pod.spec, nodeName } };
}

function ageOrder(a: Pod, b: Pod): number {
  const key = ({ metadata }: Pod): string => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}
