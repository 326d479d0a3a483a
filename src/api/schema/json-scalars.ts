/** Reads one scalar of a JSON document and brings it into the form in which Kubernetes prints it. */
import { isObject } from '../json-value.ts';
import { canonicalQuantity } from '../quantity.ts';
import { readBase64 } from './base64.ts';
import type { ScalarType } from './field.ts';
import type { JsonLocation } from './json-location.ts';
import { normalizeTime, type TimePrecision } from './timestamps.ts';

/** @returns undefined for a zero time; @throws StatusError `BadRequest` */
export function decodeJsonScalar(type: ScalarType, value: unknown, at: JsonLocation): unknown {
  switch (type.scalar) {
    case 'string':
      if (typeof value !== 'string') throw at.mismatch(value, type);
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw at.mismatch(value, type);
      return value;
    case 'int32':
      if (!isInt32(value)) throw at.mismatch(value, type);
      return value;
    case 'int64':
      // Past 2^53 JSON.parse has already rounded: better refused than silently changed.
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw at.mismatch(value, type);
      return value;
    case 'double':
      if (typeof value !== 'number') throw at.mismatch(value, type);
      return value;
    case 'intOrString':
      if (typeof value !== 'string' && !isInt32(value)) throw at.mismatch(value, type);
      return value;
    case 'bytes':
      return decodeBytes(type, value, at);
    case 'time':
      return decodeTime(type, value, at, 'seconds');
    case 'microTime':
      return decodeTime(type, value, at, 'micros');
    case 'quantity':
      return decodeQuantity(type, value, at);
    case 'fieldsV1':
      if (!isObject(value)) throw at.mismatch(value, type);
      return value;
    case 'raw':
      return value;
  }
}

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && value === (value | 0);
}

function decodeBytes(type: ScalarType, value: unknown, at: JsonLocation): string {
  if (typeof value !== 'string') throw at.mismatch(value, type);
  const base64 = readBase64(value);
  if ('illegalAt' in base64) throw at.malformed(`illegal base64 data at input byte ${base64.illegalAt}`);
  return base64.canonical;
}

const layouts = { seconds: '2006-01-02T15:04:05Z07:00', micros: '2006-01-02T15:04:05.000000Z07:00' } as const;

function decodeTime(type: ScalarType, value: unknown, at: JsonLocation, precision: TimePrecision): string | undefined {
  if (typeof value !== 'string') throw at.mismatch(value, type);
  const time = normalizeTime(value, precision);
  if (time === 'Malformed') {
    const text = JSON.stringify(value);
    throw at.malformed(`parsing time ${text} as "${layouts[precision]}": cannot parse ${text} as an RFC 3339 time`);
  }
  return time;
}

/** A bare number is a quantity too: `cpu: 2`. */
function decodeQuantity(type: ScalarType, value: unknown, at: JsonLocation): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw at.mismatch(value, type);
  const quantity = canonicalQuantity(String(value).trim());
  if ('problem' in quantity) throw at.malformed(quantity.problem);
  return quantity.text;
}
