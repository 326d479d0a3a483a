/**
 * Why a pod cannot run on the node, by the rules and in the words of Kubernetes' scheduler. Pure.
 *
 * The rules are asked in the scheduler's order, and the first that objects gives the reasons, as there.
 */
import type { Node } from '../../api/kinds/node.ts';
import { amountsOf, podRequests } from '../../api/kinds/pod/requests.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Labels } from '../../api/labels.ts';
import { qosClass } from '../status/qos.ts';
import { wantsNode } from './node-affinity.ts';
import type { NodeLoad } from './node-load.ts';
import { podAffinityMisfit } from './pod-affinity.ts';
import { untoleratedTaint } from './tolerations.ts';

export interface NodeView {
  readonly node: Node;
  readonly load: NodeLoad;
  /** Labels of a namespace, for affinity terms that select namespaces. */
  readonly namespaceLabels: (namespace: string) => Labels | undefined;
}

export interface Misfit {
  /** Sentences for `0/1 nodes are available: 1 …`. */
  readonly reasons: readonly string[];
  /** Whether the end of other pods could help. */
  readonly isResolvable: boolean;
}

/** Taints that keep new pods off; `PreferNoSchedule` has no say where there is one node. */
const keepingOff = ['NoSchedule', 'NoExecute'];

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const memoryPressureKey = 'node.kubernetes.io/memory-pressure';

/** Undefined when the pod can be bound to the node. */
export function findMisfit(pod: Pod, { node, load, namespaceLabels }: NodeView): Misfit | undefined {
  const tolerations = pod.spec.tolerations ?? [];
  if (node.spec.unschedulable && untoleratedTaint([unschedulableTaint], tolerations, keepingOff)) {
    return unresolvable('node(s) were unschedulable');
  }
  const taint = untoleratedTaint(taintsThatConcern(pod, node), tolerations, keepingOff);
  if (taint) return unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  if (!wantsNode(pod, node)) return unresolvable("node(s) didn't match Pod's node affinity/selector");
  if (load.hasPortConflict(pod)) {
    return { reasons: ["node(s) didn't have free ports for the requested pod ports"], isResolvable: true };
  }
  return resourceMisfit(pod, node, load) ?? podAffinityMisfit(pod, node, load.pods(), namespaceLabels);
}

/** Only pods that asked for no memory are kept away while memory is short, as the kubelet does. */
function taintsThatConcern(pod: Pod, node: Node): NonNullable<Node['spec']['taints']> {
  const taints = node.spec.taints ?? [];
  return qosClass(pod) === 'BestEffort' ? taints : taints.filter(({ key }) => key !== memoryPressureKey);
}

/** What is short of what a pod asks for: name, request, used and allocatable in the unit of `Amounts`. */
export interface Shortage {
  readonly resource: string;
  readonly requested: number;
  readonly used: number;
  readonly allocatable: number;
}

/** Everything that the node has too little of for the pod, the number of pods included. */
export function findShortages(pod: Pod, node: Node, load: NodeLoad): readonly Shortage[] {
  const allocatable = amountsOf(node.status.allocatable);
  const places = allocatable.get('pods') ?? 0;
  const shortages: Shortage[] = [];
  if (load.count + 1 > places) {
    shortages.push({ resource: 'pods', requested: 1, used: load.count, allocatable: places });
  }
  for (const [resource, requested] of podRequests(pod)) {
    const available = allocatable.get(resource) ?? 0;
    const used = load.used(resource);
    if (requested > 0 && requested > available - used) {
      shortages.push({ resource, requested, used, allocatable: available });
    }
  }
  return shortages;
}

function resourceMisfit(pod: Pod, node: Node, load: NodeLoad): Misfit | undefined {
  const shortages = findShortages(pod, node, load);
  if (shortages.length === 0) return undefined;
  return {
    reasons: shortages
      .map(({ resource }) => (resource === 'pods' ? 'Too many pods' : `Insufficient ${resource}`))
      .sort(),
    // More than there is of it: nobody's end helps.
    isResolvable: shortages.every(({ requested, allocatable }) => requested <= allocatable),
  };
}

function unresolvable(reason: string): Misfit {
  return { reasons: [reason], isResolvable: false };
}
