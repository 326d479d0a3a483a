/** Fills in what a kind's field table says is always there. */
import { isObject, shallowCopy } from '../json-value.ts';
import type { MessageType, Type } from './field.ts';
import { jsonFieldsOf } from './json-fields.ts';

/**
 * The value with every absent `defaulted` field set, at any depth, defaults within defaults
 * included. Fields are visited in declaration order, so a default may look at what was set
 * before it. The input is never changed; what needs no default is shared with the result.
 */
export function applyDefaults<T>(type: MessageType, value: T): T {
  return defaultedMessage(type, value) as T;
}

function defaultedMessage(type: MessageType, value: unknown): unknown {
  if (!isObject(value)) return value;
  let result: Record<string, unknown> | undefined;
  for (const [name, field] of jsonFieldsOf(type)) {
    const before = value[name];
    const given = before ?? (field.presence === 'defaulted' ? field.makeDefault?.(result ?? value) : undefined);
    if (given === undefined || given === null) continue;
    const after = defaultedValue(field.type, given);
    if (after === before) continue;
    result ??= shallowCopy(value);
    result[name] = after;
  }
  return result ?? value;
}

function defaultedValue(type: Type, value: unknown): unknown {
  switch (type.kind) {
    case 'scalar':
      return value;
    case 'message':
      return defaultedMessage(type, value);
    case 'list':
      return Array.isArray(value) ? defaultedList(type.item, value) : value;
    case 'map':
      return isObject(value) ? defaultedMap(type.value, value) : value;
  }
}

function defaultedList(item: Type, list: readonly unknown[]): readonly unknown[] {
  if (item.kind === 'scalar') return list;
  const after = list.map((element) => defaultedValue(item, element));
  return after.every((element, index) => element === list[index]) ? list : after;
}

function defaultedMap(item: Type, map: Readonly<Record<string, unknown>>): unknown {
  if (item.kind === 'scalar') return map;
  const after = shallowCopy(map);
  for (const key of Object.keys(after)) {
    Object.defineProperty(after, key, { value: defaultedValue(item, after[key]) });
  }
  return Object.keys(after).every((key) => after[key] === map[key]) ? map : after;
}
