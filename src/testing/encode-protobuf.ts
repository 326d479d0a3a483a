/**
 * Writes an object as client-go's protobuf encoder does, from the field table: every scalar that is
 * no pointer is written, set or not. For tests of the decoder and of the API server.
 */
import type { Field, MessageType, ScalarType, Type } from '../api/schema/field.ts';

type Bytes = readonly number[];

/** The whole body: magic, `runtime.Unknown`, object. */
export function encodeEnvelope(apiVersion: string, kind: string, object: Uint8Array): Uint8Array {
  const typeMeta = [...delimited(1, utf8(apiVersion)), ...delimited(2, utf8(kind))];
  return Uint8Array.from([
    ...[0x6b, 0x38, 0x73, 0x00],
    ...delimited(1, typeMeta),
    ...delimited(2, [...object]),
    ...delimited(3, []),
    ...delimited(4, []),
  ]);
}

/** The message's bytes; `value` is JSON as the decoder gives it. */
export function encodeProtobuf(type: MessageType, value: Readonly<Record<string, unknown>>): Uint8Array {
  return Uint8Array.from(encodeMessage(type, value));
}

function encodeMessage(type: MessageType, value: Readonly<Record<string, unknown>>): Bytes {
  return Object.entries(type.fields).flatMap(([name, field]) => encodeField(field, field.inline ? value : value[name]));
}

function encodeField(field: Field, value: unknown): Bytes {
  const { number, type } = field;
  if (value === undefined) return field.pointer || type.kind !== 'scalar' ? [] : encodeUnset(number, type);
  switch (type.kind) {
    case 'scalar':
      return tagged(number, type, value);
    case 'message':
      return delimited(number, encodeMessage(type, value as Readonly<Record<string, unknown>>));
    case 'list':
      return (value as readonly unknown[]).flatMap((item) => encodeElement(number, type.item, item));
    case 'map':
      return Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([key, item]) =>
        delimited(number, [...delimited(1, utf8(key)), ...encodeElement(2, type.value, item)]),
      );
  }
}

/** What proto2 writes for a scalar that was never set. Small messages are pointers or written empty. */
function encodeUnset(number: number, type: ScalarType): Bytes {
  switch (type.scalar) {
    case 'bool':
    case 'int32':
    case 'int64':
      return tagged(number, type, 0);
    case 'double':
    case 'string':
      return tagged(number, type, type.scalar === 'double' ? 0 : '');
    case 'time':
    case 'microTime':
      return delimited(number, []);
    default:
      return [];
  }
}

function encodeElement(number: number, type: Type, value: unknown): Bytes {
  if (type.kind === 'scalar') return tagged(number, type, value);
  if (type.kind === 'message')
    return delimited(number, encodeMessage(type, value as Readonly<Record<string, unknown>>));
  const wrapper: MessageType = {
    kind: 'message',
    name: 'items',
    fields: { items: { number: 1, presence: 'optional', type } },
  };
  return delimited(number, encodeMessage(wrapper, { items: value }));
}

function tagged(number: number, type: ScalarType, value: unknown): Bytes {
  switch (type.scalar) {
    case 'bool':
    case 'int32':
    case 'int64':
      return [...varint(BigInt(number << 3)), ...varint(BigInt(Number(value)))];
    case 'double':
      return [...varint(BigInt((number << 3) | 1)), ...new Uint8Array(new Float64Array([Number(value)]).buffer)];
    default:
      return delimited(number, encodeSmall(type, value));
  }
}

function encodeSmall(type: ScalarType, value: unknown): Bytes {
  switch (type.scalar) {
    case 'bytes':
      return [...Buffer.from(String(value), 'base64')];
    case 'time':
    case 'microTime': {
      const ms = Date.parse(String(value));
      const seconds = Math.floor(ms / 1000);
      const micros = type.scalar === 'time' ? 0 : Number(String(value).slice(-7, -1));
      return [...varintField(1, seconds), ...varintField(2, micros * 1000)];
    }
    case 'quantity':
      return delimited(1, utf8(String(value)));
    case 'intOrString':
      return typeof value === 'number'
        ? [...varintField(1, 0), ...varintField(2, value), ...delimited(3, [])]
        : [...varintField(1, 1), ...varintField(2, 0), ...delimited(3, utf8(String(value)))];
    case 'fieldsV1':
    case 'raw':
      return delimited(1, utf8(JSON.stringify(value)));
    default:
      return utf8(String(value));
  }
}

function varintField(number: number, value: number): Bytes {
  return [...varint(BigInt(number << 3)), ...varint(BigInt(value))];
}

function delimited(number: number, bytes: Bytes): Bytes {
  return [...varint(BigInt((number << 3) | 2)), ...varint(BigInt(bytes.length)), ...bytes];
}

/** Negative numbers take ten bytes, as in two's complement of 64 bits. */
function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function utf8(text: string): Bytes {
  return [...Buffer.from(text)];
}
