/** What a write to a pod's status may not change or forget (pod strategy `podStatusStrategy` of Kubernetes). */
import type { Pod, PodCondition } from './types.ts';

/**
 * Owners stay as they are, and so do the QoS class and the observed generations, of the pod and of each condition,
 * when the writer leaves them out: old writers do not know them.
 */
export function preparePodForStatusUpdate(next: Pod, previous: Pod): Pod {
  const { ownerReferences: _, ...metadata } = next.metadata;
  const { ownerReferences } = previous.metadata;
  const { qosClass, observedGeneration, conditions } = previous.status;
  return {
    ...next,
    metadata: ownerReferences === undefined ? metadata : { ...metadata, ownerReferences },
    status: {
      ...(qosClass === undefined ? {} : { qosClass }),
      ...(observedGeneration ? { observedGeneration } : {}),
      ...next.status,
      ...(next.status.conditions ? { conditions: withGenerations(next.status.conditions, conditions ?? []) } : {}),
    },
  };
}

function withGenerations(
  conditions: readonly PodCondition[],
  previous: readonly PodCondition[],
): readonly PodCondition[] {
  return conditions.map((condition) => {
    if (condition.observedGeneration) return condition;
    const observedGeneration = previous.find(({ type }) => type === condition.type)?.observedGeneration;
    return observedGeneration ? { ...condition, observedGeneration } : condition;
  });
}
