/** Where a field stands in a YAML text: `spec.containers[0].image`, as servers name it in what they refuse. */
import { type Document, isCollection, isMap, isScalar, type Node } from 'yaml';

/**
 * Offset into the text of the field, or of what it would stand in when it is not there; undefined when nothing of the path is.
 *
 * @param root the object in its document
 */
export function locateField(root: unknown, path: string): number | undefined {
  let node = root;
  let offset: number | undefined;
  for (const part of partsOf(path)) {
    if (!isCollection(node)) return offset;
    const found = find(node, part);
    if (found === undefined) return offset;
    offset = found.offset ?? offset;
    node = found.value;
  }
  return offset;
}

/** The object of a document, or one of the items of its list. */
export function objectNode(document: Document.Parsed, item: number | undefined): unknown {
  const { contents } = document;
  if (item === undefined || !isMap(contents)) return contents;
  const items = contents.get('items', true) as unknown;
  return isCollection(items) ? items.get(item, true) : contents;
}

/** `spec`, `containers`, 0, `image`; a key in brackets is one of a map: `metadata.labels[a.b]`. */
function partsOf(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) => {
    const part = inBrackets ?? plain ?? '';
    return inBrackets !== undefined && /^\d+$/.test(part) ? Number(part) : part.replace(/^"(.*)"$/, '$1');
  });
}

function find(
  node: Node,
  part: string | number,
): { readonly value: unknown; readonly offset: number | undefined } | undefined {
  if (!isMap(node)) {
    const value = isCollection(node) ? node.get(part, true) : undefined;
    return value === undefined ? undefined : { value, offset: offsetOf(value) };
  }
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair === undefined ? undefined : { value: pair.value, offset: offsetOf(pair.key) };
}

function offsetOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly number[] } | null)?.range?.[0];
}
