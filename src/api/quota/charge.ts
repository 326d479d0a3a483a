/** Under which names an object counts for quotas, and for how much (Kubernetes' quota evaluators). Pure. */
import { isExtendedResource, isHugePages } from '../kinds/common/resource-names.ts';
import { podQuantities } from '../kinds/pod/requests.ts';
import { isTerminalPhase } from '../kinds/pod/state.ts';
import type { Pod, ResourceRequirements } from '../kinds/pod/types.ts';
import { parseQuantity, type Quantity } from '../quantity.ts';
import type { KindDescription } from '../schema/kind.ts';

/** By the name that a quota has for it. */
export type Quantities = ReadonlyMap<string, Quantity>;

const one = parseQuantity('1');
const lists = ['requests', 'limits'] as const;
const compute = ['cpu', 'memory', 'ephemeral-storage'];
/** Kinds of the core group that quotas also know by their bare name. */
const knownByName = ['configmaps', 'replicationcontrollers', 'resourcequotas', 'secrets'];
/** Resources that each container must say something about once a quota bounds them. */
const mustBeSaid: ReadonlySet<string> = new Set(
  ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
);

/** Whether quotas count objects of the kind. Events are none that anybody keeps. */
export function isCounted({ namespaced, storage, resource }: KindDescription): boolean {
  return namespaced && storage !== 'none' && resource !== 'events';
}

/** Names under which one object of the kind counts as one; for pods see `podCharge`. */
export function countNames({ group, resource }: Pick<KindDescription, 'group' | 'resource'>): readonly string[] {
  if (group !== '') return [`count/${resource}.${group}`];
  return [`count/${resource}`, ...(knownByName.includes(resource) ? [resource] : [])];
}

/** Every object counts as one. */
export function objectCharge(kind: Pick<KindDescription, 'group' | 'resource'>): Quantities {
  return new Map(countNames(kind).map((name) => [name, one]));
}

/**
 * What a pod counts for: itself, and what it asks for. One that has finished takes nothing any more, it is just there.
 * One that is being deleted counts until it is gone, also past its grace period: Kubernetes lets it go then, for its
 * node may be lost; here it still runs.
 */
export function podCharge(pod: Pod): Quantities {
  const charge = new Map([['count/pods', one]]);
  if (isTerminalPhase(pod.status.phase)) return charge;
  charge.set('pods', one);
  for (const list of lists) {
    for (const [resource, amount] of podQuantities(pod, list)) {
      for (const name of quotaNames(list, resource)) charge.set(name, amount);
    }
  }
  return charge;
}

/**
 * What the pod does not say and must, since one of `bounded` is to be kept within bounds: `must specify cpu for: a,b`.
 * Undefined when it says all; as a whole it may say so for all of its containers.
 */
export function unspecified({ spec }: Pod, bounded: Iterable<string>): string | undefined {
  if (saysSomething(spec.resources)) return undefined;
  const required = [...bounded].filter((name) => mustBeSaid.has(name)).sort();
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const missing = required.flatMap((name) => {
    const silent = containers.filter(({ resources }) => !says(resources, name)).map((container) => container.name);
    return silent.length > 0 ? [`${name} for: ${silent.sort().join(',')}`] : [];
  });
  return missing.length > 0 ? `must specify ${missing.join('; ')}` : undefined;
}

function says(resources: ResourceRequirements, name: string): boolean {
  return lists.some((list) =>
    Object.keys(resources[list] ?? {}).some((resource) => quotaNames(list, resource).includes(name)),
  );
}

function saysSomething(resources: ResourceRequirements | undefined): boolean {
  return lists.some((list) => Object.keys(resources?.[list] ?? {}).length > 0);
}

/** Names that quotas have for requests or limits of a resource. */
function quotaNames(list: (typeof lists)[number], resource: string): readonly string[] {
  const isCompute = compute.includes(resource);
  if (list === 'limits') return isCompute ? [`limits.${resource}`] : [];
  if (isCompute || isHugePages(resource)) return [resource, `requests.${resource}`];
  return isExtendedResource(resource) ? [`requests.${resource}`] : [];
}
