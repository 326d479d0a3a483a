/** Field sets as `metav1.FieldsV1` writes them: `{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}}}}`. */
import { isObject, setOwn } from '../json-value.ts';
import { emptySet, type FieldSet, fieldSet } from './field-set.ts';

/** The JSON of a set, in the order in which Kubernetes sorts path elements. */
export function encodeFields(set: FieldSet): Readonly<Record<string, unknown>> {
  const encoded: Record<string, unknown> = {};
  const names = [...set.children.keys()].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
  for (const name of names) {
    const child = set.children.get(name) ?? emptySet;
    const below = encodeFields(child);
    // A leaf is `{}`; only a member with others below it needs the dot.
    setOwn(encoded, name, child.member && child.children.size > 0 ? { '.': {}, ...below } : below);
  }
  return encoded;
}

/** The set that the JSON means; undefined when it is no FieldsV1. */
export function decodeFields(value: unknown): FieldSet | undefined {
  if (!isObject(value)) return undefined;
  const children = decodeChildren(value);
  return children === undefined ? undefined : fieldSet(Object.hasOwn(value, '.'), children);
}

function decodeChildren(value: Readonly<Record<string, unknown>>): [string, FieldSet][] | undefined {
  const children: [string, FieldSet][] = [];
  for (const name of Object.keys(value)) {
    if (name === '.') continue;
    const child = value[name];
    if (!/^[fkvi]:/.test(name) || !isObject(child)) return undefined;
    const below = decodeChildren(child);
    if (below === undefined) return undefined;
    children.push([name, fieldSet(below.length === 0 || Object.hasOwn(child, '.'), below)]);
  }
  return children;
}

/** Fields before keys before values before positions. */
function rankOf(element: string): number {
  return 'fkvi'.indexOf(element.charAt(0));
}
