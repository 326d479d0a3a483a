/** `--sort-by`: objects in the order of a field, by kubectl's rules. Pure. */
import { compareQuantities, parseQuantity, type Quantity } from '../../api/quantity.ts';
import { UsageError } from '../usage-error.ts';
import { compilePath } from './jsonpath.ts';

/**
 * `items` by the value at `path`: numbers by size, texts that are quantities too, other texts by their characters. Those
 * without a value come first; equal ones stay in their order.
 *
 * @param objectOf the object of an item
 * @throws UsageError when not one of them has such a field, or its value has no order
 */
export function sortByPath<T>(items: readonly T[], path: string, objectOf: (item: T) => unknown): readonly T[] {
  if (items.length === 0) return items;
  const find = compilePath(path);
  const keyed = items.map((item) => ({ item, value: find(objectOf(item))[0] }));
  if (keyed.every(({ value }) => value === undefined)) {
    const braced = `{.${path.replace(/^\{?\.?(.*?)\}?$/, '$1')}}`;
    throw new UsageError(`couldn't find any field with path "${braced}" in the list of objects`);
  }
  return keyed.sort((a, b) => compareValues(a.value, b.value, path)).map(({ item }) => item);
}

function compareValues(a: unknown, b: unknown, path: string): number {
  if (isNothing(a) || isNothing(b)) return Number(isNothing(b)) - Number(isNothing(a));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  throw new UsageError(`the values of ${path} cannot be sorted: they are neither texts nor numbers`);
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function compareTexts(a: string, b: string): number {
  const [left, right] = [quantityOf(a), quantityOf(b)];
  if (left !== undefined && right !== undefined) return compareQuantities(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

function quantityOf(text: string): Quantity | undefined {
  if (!/^[+-]?[\d.]/.test(text)) return undefined;
  try {
    return parseQuantity(text);
  } catch {
    return undefined;
  }
}
