/** Quality of service of a pod, from its requests and limits (k8s.io/component-helpers qos). */
import type { Pod } from '../../api/kinds/pod/types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const counted = ['cpu', 'memory'] as const;

/**
 * Guaranteed: every container limits CPU and memory and requests just that. BestEffort: nobody asks for
 * anything. Burstable: the rest. Zero quantities count as absent.
 */
export function qosClass(pod: Pick<Pod, 'spec'>): QosClass {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  let asksForSomething = false;
  let isGuaranteed = true;
  for (const { resources } of containers) {
    for (const name of counted) {
      const limit = present(resources?.limits?.[name]);
      // A limit without a request is a request of the same size.
      const request = present(resources?.requests?.[name]) ?? limit;
      if (limit !== undefined || request !== undefined) asksForSomething = true;
      if (limit === undefined || request !== limit) isGuaranteed = false;
    }
  }
  if (!asksForSomething) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

function present(quantity: string | undefined): string | undefined {
  return quantity === undefined || /^[+]?0*(\.0*)?[A-Za-z]*$/.test(quantity) ? undefined : quantity;
}
