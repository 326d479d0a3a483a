/** Takes fields away from an object. */
import { isObject, shallowCopy } from '../json-value.ts';
import type { MessageType, Type } from '../schema/field.ts';
import { findJsonField } from '../schema/json-fields.ts';
import { emptySet, type FieldSet } from './field-set.ts';
import { isUnit, type Place, partsOf } from './ownership-unit.ts';
import { elementName } from './path-elements.ts';

/** `value` without the members of `set` and all that lies below them. Pure. */
export function removeFields(type: MessageType, value: unknown, set: FieldSet): unknown {
  return withoutFields({ type }, value, set);
}

function withoutFields(place: Place, value: unknown, set: FieldSet): unknown {
  if (set.children.size === 0 || isUnit(place)) return value;
  const { type } = place;
  if (type.kind === 'list') {
    return Array.isArray(value)
      ? value
          .map((element: unknown) => [element, set.children.get(elementName(type, element)) ?? emptySet] as const)
          .filter(([, below]) => !below.member)
          .map(([element, below]) => withoutFields({ type: type.item }, element, below))
      : value;
  }
  if (!isObject(value)) return value;
  const rest = shallowCopy(value);
  for (const [element, part] of partsOf(type, value)) {
    const below = set.children.get(element);
    if (below === undefined) continue;
    const name = element.slice('f:'.length);
    if (below.member) delete rest[name];
    // An own property already, so that a key named __proto__ is one too.
    else Object.defineProperty(rest, name, { value: withoutFields(part.place, part.values[0], below) });
  }
  return rest;
}

/**
 * The set with every struct member that leads to one of its paths: who owns `spec.replicas` owns `spec` as well, when
 * it comes to removing. Keys of free maps and elements of lists exist by themselves and are not added.
 */
export function withParents(type: Type, set: FieldSet): FieldSet {
  const children = [...set.children].map(([element, child]) => {
    const inner = innerType(type, element);
    const below = inner === undefined ? child : withParents(inner, child);
    const isNamed = type.kind === 'message' && inner !== undefined;
    return [element, { ...below, member: child.member || isNamed }] as const;
  });
  return { member: set.member, children: new Map(children) };
}

function innerType(type: Type, element: string): Type | undefined {
  switch (type.kind) {
    case 'message':
      return element.startsWith('f:') ? findJsonField(type, element.slice('f:'.length))?.type : undefined;
    case 'map':
      return type.value;
    case 'list':
      return type.item;
    case 'scalar':
      return undefined;
  }
}
