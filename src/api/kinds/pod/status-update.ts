/** What a write to a pod's status may not forget (pod strategy `podStatusStrategy` of Kubernetes). */
import type { Pod, PodCondition } from './types.ts';

/**
 * The QoS class and the observed generations, of the pod and of each condition, stay when the writer leaves them out:
 * old writers do not know them.
 */
export function preparePodForStatusUpdate(next: Pod, previous: Pod): Pod {
  const { qosClass, observedGeneration, conditions } = previous.status;
  return {
    ...next,
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
