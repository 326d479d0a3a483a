/**
 * Checks of single values beyond names, in Kubernetes' words. Each gives a list of complaints, empty when the value
 * is fine; `complaints` makes field errors of them.
 */
import { invalidValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';

/** One error per problem with `value`. */
export function complaints(field: string, value: unknown, problems: readonly string[]): FieldError[] {
  return problems.map((problem) => invalidValue(field, value, problem));
}

/** `Too long: …`; the value itself is left out, since it is long. */
export function tooLong(field: string, maxBytes: number): FieldError {
  return { field, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${maxBytes} bytes` };
}

/** `Not found: "x"`: the value names something that is not there. */
export function notFound(field: string, value: string): FieldError {
  return { field, reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(value)}` };
}

export function checkRange(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

export function checkPortNumber(value: number): string[] {
  return checkRange(value, 1, 65_535);
}

/** The largest id that Kubernetes takes for users and groups. */
export const maxId = 2_147_483_647;

export function checkId(value: number): string[] {
  return checkRange(value, 0, maxId);
}

export function checkNonNegative(value: number): string[] {
  return value < 0 ? ['must be greater than or equal to 0'] : [];
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/;

/** An IPv4 address without leading zeros, or an IPv6 address without zone. */
export function checkIpAddress(value: string): string[] {
  const isIpv4 = ipv4.test(value) && !value.endsWith('.');
  const isIpv6 = /^[0-9a-fA-F:.]+$/.test(value) && value.includes(':') && URL.canParse(`http://[${value}]/`);
  return isIpv4 || isIpv6 ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** No part of the path leads upwards. */
export function checkNoBacksteps(path: string): string[] {
  return path.split('/').includes('..') ? ["must not contain '..'"] : [];
}

/** A path that stays below where it starts. */
export function checkDescendingPath(path: string): string[] {
  return [...(path.startsWith('/') ? ['must be a relative path'] : []), ...checkNoBacksteps(path)];
}

/** As `checkDescendingPath`, and free of the names with which atomic updates of a volume are made (`..data`). */
export function checkVolumeFilePath(path: string): string[] {
  const isReserved = path.startsWith('..') && !path.startsWith('../') && path !== '..';
  return [...checkDescendingPath(path), ...(isReserved ? ["must not start with '..'"] : [])];
}

/** Permission bits of a file. */
export function checkFileMode(mode: number): string[] {
  return mode >= 0 && mode <= 0o777 ? [] : ['must be a number between 0 and 0777 (octal), both inclusive'];
}

const httpHeaderName = '[-A-Za-z0-9]+';

export function checkHttpHeaderName(name: string): string[] {
  if (new RegExp(`^${httpHeaderName}$`).test(name)) return [];
  return [
    `a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '${httpHeaderName}')`,
  ];
}
