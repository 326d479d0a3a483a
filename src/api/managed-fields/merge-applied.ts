/** An object with what somebody applies to it laid over. */
import { isObject, setOwn, shallowCopy } from '../json-value.ts';
import type { ListType, MessageType } from '../schema/field.ts';
import { isUnit, type Place, partsOf } from './ownership-unit.ts';
import { elementName, elementsByName } from './path-elements.ts';

/**
 * What `applied` says goes before what `live` says; what it is silent about stays. Values that have one owner are
 * replaced whole. An empty or null map, list or object says nothing about what is in it. Pure.
 */
export function mergeApplied(type: MessageType, live: unknown, applied: unknown): unknown {
  return mergeValue({ type }, live, applied);
}

function mergeValue(place: Place, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (isUnit(place) || isBare(live)) return applied;
  if (isBare(applied)) return live;
  const { type } = place;
  if (type.kind === 'list') {
    return Array.isArray(live) && Array.isArray(applied) ? mergeList(type, live, applied) : applied;
  }
  return isObject(live) && isObject(applied) ? mergeObject(place, live, applied) : applied;
}

function mergeObject(
  { type }: Place,
  live: Readonly<Record<string, unknown>>,
  applied: Readonly<Record<string, unknown>>,
): unknown {
  const merged = shallowCopy(live);
  for (const [element, part] of partsOf(type, applied)) {
    const name = element.slice('f:'.length);
    setOwn(merged, name, mergeValue(part.place, Object.hasOwn(live, name) ? live[name] : undefined, part.values[0]));
  }
  return merged;
}

/**
 * Applied elements stand in the order in which they are applied. Others keep their place: behind the element of both
 * lists that they followed, and before what is new there.
 */
function mergeList(type: ListType, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const before = elementsByName(type, live);
  const names = applied.map((element) => elementName(type, element));
  const positions = new Map(names.map((name, position) => [name, position]));
  /** Positions of the elements that are in both lists. */
  const shared = names.flatMap((name, position) => (before.has(name) ? [position] : []));
  const merged: unknown[] = [];
  let taken = 0;
  let nextShared = 0;
  const takeUntil = (end: number): void => {
    for (; taken < end; taken++) {
      const same = before.get(names[taken] ?? '') ?? [];
      // Of duplicates none is the one that is meant.
      merged.push(mergeValue({ type: type.item }, same.length === 1 ? same[0] : undefined, applied[taken]));
    }
  };
  for (const element of live) {
    const position = positions.get(elementName(type, element));
    if (position === undefined) merged.push(element);
    else if (position === shared[nextShared]) {
      takeUntil(position + 1);
      nextShared++;
    }
  }
  takeUntil(applied.length);
  return merged;
}

function isBare(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
