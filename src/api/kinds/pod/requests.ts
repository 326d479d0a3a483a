/** What a pod asks for and may use as a whole, as the scheduler and the kubelet count it (PodRequests, PodLimits). Pure. */
import { integerValueOf, milliValueOf, parseQuantity } from '../../quantity.ts';
import type { Container, Pod, ResourceRequirements } from './types.ts';

/** By resource: `cpu` in thousandths, everything else in whole units. */
export type Amounts = ReadonlyMap<string, number>;

type List = 'requests' | 'limits';

/** A quantity in the unit that amounts of this resource have. */
export function amountOf(resource: string, quantity: string): number {
  const parsed = parseQuantity(quantity);
  return resource === 'cpu' ? milliValueOf(parsed) : integerValueOf(parsed);
}

/** The amounts of a list of quantities. */
export function amountsOf(quantities: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(Object.entries(quantities ?? {}).map(([name, quantity]) => [name, amountOf(name, quantity)]));
}

/** What must be kept free for the pod. A limit without a request is one (the API server fills it in; static pods may not). */
export function podRequests(pod: Pod): Amounts {
  return podAmounts(pod, 'requests');
}

/** What the pod may use at most; a container without a limit adds nothing. */
export function podLimits(pod: Pod): Amounts {
  return podAmounts(pod, 'limits');
}

function podAmounts(pod: Pod, list: List): Amounts {
  const names = new Set(
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ resources }) => [
      ...Object.keys(resources?.[list] ?? {}),
      ...(list === 'requests' ? Object.keys(resources?.limits ?? {}) : []),
    ]),
  );
  const total = new Map<string, number>();
  for (const name of names)
    total.set(
      name,
      podTotal(pod, (container) => amountIn(container.resources, list, name)),
    );
  // Resources of the pod as a whole stand in place of what its containers add up to.
  for (const [name, amount] of amountsOf(pod.spec.resources?.[list])) total.set(name, amount);
  for (const [name, amount] of amountsOf(pod.spec.overhead)) {
    if (list === 'requests' || total.has(name)) total.set(name, (total.get(name) ?? 0) + amount);
  }
  return total;
}

function amountIn(resources: ResourceRequirements | undefined, list: List, name: string): number {
  const quantity = resources?.[list]?.[name] ?? (list === 'requests' ? resources?.limits?.[name] : undefined);
  return quantity === undefined ? 0 : amountOf(name, quantity);
}

/**
 * What a pod needs of something that each of its containers needs so much of: containers and sidecars run together, the
 * other init containers one after the other beside the sidecars that were started before them.
 */
export function podTotal(pod: Pod, amount: (container: Container) => number): number {
  let sidecars = 0;
  let starting = 0;
  for (const init of pod.spec.initContainers ?? []) {
    const own = amount(init);
    if (init.restartPolicy === 'Always') {
      sidecars += own;
      starting = Math.max(starting, sidecars);
    } else starting = Math.max(starting, sidecars + own);
  }
  const running = pod.spec.containers.reduce((sum, container) => sum + amount(container), sidecars);
  return Math.max(starting, running);
}
