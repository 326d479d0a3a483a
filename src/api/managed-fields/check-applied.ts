/** What is wrong with an applied configuration before its values are looked at: fields and elements that have no name. */
import { isObject } from '../json-value.ts';
import type { ListType, MessageType } from '../schema/field.ts';
import { findJsonField } from '../schema/json-fields.ts';
import { isUnit, type Place } from './ownership-unit.ts';
import { elementName, keyOf } from './path-elements.ts';
import { pathText } from './path-text.ts';

/** More are not listed. */
const maxProblems = 10;

/**
 * Sentences in the words of structured-merge-diff, as `.spec.foo: field not declared in schema`; at most ten. Values of
 * wrong types are not looked into.
 */
export function problemsOfApplied(type: MessageType, applied: unknown): readonly string[] {
  const problems: string[] = [];
  check({ type }, applied, [], problems);
  return problems;
}

function check(place: Place, value: unknown, path: readonly string[], problems: string[]): void {
  if (problems.length >= maxProblems) return;
  const { type } = place;
  switch (type.kind) {
    case 'scalar':
      return;
    case 'message':
      if (isObject(value)) checkMessage(type, value, path, problems);
      return;
    case 'map':
      if (isObject(value)) {
        for (const key of Object.keys(value)) check({ type: type.value }, value[key], [...path, `f:${key}`], problems);
      }
      return;
    case 'list':
      if (Array.isArray(value)) checkList(type, value, path, problems, isUnit(place));
  }
}

function checkMessage(
  type: MessageType,
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
  problems: string[],
): void {
  for (const name of Object.keys(value)) {
    const at = [...path, `f:${name}`];
    const field = findJsonField(type, name);
    if (field !== undefined) check(field, value[name], at, problems);
    else if (path.length > 0 || (name !== 'apiVersion' && name !== 'kind')) {
      say(problems, at, 'field not declared in schema');
    }
  }
}

function checkList(
  type: ListType,
  list: readonly unknown[],
  path: readonly string[],
  problems: string[],
  isWhole: boolean,
): void {
  const seen = new Set<string>();
  for (const [index, element] of list.entries()) {
    if (isWhole) {
      check({ type: type.item }, element, [...path, `i:${index}`], problems);
      continue;
    }
    const missing = nameProblem(type, element);
    if (missing !== undefined) {
      say(problems, [...path, `i:${index}`], missing);
      continue;
    }
    const name = elementName(type, element);
    if (seen.has(name)) say(problems, path, `duplicate entries for key ${pathText([name])}`);
    seen.add(name);
    check({ type: type.item }, element, [...path, name], problems);
  }
}

/** Why an element of a set or keyed list has no name; undefined when it has one. */
function nameProblem({ item, semantics }: ListType, element: unknown): string | undefined {
  if (semantics.type !== 'map') {
    return element === null ? 'associative list without keys has an element that is null' : undefined;
  }
  if (element === null) return 'associative list with keys may not have a null element';
  if (!isObject(element)) return 'associative list with keys may not have non-map elements';
  const missing = semantics.keys.find((key) => (keyOf(item, element, key) ?? undefined) === undefined);
  return missing === undefined
    ? undefined
    : `associative list with keys has an element that omits key field ${JSON.stringify(missing)} (and doesn't have default value)`;
}

function say(problems: string[], path: readonly string[], what: string): void {
  if (problems.length < maxProblems) problems.push(`${pathText(path)}: ${what}`);
}
