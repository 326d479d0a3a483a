/** Lists in a strategic merge: merged as sets or by key, and put in order. */
import { StatusError } from '../../lib/status-error.ts';
import { isObject, type JsonObject, jsonEqual } from '../json-value.ts';
import { badPatch, patchDirectiveOf, plainValue } from './strategic-directives.ts';

/** What makes two elements the same; undefined for an element that equals no other. */
type Identity = (element: unknown) => string | undefined;

const byValue: Identity = (element) => JSON.stringify(element);

/** Both lists' scalars, each once: those of the patch in its order, the others where they were. */
export function mergeSet(before: readonly unknown[], patch: readonly unknown[]): readonly unknown[] {
  const merged = new Map([...before, ...patch].map((element) => [byValue(element), element]));
  return inOrder([...merged.values()], patch, before, byValue);
}

export interface KeyedListMerge {
  readonly before: readonly unknown[];
  readonly patch: readonly unknown[];
  readonly key: string;
  /** For messages. */
  readonly name: string;
  readonly merge: (element: JsonObject, change: JsonObject) => JsonObject;
}

/**
 * Elements with the same key merge, others are added; `$patch: delete` takes one away and
 * `$patch: replace` all that were there.
 *
 * @throws StatusError `Invalid` for an element of the patch without the key
 */
export function mergeKeyedList({ before, patch, key, name, merge }: KeyedListMerge): unknown {
  const identity = byKey(key);
  const deleted = new Set<string>();
  const changes: JsonObject[] = [];
  let replaces = false;
  for (const element of patch) {
    if (!isObject(element)) throw badPatch(`${name} holds an element that is not an object`);
    const directive = patchDirectiveOf(element);
    if (directive === 'replace') replaces = true;
    else if (directive === 'delete') deleted.add(demandKey(element, key, name));
    else changes.push(element);
  }
  if (replaces) return plainValue(changes);

  const remaining = before.filter((element) => !deleted.has(identity(element) ?? ''));
  const merged = [...remaining];
  const positions = positionsOf(merged, identity);
  for (const change of changes) {
    const id = demandKey(change, key, name);
    const position = positions.get(id);
    const element = position === undefined ? {} : merged[position];
    const after = merge(isObject(element) ? element : {}, change);
    if (position === undefined) positions.set(id, merged.push(after) - 1);
    else merged[position] = after;
  }
  return inOrder(merged, changes, remaining, identity);
}

/** The list without the scalars in `values`. */
export function deleteElements(list: readonly unknown[], values: readonly unknown[]): readonly unknown[] {
  return list.filter((element) => !values.some((value) => jsonEqual(element, value)));
}

export interface ElementOrder {
  readonly list: readonly unknown[];
  /** The elements, or objects that hold their keys, in the wanted order. */
  readonly order: readonly unknown[];
  /** The list before the patch: elements that `order` does not name keep their place among their neighbours. */
  readonly before: readonly unknown[];
  /** The list as the patch gives it; must agree with `order`. */
  readonly given: readonly unknown[];
  /** undefined for lists of scalars. */
  readonly key: string | undefined;
  readonly name: string;
}

/** @throws StatusError `BadRequest` when the patch's own list stands in another order */
export function orderElements({ list, order, before, given, key, name }: ElementOrder): readonly unknown[] {
  if (key !== undefined) for (const element of order) demandKey(element, key, `$setElementOrder/${name}`);
  const identity = key === undefined ? byValue : byKey(key);
  const kept = given.filter((element) => !isObject(element) || patchDirectiveOf(element) === 'merge');
  if (!isSubsequence(kept.map(identity), order.map(identity))) {
    throw badPatch(`the order in patch list ${name} doesn't match $setElementOrder/${name}`);
  }
  return inOrder(list, order, before, identity);
}

/**
 * Elements named by `order` in that order; each of the others comes before the first of them that
 * it preceded in `before`, else at the end.
 */
function inOrder(
  list: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  identity: Identity,
): readonly unknown[] {
  const wanted = positionsOf(order, identity);
  const earlier = positionsOf(before, identity);
  const positionIn = (positions: ReadonlyMap<string, number>, element: unknown): number | undefined => {
    const id = identity(element);
    return id === undefined ? undefined : positions.get(id);
  };
  const sorted = (elements: unknown[], by: ReadonlyMap<string, number>): unknown[] =>
    elements.sort((a, b) => (positionIn(by, a) ?? Infinity) - (positionIn(by, b) ?? Infinity) || 0);
  const named = sorted(
    list.filter((element) => positionIn(wanted, element) !== undefined),
    wanted,
  );
  const others = sorted(
    list.filter((element) => positionIn(wanted, element) === undefined),
    earlier,
  );

  const result: unknown[] = [];
  let nextOther = 0;
  for (const element of named) {
    const place = positionIn(earlier, element);
    while (place !== undefined && nextOther < others.length) {
      const other = positionIn(earlier, others[nextOther]);
      if (other === undefined || other >= place) break;
      result.push(others[nextOther++]);
    }
    result.push(element);
  }
  return [...result, ...others.slice(nextOther)];
}

function byKey(key: string): Identity {
  return (element) => (isObject(element) && Object.hasOwn(element, key) ? JSON.stringify(element[key]) : undefined);
}

function demandKey(element: unknown, key: string, name: string): string {
  const id = byKey(key)(element);
  if (id !== undefined) return id;
  throw new StatusError(
    'Invalid',
    `${name}: map: ${JSON.stringify(element)} does not contain declared merge key: ${key}`,
  );
}

/** Where each identity stands first. */
function positionsOf(elements: readonly unknown[], identity: Identity): Map<string, number> {
  const positions = new Map<string, number>();
  for (const [position, element] of elements.entries()) {
    const id = identity(element);
    if (id !== undefined && !positions.has(id)) positions.set(id, position);
  }
  return positions;
}

function isSubsequence(part: readonly unknown[], whole: readonly unknown[]): boolean {
  let matched = 0;
  for (const element of whole) if (matched < part.length && part[matched] === element) matched++;
  return matched === part.length;
}
