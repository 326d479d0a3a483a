/** Query parameters as Kubernetes reads them. */
import { StatusError } from '../../lib/status-error.ts';

/** `1`, `true` and an empty value mean true; `0`, `false` and absence mean false. Undefined when absent. */
export function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  return !['0', 'false', 'False', 'FALSE', 'f', 'F'].includes(value);
}

/**
 * A whole number, or undefined when absent or empty.
 *
 * @throws StatusError BadRequest for anything else
 */
export function readInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  const number = Number(value);
  if (/^[+-]?\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new StatusError(
    'BadRequest',
    `unable to parse query parameter ${name}: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
}

/** The text of a parameter; undefined when absent or empty. */
export function readText(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}
