/** Objects as JSON and YAML text in kubectl's layout: keys in order of the alphabet, lists not indented. */
import type { KubeObject } from '../../api/meta.ts';

/** With four blanks a level and a last newline, as kubectl. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(sortKeys(value), undefined, 4)}\n`;
}

/** One document, with a last newline. The YAML library is loaded at the first call. */
export async function toYaml(value: unknown): Promise<string> {
  const { yamlText } = await import('./yaml-text.ts');
  return yamlText(sortKeys(value));
}

/** The object as people want to see it: without the bookkeeping of field managers. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The same value with the keys of every object in order. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
