/**
 * Reads the protobuf bodies that client-go sends since 1.32 and gives the same object that
 * the JSON body would have given.
 *
 * Proto2 encoders write every non-pointer scalar, set or not; zero values are dropped as
 * `zero-values.ts` says. Unknown field numbers are passed over, as protobuf demands.
 */

import { StatusError } from '../../lib/status-error.ts';
import { setOwn } from '../json-value.ts';
import type { Field, Fields, ListType, MapType, MessageType, ScalarType, Type } from './field.ts';
import { malformed, ProtobufReader, wireTypes } from './protobuf-reader.ts';
import { readScalar, wireTypeOf } from './protobuf-scalars.ts';
import { ValueBudget } from './value-budget.ts';
import { isUnset, zeroOf } from './zero-values.ts';

/** `runtime.Unknown` without its magic: what kind the body is, and its bytes. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

const magic = [0x6b, 0x38, 0x73, 0x00];

/** @throws StatusError `BadRequest` when the body does not start with `k8s\0` or is no `runtime.Unknown` */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new StatusError(
      'BadRequest',
      'provided data does not appear to be a protobuf message, expected prefix 6b 38 73 00',
    );
  }
  let apiVersion = '';
  let kind = '';
  let raw = new Uint8Array(0);
  const reader = new ProtobufReader(bytes.subarray(magic.length));
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.bytes) ({ apiVersion, kind } = decodeTypeMeta(reader.bytes()));
    else if (field === 2 && wire === wireTypes.bytes) raw = new Uint8Array(reader.bytes());
    else if (field === 3 && wire === wireTypes.bytes) checkContentEncoding(reader.string());
    else reader.skip(wire);
  }
  return { apiVersion, kind, raw };
}

/** @throws StatusError `BadRequest` for truncated or malformed input, `RequestEntityTooLarge` for too many fields */
export function decodeProtobuf(type: MessageType, bytes: Uint8Array): Record<string, unknown> {
  return decodeNew(type, bytes, new ValueBudget());
}

function decodeNew(type: MessageType, bytes: Uint8Array, budget: ValueBudget): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  decodeMessage(type, bytes, object, budget);
  return object;
}

function decodeTypeMeta(bytes: Uint8Array): { readonly apiVersion: string; readonly kind: string } {
  const reader = new ProtobufReader(bytes);
  let apiVersion = '';
  let kind = '';
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.bytes) apiVersion = reader.string();
    else if (field === 2 && wire === wireTypes.bytes) kind = reader.string();
    else reader.skip(wire);
  }
  return { apiVersion, kind };
}

function checkContentEncoding(encoding: string): void {
  if (encoding !== '') throw malformed(`unsupported content encoding ${JSON.stringify(encoding)}`);
}

/** Reads a message into `object`: the parent's when it is inline, and the earlier one when it comes twice. */
function decodeMessage(
  type: MessageType,
  bytes: Uint8Array,
  object: Record<string, unknown>,
  budget: ValueBudget,
): void {
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    budget.take();
    const { field: number, wire } = reader.tag();
    const found = fieldByNumber(type.fields, number);
    if (found === undefined) {
      reader.skip(wire);
      continue;
    }
    const [name, field] = found;
    checkWire(type, name, field.type, wire);
    decodeField(name, field, wire, reader, object, budget);
  }
}

function fieldByNumber(fields: Fields, number: number): readonly [string, Field] | undefined {
  for (const name in fields) {
    const field = fields[name];
    if (field?.number === number) return [name, field];
  }
  return undefined;
}

function checkWire(owner: MessageType, name: string, type: Type, wire: number): void {
  const element = type.kind === 'list' ? type.item : type;
  const expected = element.kind === 'scalar' ? wireTypeOf(element) : wireTypes.bytes;
  const mayBePacked = type.kind === 'list' && wire === wireTypes.bytes;
  if (wire !== expected && !mayBePacked) {
    throw malformed(
      `wrong wireType = ${wire} for field ${name} of ${owner.name.slice(owner.name.lastIndexOf('.') + 1)}`,
    );
  }
}

function decodeField(
  name: string,
  field: Field,
  wire: number,
  reader: ProtobufReader,
  object: Record<string, unknown>,
  budget: ValueBudget,
): void {
  const { type } = field;
  switch (type.kind) {
    case 'message':
      if (field.inline === true) decodeMessage(type, reader.bytes(), object, budget);
      else decodeMessage(type, reader.bytes(), ownObject(object, name), budget);
      return;
    case 'list':
      decodeInto(ownList(object, name), type, wire, reader, budget);
      return;
    case 'map':
      decodeEntry(type, reader.bytes(), ownObject(object, name), budget);
      return;
    case 'scalar': {
      const value = readScalar(type, reader, budget);
      if (isUnset(field, value)) delete object[name];
      else setOwn(object, name, value);
    }
  }
}

function decodeInto(list: unknown[], type: ListType, wire: number, reader: ProtobufReader, budget: ValueBudget): void {
  const { item } = type;
  if (item.kind !== 'scalar') {
    list.push(decodeElement(item, reader.bytes(), budget));
  } else if (wire === wireTypes.bytes && wireTypeOf(item) !== wireTypes.bytes) {
    const packed = new ProtobufReader(reader.bytes());
    while (!packed.done) {
      budget.take();
      list.push(readElement(item, packed, budget));
    }
  } else {
    list.push(readElement(item, reader, budget));
  }
}

/** Lists and maps inside a list or map are wrapped in a message whose field 1 repeats (`authentication.v1.ExtraValue`). */
function decodeElement(type: Type, bytes: Uint8Array, budget: ValueBudget): unknown {
  if (type.kind === 'message') return decodeNew(type, bytes, budget);
  const wrapper: Record<string, unknown> = {};
  decodeMessage(
    { kind: 'message', name: 'items', fields: { items: { number: 1, presence: 'optional', type } } },
    bytes,
    wrapper,
    budget,
  );
  return wrapper['items'] ?? zeroOf(type);
}

function readElement(type: ScalarType, reader: ProtobufReader, budget: ValueBudget): unknown {
  return readScalar(type, reader, budget) ?? zeroOf(type);
}

function decodeEntry(type: MapType, bytes: Uint8Array, map: Record<string, unknown>, budget: ValueBudget): void {
  const reader = new ProtobufReader(bytes);
  let key = '';
  let value: unknown;
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === wireTypes.bytes) key = reader.string();
    else if (field === 2 && type.value.kind !== 'scalar' && wire === wireTypes.bytes) {
      value = decodeElement(type.value, reader.bytes(), budget);
    } else if (field === 2 && type.value.kind === 'scalar' && wire === wireTypeOf(type.value)) {
      value = readElement(type.value, reader, budget);
    } else reader.skip(wire);
  }
  setOwn(map, key, value ?? zeroOf(type.value));
}

function ownObject(object: Record<string, unknown>, name: string): Record<string, unknown> {
  object[name] ??= {};
  return object[name] as Record<string, unknown>;
}

function ownList(object: Record<string, unknown>, name: string): unknown[] {
  object[name] ??= [];
  return object[name] as unknown[];
}
