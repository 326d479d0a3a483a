/** Paths as server-side apply shows them to people: `.spec.containers[name="web"].image`. */
import { isObject } from '../json-value.ts';
import type { FieldSet } from './field-set.ts';

/** Of elements as in `metav1.FieldsV1`: `f:spec`, `k:{"name":"web"}`, `v:"x"`, `i:0`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case 'k': {
      const keys = parse(rest);
      if (!isObject(keys)) return `[${rest}]`;
      return `[${Object.keys(keys)
        .map((key) => `${key}=${JSON.stringify(keys[key])}`)
        .join(',')}]`;
    }
    case 'v':
      return `[=${rest}]`;
    case 'i':
      return `[${rest}]`;
    default:
      return `.${rest}`;
  }
}

/** Every path of the set, in Kubernetes' order: on each level the members first, then what lies below. */
export function pathsOf(set: FieldSet, prefix: readonly string[] = []): (readonly string[])[] {
  const elements = [...set.children.keys()].sort();
  const members = elements.filter((element) => set.children.get(element)?.member === true);
  return [
    ...members.map((element) => [...prefix, element]),
    ...elements.flatMap((element) => {
      const child = set.children.get(element);
      return child === undefined ? [] : pathsOf(child, [...prefix, element]);
    }),
  ];
}

/** Stored entries may hold any text after `k:`. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
