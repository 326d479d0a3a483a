/** JSON pointers, RFC 6901. */

/** The decoded steps of a pointer; undefined when the text is none. `''` is the whole document. */
export function parseJsonPointer(text: string): readonly string[] | undefined {
  if (text === '') return [];
  if (!text.startsWith('/')) return undefined;
  const steps = text.slice(1).split('/');
  if (steps.some((step) => /~(?![01])/.test(step))) return undefined;
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The position that a step means in an array of `length` elements; undefined when it is none or outside. */
export function arrayIndex(step: string, length: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(step)) return undefined;
  const index = Number(step);
  return index < length ? index : undefined;
}
