/**
 * Sets of field paths, as server-side apply reasons with them.
 *
 * A set is a tree: a path is in it when its node is a member; a node may be a member and have
 * members below it. Path elements are written as in `metav1.FieldsV1`: `f:name`, `k:{"name":"web"}`,
 * `v:"x"`. Sets are values: no operation changes its operands.
 */

export interface FieldSet {
  /** Whether the path that leads here is in the set. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { member: false, children: new Map() };

/** A node with these children; those that hold nothing are left out. */
export function fieldSet(member: boolean, children: Iterable<readonly [element: string, set: FieldSet]>): FieldSet {
  return { member, children: new Map([...children].filter(([, child]) => !isEmpty(child))) };
}

/** The set of one path. */
export function setOfPath(path: readonly string[]): FieldSet {
  const [element, ...rest] = path;
  return element === undefined ? fieldSet(true, []) : fieldSet(false, [[element, setOfPath(rest)]]);
}

export function isEmpty(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

/** Whether the path is in the set. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.children.get(element);
  return node?.member === true;
}

/** Paths in either set. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left)) return right;
  if (isEmpty(right)) return left;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    children.set(element, union(children.get(element) ?? emptySet, child));
  }
  return { member: left.member || right.member, children };
}

/** Paths in both sets. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const children = [...left.children].map(
    ([element, child]) => [element, intersection(child, right.children.get(element) ?? emptySet)] as const,
  );
  return fieldSet(left.member && right.member, children);
}

/** Paths in `left` that are not in `right`; what lies below a path of `right` stays. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(right)) return left;
  const children = [...left.children].map(([element, child]) => {
    const other = right.children.get(element);
    return [element, other === undefined ? child : difference(child, other)] as const;
  });
  return fieldSet(left.member && !right.member, children);
}

/** The set without the paths that start with `element`. */
export function withoutElement(set: FieldSet, element: string): FieldSet {
  return fieldSet(
    set.member,
    [...set.children].filter(([name]) => name !== element),
  );
}

/** Whether both hold the same paths. */
export function sameFields(left: FieldSet, right: FieldSet): boolean {
  return (
    left.member === right.member &&
    left.children.size === right.children.size &&
    [...left.children].every(([element, child]) => sameFields(child, right.children.get(element) ?? emptySet))
  );
}
