/** Scalars on the protobuf wire, several of which are small messages there, in the form JSON has them. */
import { isObject } from '../json-value.ts';
import { canonicalQuantity } from '../quantity.ts';
import type { ScalarType } from './field.ts';
import { parseJson } from './json-text.ts';
import { malformed, ProtobufReader, wireTypes } from './protobuf-reader.ts';
import { type TimePrecision, timeFromUnix } from './timestamps.ts';
import type { ValueBudget } from './value-budget.ts';

/** The wire type of one value, unpacked. */
export function wireTypeOf(type: ScalarType): number {
  switch (type.scalar) {
    case 'bool':
    case 'int32':
    case 'int64':
      return wireTypes.varint;
    case 'double':
      return wireTypes.fixed64;
    default:
      return wireTypes.bytes;
  }
}

/**
 * @param budget pays for what a raw value holds
 * @returns undefined for a zero time or an empty raw value
 * @throws StatusError `BadRequest`, `RequestEntityTooLarge`
 */
export function readScalar(type: ScalarType, reader: ProtobufReader, budget: ValueBudget): unknown {
  switch (type.scalar) {
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return reader.int64();
    case 'double':
      return reader.double();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'time':
      return readTime(reader.bytes(), 'seconds');
    case 'microTime':
      return readTime(reader.bytes(), 'micros');
    case 'quantity':
      return readQuantity(reader.bytes());
    case 'intOrString':
      return readIntOrString(reader.bytes());
    case 'fieldsV1': {
      const fields = readRaw(reader.bytes(), budget) ?? {};
      if (!isObject(fields)) throw malformed('fieldsV1 is not an object');
      return fields;
    }
    case 'raw':
      return readRaw(reader.bytes(), budget);
  }
}

/** `{seconds = 1, nanos = 2}`; an empty message is the zero time, not 1970. */
function readTime(bytes: Uint8Array, precision: TimePrecision): string | undefined {
  if (bytes.length === 0) return undefined;
  let seconds = 0;
  let nanos = 0;
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.varint) seconds = reader.int64();
    else if (field === 2 && wire === wireTypes.varint) nanos = reader.int32();
    else reader.skip(wire);
  }
  const time = timeFromUnix(seconds, nanos, precision);
  if (time === 'Malformed') throw malformed('time outside of the years 1 to 9999');
  return time;
}

/** `{string = 1}` */
function readQuantity(bytes: Uint8Array): string {
  let text = '';
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.bytes) text = reader.string();
    else reader.skip(wire);
  }
  if (text === '') return '0';
  const quantity = canonicalQuantity(text);
  if ('problem' in quantity) throw malformed(quantity.problem);
  return quantity.text;
}

/** `{type = 1, intVal = 2, strVal = 3}`; type 0 is the number, 1 the text. */
function readIntOrString(bytes: Uint8Array): number | string {
  let isString = false;
  let number = 0;
  let text = '';
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.varint) isString = reader.int32() === 1;
    else if (field === 2 && wire === wireTypes.varint) number = reader.int32();
    else if (field === 3 && wire === wireTypes.bytes) text = reader.string();
    else reader.skip(wire);
  }
  return isString ? text : number;
}

/** JSON has no value shorter than `[],`, but names of fields are long: this is between the two. */
const bytesPerRawValue = 4;

/** `{raw = 1}`, JSON inside. */
function readRaw(bytes: Uint8Array, budget: ValueBudget): unknown {
  budget.take(Math.ceil(bytes.length / bytesPerRawValue));
  let text = '';
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.bytes) text = reader.string();
    else reader.skip(wire);
  }
  return text === '' ? undefined : (parseJson(text).value ?? undefined);
}
