/** Quality of service: which pods are killed first when memory runs out. */
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import type { Container, Pod } from './types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const countedResources = ['cpu', 'memory'] as const;

/**
 * `Guaranteed` when every container has limits for CPU and memory and requests equal to them, `BestEffort` when none
 * has any, else `Burstable` (GetPodQOS). Zero amounts and amounts that are no quantities count as absent.
 */
export function qosClassOf(pod: Pod): QosClass {
  const containers: readonly Container[] = [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])];
  const amounts = containers.flatMap(({ resources: { limits, requests } }) =>
    countedResources.map((name) => ({ limit: amountOf(limits?.[name]), request: amountOf(requests?.[name]) })),
  );
  if (amounts.every(({ limit, request }) => limit === undefined && request === undefined)) return 'BestEffort';
  const isGuaranteed = amounts.every(
    ({ limit, request }) => limit !== undefined && request !== undefined && compareQuantities(limit, request) === 0,
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

function amountOf(text: string | undefined): ReturnType<typeof parseQuantity> | undefined {
  if (text === undefined) return undefined;
  try {
    const quantity = parseQuantity(text);
    return quantity.nanos > 0n ? quantity : undefined;
  } catch {
    return undefined;
  }
}
