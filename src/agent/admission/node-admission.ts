/**
 * The kubelet's own check of pods that name the node themselves, and so were not placed by the scheduler. One that does not
 * fit is failed for good, in the kubelet's words (lifecycle/predicate.go). Pods that were there before this process are never
 * refused: what ran goes on, whatever the settings say now.
 */
import type { Node } from '../../api/kinds/node.ts';
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { podRef } from '../pod-names.ts';
import { findShortages } from '../scheduler/find-misfit.ts';
import { wantsNode } from '../scheduler/node-affinity.ts';
import { NodeLoad } from '../scheduler/node-load.ts';
import { untoleratedTaint } from '../scheduler/tolerations.ts';
import type { Verdict } from '../sync/services.ts';

export interface NodeAdmissionDeps {
  readonly nodeName: string;
  readonly pods: {
    list(): readonly Pod[];
    onChange(listener: (change: { readonly type: string; readonly object: Pod }) => void): () => void;
    whenSynced(signal: AbortSignal): Promise<void>;
  };
  readonly node: () => Node | undefined;
}

export class NodeAdmission {
  readonly #deps: NodeAdmissionDeps;
  /** By uid, pods that nobody has judged yet. */
  readonly #unjudged = new Set<string>();
  #hasSynced = false;

  constructor(deps: NodeAdmissionDeps) {
    this.#deps = deps;
  }

  /** Takes note of new pods until `signal` aborts. To be started before whoever starts them. */
  async run(signal: AbortSignal): Promise<void> {
    const { pods, nodeName } = this.#deps;
    const end = pods.onChange(({ type, object }) => {
      const { uid } = podRef(object);
      if (type === 'deleted') this.#unjudged.delete(uid);
      if (type !== 'added' || !this.#hasSynced || object.spec.nodeName !== nodeName) return;
      if (!isScheduled(object)) this.#unjudged.add(uid);
    });
    signal.addEventListener('abort', end, { once: true });
    await pods.whenSynced(signal).catch(() => {});
    this.#hasSynced = true;
  }

  /** Why the pod must not run here; undefined when it may. Each pod is judged once. */
  verdict(pod: Pod): Verdict | undefined {
    const { uid } = podRef(pod);
    if (!this.#unjudged.has(uid)) return undefined;
    const node = this.#deps.node();
    const refusal = node && refusalOf(pod, node, this.#load(uid));
    this.#unjudged.delete(uid);
    return refusal && { reason: refusal.reason, message: `Pod was rejected: ${refusal.message}`, event: refusal };
  }

  #load(uid: string): NodeLoad {
    const { pods, nodeName } = this.#deps;
    return new NodeLoad(
      pods
        .list()
        .filter((other) => other.spec.nodeName === nodeName && !isFinished(other))
        // Of several that nobody has judged, the first one to come here has the room.
        .filter((other) => podRef(other).uid !== uid && !this.#unjudged.has(podRef(other).uid)),
    );
  }
}

interface Refusal {
  readonly reason: string;
  readonly message: string;
}

function refusalOf(pod: Pod, node: Node, load: NodeLoad): Refusal | undefined {
  const [shortage] = findShortages(pod, node, load);
  if (shortage) {
    const { resource, requested, used, allocatable } = shortage;
    return {
      reason: `OutOf${resource}`,
      message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${allocatable}`,
    };
  }
  const failed = (predicate: string, why: string): Refusal => ({
    reason: predicate,
    message: `Predicate ${predicate} failed: ${why}`,
  });
  if (!wantsNode(pod, node)) return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  if (load.hasPortConflict(pod))
    return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  return untoleratedTaint(node.spec.taints ?? [], pod.spec.tolerations ?? [], ['NoExecute'])
    ? failed('TaintToleration', "node(s) had taints that the pod didn't tolerate")
    : undefined;
}

/** The scheduler, ours or another one, has said that it fits. */
function isScheduled({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'PodScheduled' && value === 'True') ?? false;
}
