/** Discovery as it has been since Kubernetes 1.0: one document a group and one a version. */
import type { Subresource } from '../../api/schema/kind.ts';
import type { AnyKind } from '../registry/context.ts';
import { type GroupVersion, groupVersions, versionsOf } from './group-versions.ts';

/** GET /api. */
export function apiVersions(): unknown {
  return {
    kind: 'APIVersions',
    versions: versionsOf('').map(({ version }) => version),
    serverAddressByClientCIDRs: [],
  };
}

/** GET /apis. */
export function apiGroupList(): unknown {
  const groups = new Set(groupVersions().flatMap(({ group }) => (group === '' ? [] : [group])));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups].map(groupOf) };
}

/** GET /apis/GROUP; undefined when the group is not served. */
export function apiGroup(group: string): unknown {
  if (group === '' || versionsOf(group).length === 0) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) };
}

function groupOf(group: string): {
  readonly name: string;
  readonly versions: readonly unknown[];
  readonly preferredVersion: unknown;
} {
  const versions = versionsOf(group).map(({ name, version }) => ({ groupVersion: name, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

/** GET /api/VERSION and /apis/GROUP/VERSION; undefined when it is not served. */
export function apiResourceList(group: string, version: string): unknown {
  const found = versionsOf(group).find((each) => each.version === version);
  return (
    found && { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: found.name, resources: resourcesOf(found) }
  );
}

function resourcesOf({ kinds, foreign }: GroupVersion): readonly unknown[] {
  return [
    ...kinds.flatMap((kind) => [resourceOf(kind), ...kind.subresources.map((each) => subresourceOf(kind, each))]),
    ...foreign.map((each) => subresourceOf(each, each.subresource)),
  ];
}

function resourceOf(kind: AnyKind): unknown {
  return {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
}

function subresourceOf(
  { resource, namespaced }: Pick<AnyKind, 'resource' | 'namespaced'>,
  { name, group, version, kind, verbs }: Subresource,
): unknown {
  return {
    name: `${resource}/${name}`,
    singularName: '',
    namespaced,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
    kind,
    verbs,
  };
}
