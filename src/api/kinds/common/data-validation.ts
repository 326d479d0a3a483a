/** Rules that ConfigMaps and Secrets share: keys, size, and data that was made immutable. */
import { isDeepStrictEqual } from 'node:util';
import { checkConfigKey } from '../../names.ts';
import { forbidden } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { complaints } from './checks.ts';

type Strings = { readonly [key: string]: string } | undefined;

/** What the values of one ConfigMap or Secret may take together: 1 MiB. */
export const maxDataBytes: number = 1024 * 1024;

export function validateDataKeys(data: Strings, path: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => complaints(`${path}[${key}]`, key, checkConfigKey(key)));
}

/** Bytes of all values; of base64 (`encoding`) those that it stands for. */
export function dataBytes(data: Strings, encoding: 'utf8' | 'base64'): number {
  return Object.values(data ?? {}).reduce((sum, value) => sum + Buffer.byteLength(value, encoding), 0);
}

/** Once `immutable` is true, neither it nor `keys` may change. */
export function validateImmutableData<K extends string>(
  next: { readonly immutable?: boolean } & { readonly [key in K]?: Strings },
  previous: { readonly immutable?: boolean } & { readonly [key in K]?: Strings },
  keys: readonly K[],
): FieldError[] {
  if (previous.immutable !== true) return [];
  const words = 'field is immutable when `immutable` is set';
  const changed = keys.filter((key) => !isDeepStrictEqual(next[key] ?? {}, previous[key] ?? {}));
  return [
    ...(next.immutable === true ? [] : [forbidden('immutable', words)]),
    ...changed.map((key) => forbidden(key, words)),
  ];
}
