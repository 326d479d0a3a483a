/**
 * The resources that people ask for most, so that `eli get pods` needs no discovery first.
 * Discovery stays the truth for everything else; a test compares this table with the scheme.
 */
import type { ResourceKind } from './resource-kind.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function core(
  resource: string,
  kind: string,
  shortNames: readonly string[],
  options: { readonly namespaced?: boolean; readonly categories?: readonly string[] } = {},
): ResourceKind {
  const { namespaced = true, categories = [] } = options;
  return {
    group: '',
    version: 'v1',
    resource,
    kind,
    singular: kind.toLowerCase(),
    shortNames,
    namespaced,
    categories,
    verbs,
  };
}

export const builtinResources: readonly ResourceKind[] = [
  core('pods', 'Pod', ['po'], { categories: ['all'] }),
  core('nodes', 'Node', ['no'], { namespaced: false }),
  core('namespaces', 'Namespace', ['ns'], { namespaced: false }),
  core('configmaps', 'ConfigMap', ['cm']),
  core('secrets', 'Secret', []),
  core('serviceaccounts', 'ServiceAccount', ['sa']),
  core('events', 'Event', ['ev']),
];

/**
 * One of them.
 *
 * @throws Error when there is none of that name: a mistake of ours
 */
export function builtinResource(resource: string): ResourceKind {
  const found = builtinResources.find((kind) => kind.resource === resource);
  if (found === undefined) throw new Error(`${resource} is no builtin resource`);
  return found;
}
