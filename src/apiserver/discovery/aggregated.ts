/** Aggregated discovery (apidiscovery.k8s.io): everything in one answer, for clients that ask for it. */
import type { ForeignSubresource } from '../../api/foreign-subresources.ts';
import type { Subresource } from '../../api/schema/kind.ts';
import { parseAccept } from '../http/media-type.ts';
import type { AnyKind } from '../registry/context.ts';
import { type GroupVersion, groupVersions } from './group-versions.ts';

export type DiscoveryVersion = 'v2' | 'v2beta1';

/** The version that the client would rather have than legacy discovery; undefined for legacy. */
export function negotiateDiscovery(accept: string | undefined): DiscoveryVersion | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    if (type === '*/*' || type === 'application/*') return undefined;
    if (type !== 'application/json') continue;
    if (parameters.size === 0) return undefined;
    const version = parameters.get('v');
    const isDiscovery =
      parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('as') === 'APIGroupDiscoveryList';
    if (isDiscovery && (version === 'v2' || version === 'v2beta1')) return version;
  }
  return undefined;
}

/** The content type of the answer; clients look for the parameters. */
export function discoveryContentType(version: DiscoveryVersion): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}

/** @param root `/api` for the core group, `/apis` for all others */
export function discoveryList(root: '/api' | '/apis', version: DiscoveryVersion): unknown {
  const served = groupVersions().filter(({ group }) => (group === '') === (root === '/api'));
  const groups = Map.groupBy(served, ({ group }) => group);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: [...groups].map(([group, versions]) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map(versionOf),
    })),
  };
}

function versionOf({ version, kinds, foreign }: GroupVersion): unknown {
  return { version, resources: [...kinds.map(resourceOf), ...foreign.map(foreignOf)], freshness: 'Current' };
}

/** A subresource has to stand in a resource, and this one is of another group: it has neither kind nor verbs, as in Kubernetes. */
function foreignOf({ resource, namespaced, subresource, ...parent }: ForeignSubresource): unknown {
  return {
    resource,
    responseKind: { group: '', version: '', kind: '' },
    scope: scopeOf(namespaced),
    singularResource: '',
    verbs: [],
    subresources: [subresourceOf(parent, subresource)],
  };
}

function scopeOf(isNamespaced: boolean): string {
  return isNamespaced ? 'Namespaced' : 'Cluster';
}

function resourceOf(kind: AnyKind): unknown {
  return {
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: scopeOf(kind.namespaced),
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.subresources.length > 0
      ? { subresources: kind.subresources.map((each) => subresourceOf(kind, each)) }
      : {}),
  };
}

function subresourceOf(parent: Pick<AnyKind, 'group' | 'version'>, subresource: Subresource): unknown {
  const { group = parent.group, version = parent.version, name, verbs } = subresource;
  return { subresource: name, responseKind: { group, version, kind: subresource.kind }, verbs };
}
