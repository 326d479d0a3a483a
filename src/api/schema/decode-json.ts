/**
 * Reads a JSON value as an object of a kind, as Kubernetes' strict decoder does.
 *
 * Unknown fields are dropped and named, so that the API server can refuse, warn or
 * ignore (`fieldValidation`). A wrong JSON type throws. null means absent. What comes
 * out is in Kubernetes' canonical form: quantities, times and base64 as they would be
 * printed, zero values of non-pointer fields gone (see `zero-values.ts`).
 */
import { isObject, setOwn } from '../json-value.ts';
import type { ListType, MapType, MessageType, Type } from './field.ts';
import { findJsonField } from './json-fields.ts';
import { JsonLocation } from './json-location.ts';
import { decodeJsonScalar } from './json-scalars.ts';
import { isUnset, zeroOf } from './zero-values.ts';

export interface DecodedJson {
  readonly value: Record<string, unknown>;
  /** Paths as in `spec.containers[0].bar`, in document order, at most 100; the caller says `unknown field "…"`. */
  readonly unknownFields: string[];
}

export interface DecodeJsonOptions {
  /** Keep nulls and zero values of known fields: whoever applies them server-side owns them. */
  readonly keepsUnset?: boolean;
}

/** What is collected, and how, on the way through one document. */
interface Reading {
  readonly unknownFields: string[];
  readonly keepsUnset: boolean;
}

/** Kubernetes stops listing strict decoding errors here; each of them may become a header of the answer. */
const maxUnknownFields = 100;

/**
 * @param kindName for messages: `Pod`; the version in them is that of the value's own apiVersion
 * @throws StatusError `BadRequest` naming the field, in the words of Go's JSON decoder
 */
export function decodeJson(
  type: MessageType,
  value: unknown,
  kindName: string,
  options: DecodeJsonOptions = {},
): DecodedJson {
  const apiVersion = isObject(value) && typeof value['apiVersion'] === 'string' ? value['apiVersion'] : 'v1';
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  const top = new JsonLocation({ kind: kindName, version });
  if (!isObject(value)) throw top.mismatch(value, type);

  const reading: Reading = { unknownFields: [], keepsUnset: options.keepsUnset ?? false };
  const decoded: Record<string, unknown> = {};
  for (const name of ['apiVersion', 'kind'] as const) {
    const text = value[name];
    if (text === undefined || text === null || Object.hasOwn(type.fields, name)) continue;
    if (typeof text !== 'string') throw top.field(type.name, name).mismatch(text, { kind: 'scalar', scalar: 'string' });
    decoded[name] = text;
  }
  decodeFields(type, value, top, reading, decoded);
  return { value: decoded, unknownFields: reading.unknownFields };
}

function decodeFields(
  type: MessageType,
  value: Readonly<Record<string, unknown>>,
  at: JsonLocation,
  reading: Reading,
  into: Record<string, unknown>,
): Record<string, unknown> {
  for (const name of Object.keys(value)) {
    const field = findJsonField(type, name);
    if (field === undefined) {
      const isNew = !Object.hasOwn(into, name) && reading.unknownFields.length < maxUnknownFields;
      if (isNew) reading.unknownFields.push(at.field(type.name, name).path());
      continue;
    }
    const child = value[name];
    if (child === undefined) continue;
    if (child === null) {
      if (reading.keepsUnset) setOwn(into, name, null);
      continue;
    }
    const decoded = decodeValue(field.type, child, at.field(type.name, name), reading);
    if (decoded !== undefined && (reading.keepsUnset || !isUnset(field, decoded))) setOwn(into, name, decoded);
  }
  return into;
}

function decodeValue(type: Type, value: unknown, at: JsonLocation, reading: Reading): unknown {
  switch (type.kind) {
    case 'scalar':
      return decodeJsonScalar(type, value, at);
    case 'message':
      if (!isObject(value)) throw at.mismatch(value, type);
      return decodeFields(type, value, at, reading, {});
    case 'list':
      return decodeList(type, value, at, reading);
    case 'map':
      return decodeMap(type, value, at, reading);
  }
}

function decodeList(type: ListType, value: unknown, at: JsonLocation, reading: Reading): unknown[] {
  if (!Array.isArray(value)) throw at.mismatch(value, type);
  return value.map((item: unknown, index) =>
    item === null ? zeroOf(type.item) : decodeValue(type.item, item, at.index(index), reading),
  );
}

function decodeMap(type: MapType, value: unknown, at: JsonLocation, reading: Reading): Record<string, unknown> {
  if (!isObject(value)) throw at.mismatch(value, type);
  const decoded: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    setOwn(decoded, key, item === null ? zeroOf(type.value) : decodeValue(type.value, item, at.key(key), reading));
  }
  return decoded;
}
