/** What a pod asks for and may use as a whole, as the scheduler and the kubelet count it (PodRequests, PodLimits). Pure. */
import {
  addQuantities,
  compareQuantities,
  integerValueOf,
  milliValueOf,
  parseQuantity,
  type Quantity,
} from '../../quantity.ts';
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
  return podAmounts(pod, 'requests', numbers);
}

/** What the pod may use at most; a container without a limit adds nothing. */
export function podLimits(pod: Pod): Amounts {
  return podAmounts(pod, 'limits', numbers);
}

/** The same to the last digit, and in the format that the pod has; for what people are shown. */
export function podQuantities(pod: Pod, list: List): ReadonlyMap<string, Quantity> {
  return podAmounts(pod, list, quantities);
}

/**
 * What a pod needs of something that each of its containers needs so much of: containers and sidecars run together, the
 * other init containers one after the other beside the sidecars that were started before them.
 */
export function podTotal(pod: Pod, amount: (container: Container) => number): number {
  return totalOf(pod, amount, numbers);
}

/** How amounts of a kind are read and added up. */
interface Arithmetic<T> {
  readonly zero: T;
  read(resource: string, quantity: string): T;
  add(a: T, b: T): T;
  max(a: T, b: T): T;
}

const numbers: Arithmetic<number> = { zero: 0, read: amountOf, add: (a, b) => a + b, max: Math.max };

const quantities: Arithmetic<Quantity> = {
  zero: parseQuantity('0'),
  read: (_resource, quantity) => parseQuantity(quantity),
  add: addQuantities,
  max: (a, b) => (compareQuantities(a, b) >= 0 ? a : b),
};

function podAmounts<T>(pod: Pod, list: List, arithmetic: Arithmetic<T>): ReadonlyMap<string, T> {
  const { zero, read, add } = arithmetic;
  const names = new Set(
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ resources }) => [
      ...Object.keys(resources?.[list] ?? {}),
      ...(list === 'requests' ? Object.keys(resources?.limits ?? {}) : []),
    ]),
  );
  const total = new Map<string, T>();
  for (const name of names) {
    const amountIn = ({ resources }: Container): T => {
      const quantity = quantityIn(resources, list, name);
      return quantity === undefined ? zero : read(name, quantity);
    };
    total.set(name, totalOf(pod, amountIn, arithmetic));
  }
  // Resources of the pod as a whole stand in place of what its containers add up to.
  for (const [name, text] of Object.entries(pod.spec.resources?.[list] ?? {})) total.set(name, read(name, text));
  for (const [name, text] of Object.entries(pod.spec.overhead ?? {})) {
    if (list === 'requests' || total.has(name)) total.set(name, add(total.get(name) ?? zero, read(name, text)));
  }
  return total;
}

function quantityIn(resources: ResourceRequirements | undefined, list: List, name: string): string | undefined {
  return resources?.[list]?.[name] ?? (list === 'requests' ? resources?.limits?.[name] : undefined);
}

function totalOf<T>(pod: Pod, amount: (container: Container) => T, { zero, add, max }: Arithmetic<T>): T {
  let sidecars = zero;
  let starting = zero;
  for (const init of pod.spec.initContainers ?? []) {
    const own = amount(init);
    if (init.restartPolicy === 'Always') {
      sidecars = add(sidecars, own);
      starting = max(starting, sidecars);
    } else starting = max(starting, add(sidecars, own));
  }
  const running = pod.spec.containers.reduce((sum, container) => add(sum, amount(container)), sidecars);
  return max(starting, running);
}
