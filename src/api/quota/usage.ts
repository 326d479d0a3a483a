/** How much of a quota is used, and whether there is room in it. Pure. */
import type { Pod } from '../kinds/pod/types.ts';
import type { ResourceQuota } from '../kinds/resource-quota.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../quantity.ts';
import { podCharge, type Quantities } from './charge.ts';
import { isScoped, selectsPod } from './scopes.ts';

const none = parseQuantity('0');

/** What there is in the namespace of a quota. */
export interface NamespaceContent {
  readonly pods: readonly Pod[];
  /** How many of other objects, by the names that quotas have for them. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What is used of everything that the quota bounds; zero of what nobody can have here. */
export function quotaUsage(quota: ResourceQuota, { pods, counts }: NamespaceContent): Quantities {
  const hasScopes = isScoped(quota);
  const used = new Map(
    Object.keys(quota.spec.hard ?? {}).map((name) => {
      const count = hasScopes ? 0 : (counts.get(name) ?? 0);
      return [name, parseQuantity(String(count))];
    }),
  );
  for (const pod of pods) {
    if (!selectsPod(quota, pod)) continue;
    for (const [name, amount] of podCharge(pod)) {
      const before = used.get(name);
      if (before !== undefined) used.set(name, addQuantities(before, amount));
    }
  }
  return used;
}

/** Why `charge` does not go into the quota beside what is used, in Kubernetes' words; undefined when it does. */
export function exceeding(quota: ResourceQuota, charge: Quantities, used: Quantities): string | undefined {
  const { hard = {} } = quota.spec;
  const exceeded = [...charge]
    .filter(([name, amount]) => {
      const bound = hard[name];
      if (bound === undefined || amount.nanos === 0n) return false;
      return compareQuantities(addQuantities(used.get(name) ?? none, amount), parseQuantity(bound)) > 0;
    })
    .map(([name]) => name)
    .sort();
  if (exceeded.length === 0) return undefined;
  const listed = (quantities: Quantities): string =>
    exceeded.map((name) => `${name}=${formatQuantity(quantities.get(name) ?? none)}`).join(',');
  const limited = exceeded.map((name) => `${name}=${hard[name]}`).join(',');
  return `exceeded quota: ${quota.metadata.name}, requested: ${listed(charge)}, used: ${listed(used)}, limited: ${limited}`;
}
