/**
 * Keeps a namespace within its quotas. What is used is counted from what is stored, each time, and whoever counts also
 * stores before the next one counts: two that come at once cannot both take the last place, and no book of charges
 * can be wrong after a crash (docs/adr/0031). A namespace without a quota costs one look for one.
 */
import { podKind } from '../../api/kinds/pod/pod.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { type ResourceQuota, resourceQuotaKind } from '../../api/kinds/resource-quota.ts';
import type { KubeObject } from '../../api/meta.ts';
import {
  countNames,
  isCounted,
  objectCharge,
  podCharge,
  type Quantities,
  unspecified,
} from '../../api/quota/charge.ts';
import { isScoped, selectsPod } from '../../api/quota/scopes.ts';
import { exceeding, type NamespaceContent, quotaUsage } from '../../api/quota/usage.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { forbidden } from './errors.ts';
import { countObjects, readAll } from './list.ts';
import { isPod } from './removal.ts';

/**
 * Stores a new object by `store` when every quota of its namespace has room for it.
 *
 * @returns what `store` gives
 * @throws StatusError Forbidden in Kubernetes' words when a quota has no room, or bounds what the object does not say
 */
export async function withinQuota<T>(
  deps: RegistryDeps,
  kind: AnyKind,
  object: KubeObject,
  store: () => Promise<T>,
): Promise<T> {
  const { namespace = '' } = object.metadata;
  if (!isCounted(kind) || (await countObjects(deps, resourceQuotaKind, namespace)) === 0) return store();
  // Each turn is one count and one write to the store, so a wait ends by itself.
  const { signal } = new AbortController();
  return deps.quotaTurns.run(
    namespace,
    async () => {
      await checkQuotas(deps, kind, object, namespace);
      return store();
    },
    signal,
  );
}

async function checkQuotas(deps: RegistryDeps, kind: AnyKind, object: KubeObject, namespace: string): Promise<void> {
  const quotas = (await readAll(deps, resourceQuotaKind, namespace)) as readonly ResourceQuota[];
  const concerned = quotas.filter((quota) => (isPod(kind) ? selectsPod(quota, object as Pod) : !isScoped(quota)));
  const refuse = (why: string): Error => forbidden(kind, object.metadata.name ?? '', why);
  if (isPod(kind)) {
    for (const { metadata, spec } of concerned) {
      const problem = unspecified(object as Pod, Object.keys(spec.hard ?? {}));
      if (problem !== undefined) throw refuse(`failed quota: ${metadata.name}: ${problem}`);
    }
  }
  const charge = isPod(kind) ? podCharge(object as Pod) : objectCharge(kind);
  if (!concerned.some(({ spec }) => bounds(spec.hard, charge))) return;
  const content = await contentOf(deps, kind, namespace);
  for (const quota of concerned) {
    const problem = exceeding(quota, charge, quotaUsage(quota, content));
    if (problem !== undefined) throw refuse(problem);
  }
}

function bounds(hard: ResourceQuota['spec']['hard'], charge: Quantities): boolean {
  return Object.keys(hard ?? {}).some((name) => charge.has(name));
}

/** As much of a namespace as an object of this kind is charged beside. */
async function contentOf(deps: RegistryDeps, kind: AnyKind, namespace: string): Promise<NamespaceContent> {
  if (isPod(kind)) return { pods: (await readAll(deps, podKind, namespace)) as readonly Pod[], counts: new Map() };
  const count = await countObjects(deps, kind, namespace);
  return { pods: [], counts: new Map(countNames(kind).map((name) => [name, count])) };
}
