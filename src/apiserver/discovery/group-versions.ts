/** The kinds that are served, by group and version, as discovery and OpenAPI tell of them. */
import { type ForeignSubresource, foreignSubresources } from '../../api/foreign-subresources.ts';
import { apiVersionOf, kinds } from '../../api/scheme.ts';
import type { AnyKind } from '../registry/context.ts';

export interface GroupVersion {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1` or `coordination.k8s.io/v1`. */
  readonly name: string;
  readonly kinds: readonly AnyKind[];
  /** What it serves of other groups' resources. */
  readonly foreign: readonly ForeignSubresource[];
}

/** Every group and version, core first. */
export function groupVersions(): readonly GroupVersion[] {
  const byName = Map.groupBy(kinds, apiVersionOf);
  return [...byName].flatMap(([name, members]) => {
    const [first] = members;
    const foreign = foreignSubresources.filter((each) => apiVersionOf(each) === name);
    return first ? [{ group: first.group, version: first.version, name, kinds: members, foreign }] : [];
  });
}

/** The group-versions of one group; empty when it is not served. */
export function versionsOf(group: string): readonly GroupVersion[] {
  return groupVersions().filter((each) => each.group === group);
}
