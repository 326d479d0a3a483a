/** Keys under which objects lie in the store: `/registry/<group>/<resource>/[<namespace>/]<name>`. */
import type { ObjectKey } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';

type Located = Pick<KindDescription, 'group' | 'resource' | 'namespaced' | 'storedAs'>;

/** The common prefix of a kind's keys, or of those in one namespace. Ends in a slash, so that `a` is no prefix of `ab`. */
export function keyPrefix(kind: Located, namespace?: string): string {
  const { group, resource } = kind.storedAs?.kind ?? kind;
  const all = `/registry/${group === '' ? 'core' : group}/${resource}/`;
  return kind.namespaced && namespace ? `${all}${namespace}/` : all;
}

/** The key of one object. */
export function objectKey(kind: Located, key: ObjectKey): string {
  return `${keyPrefix(kind, key.namespace)}${key.name}`;
}

/** The narrowest prefix under which everything lies that a selection can match. */
export function selectedPrefix(
  kind: Located,
  selection: { readonly namespace: string | undefined; readonly name: string | undefined },
): string {
  const prefix = keyPrefix(kind, selection.namespace);
  const isOne = selection.name !== undefined && (!kind.namespaced || selection.namespace !== undefined);
  return isOne ? `${prefix}${selection.name}` : prefix;
}
