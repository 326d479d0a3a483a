/** What the command line must know of a resource to speak about it and to address it. */
import type { GroupVersionResource } from '../../api/object-client.ts';

export interface ResourceKind extends GroupVersionResource {
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** As kubectl writes it in front of a name: `pod`, `deployment.apps`. */
export function kindName(kind: Pick<ResourceKind, 'kind' | 'group'>): string {
  const name = kind.kind.toLowerCase();
  return kind.group === '' ? name : `${name}.${kind.group}`;
}

/** As kubectl writes it in tables and messages: `pods`, `deployments.apps`. */
export function resourceName(kind: Pick<ResourceKind, 'resource' | 'group'>): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(kind: Pick<ResourceKind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
