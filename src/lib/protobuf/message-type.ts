/**
 * Protobuf messages (proto3) by a table: one codec for all of them, instead of code for each. Generated code is ten
 * times as long, and stays in memory as text and as functions (docs/adr/0051).
 *
 * What the reduced `.proto` files use is known: scalars, enums as numbers, messages, lists, maps of strings.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A message of which every part may be left out: what is missing has its zero value, and is not sent. */
export type PartialMessage<T> = T extends Uint8Array | string | number | boolean | bigint | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly PartialMessage<Item>[]
    : { readonly [Key in keyof T]?: PartialMessage<T[Key]> | undefined };

export interface MessageType<Message> {
  encode(message: PartialMessage<Message>): Uint8Array;
  /**
   * Every field is there afterwards; messages that did not come are undefined. Unknown fields are passed over.
   *
   * @throws Error when the bytes are no message
   */
  decode(bytes: Uint8Array): Message;
}

/**
 * The type of a message.
 *
 * @param table its fields, as `1 name string;2 labels map;3 ports 0*`: number, name, type, `*` for a list. A type that
 *   is a number is a message, counted in `messages`
 * @param messages a function, since messages may stand in any order
 */
export function messageType<Message extends object>(
  table: string,
  messages: () => readonly object[] = () => [],
): MessageType<Message> {
  return new TableMessage(table, messages) as unknown as MessageType<Message>;
}

type Values = Record<string, unknown>;

interface Scalar {
  readonly wire: WireType;
  /** Made anew: nobody must share it. */
  readonly zero: () => unknown;
  isZero(value: unknown): boolean;
  read(reader: BinaryReader): unknown;
  write(writer: BinaryWriter, value: unknown): unknown;
}

type Shape =
  | { readonly shape: 'scalar' | 'scalars'; readonly scalar: Scalar }
  | { readonly shape: 'message' | 'messages'; readonly message: TableMessage }
  | { readonly shape: 'map' };

type Field = Shape & { readonly number: number; readonly name: string };

class TableMessage {
  readonly #table: string;
  readonly #messages: () => readonly object[];
  /** Read from the table at the first use: a device that runs no pod uses few messages. */
  #fields: readonly Field[] | undefined;

  constructor(table: string, messages: () => readonly object[]) {
    this.#table = table;
    this.#messages = messages;
  }

  encode(message: Values): Uint8Array {
    const writer = new BinaryWriter();
    this.write(message, writer);
    return writer.finish();
  }

  decode(bytes: Uint8Array): Values {
    const reader = new BinaryReader(bytes);
    return this.read(reader, reader.len);
  }

  write(message: Values, writer: BinaryWriter): void {
    for (const field of this.#all()) {
      const value = message[field.name];
      if (value !== undefined && value !== null) writeField(field, value, writer);
    }
  }

  /** Reads up to the position `end`. */
  read(reader: BinaryReader, end: number): Values {
    const fields = this.#all();
    const message: Values = {};
    for (const field of fields) message[field.name] = emptyOf(field);
    while (reader.pos < end) {
      const [number, wire] = reader.tag();
      const field = fields.find((each) => each.number === number);
      if (field === undefined || !readField(field, wire, reader, message)) reader.skip(wire, number);
    }
    if (reader.pos > end) throw new RangeError('a part of the message is longer than the whole');
    return message;
  }

  #all(): readonly Field[] {
    this.#fields ??= readTable(this.#table, this.#messages() as readonly TableMessage[]);
    return this.#fields;
  }
}

function readTable(table: string, messages: readonly TableMessage[]): readonly Field[] {
  return table.split(';').flatMap((row) => {
    if (row === '') return [];
    const [number, name = '', type = ''] = row.split(' ');
    return [{ number: Number(number), name, ...shapeOf(type, messages) }];
  });
}

function shapeOf(type: string, messages: readonly TableMessage[]): Shape {
  if (type === 'map') return { shape: 'map' };
  const isList = type.endsWith('*');
  const element = isList ? type.slice(0, -1) : type;
  const scalar = scalars[element];
  if (scalar !== undefined) return { shape: isList ? 'scalars' : 'scalar', scalar };
  const message = messages[Number(element)];
  if (message === undefined) throw new Error(`${type} is no type of a field`);
  return { shape: isList ? 'messages' : 'message', message };
}

function emptyOf(field: Field): unknown {
  switch (field.shape) {
    case 'scalar':
      return field.scalar.zero();
    case 'message':
      return undefined;
    case 'map':
      return {};
    default:
      return [];
  }
}

function writeField(field: Field, value: unknown, writer: BinaryWriter): void {
  const { number } = field;
  switch (field.shape) {
    case 'scalar':
      if (!field.scalar.isZero(value)) field.scalar.write(writer.tag(number, field.scalar.wire), value);
      break;
    case 'scalars':
      writeScalars(number, field.scalar, value as readonly unknown[], writer);
      break;
    case 'message':
      writeMessage(number, field.message, value, writer);
      break;
    case 'messages':
      for (const item of value as readonly unknown[]) writeMessage(number, field.message, item, writer);
      break;
    case 'map':
      for (const [key, item] of Object.entries(value as Record<string, string | undefined>)) {
        if (item === undefined) continue;
        const entry = writer.tag(number, WireType.LengthDelimited).fork();
        entry.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(item).join();
      }
  }
}

function writeMessage(number: number, message: TableMessage, value: unknown, writer: BinaryWriter): void {
  message.write(value as Values, writer.tag(number, WireType.LengthDelimited).fork());
  writer.join();
}

/** Numbers go packed into one field, as proto3 has it. */
function writeScalars(number: number, scalar: Scalar, items: readonly unknown[], writer: BinaryWriter): void {
  if (scalar.wire === WireType.LengthDelimited) {
    for (const item of items) scalar.write(writer.tag(number, scalar.wire), item);
  } else if (items.length > 0) {
    writer.tag(number, WireType.LengthDelimited).fork();
    for (const item of items) scalar.write(writer, item);
    writer.join();
  }
}

/** False when the value on the wire is none of this field: it is passed over. */
function readField(field: Field, wire: WireType, reader: BinaryReader, message: Values): boolean {
  if (field.shape === 'scalar') {
    if (wire !== field.scalar.wire) return false;
    message[field.name] = field.scalar.read(reader);
    return true;
  }
  if (field.shape === 'scalars' && wire === field.scalar.wire) {
    (message[field.name] as unknown[]).push(field.scalar.read(reader));
    return true;
  }
  if (wire !== WireType.LengthDelimited) return false;
  const end = reader.uint32() + reader.pos;
  switch (field.shape) {
    case 'scalars':
      while (reader.pos < end) (message[field.name] as unknown[]).push(field.scalar.read(reader));
      break;
    case 'message':
      message[field.name] = field.message.read(reader, end);
      break;
    case 'messages':
      (message[field.name] as unknown[]).push(field.message.read(reader, end));
      break;
    case 'map': {
      const { key, value } = mapEntry.read(reader, end) as { key: string; value: string };
      Object.defineProperty(message[field.name], key, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  return true;
}

const isZeroNumber = (value: unknown): boolean => Number(value) === 0;

const scalars: Readonly<Record<string, Scalar>> = {
  string: {
    wire: WireType.LengthDelimited,
    zero: () => '',
    isZero: (value) => value === '',
    read: (reader) => reader.string(),
    write: (writer, value) => writer.string(value as string),
  },
  bytes: {
    wire: WireType.LengthDelimited,
    zero: () => Buffer.alloc(0),
    isZero: (value) => (value as Uint8Array).length === 0,
    // A copy: a part would keep the whole.
    read: (reader) => Buffer.from(reader.bytes()),
    write: (writer, value) => writer.bytes(value as Uint8Array),
  },
  bool: {
    wire: WireType.Varint,
    zero: () => false,
    isZero: (value) => value === false,
    read: (reader) => reader.bool(),
    write: (writer, value) => writer.bool(value as boolean),
  },
  int32: {
    wire: WireType.Varint,
    zero: () => 0,
    isZero: isZeroNumber,
    read: (reader) => reader.int32(),
    write: (writer, value) => writer.int32(value as number),
  },
  uint32: {
    wire: WireType.Varint,
    zero: () => 0,
    isZero: isZeroNumber,
    read: (reader) => reader.uint32(),
    write: (writer, value) => writer.uint32(value as number),
  },
  // Nanoseconds since 1970 do not fit a double.
  int64: {
    wire: WireType.Varint,
    zero: () => 0n,
    isZero: isZeroNumber,
    read: (reader) => reader.int64(),
    write: (writer, value) => writer.int64(value as bigint),
  },
  uint64: {
    wire: WireType.Varint,
    zero: () => 0n,
    isZero: isZeroNumber,
    read: (reader) => reader.uint64(),
    write: (writer, value) => writer.uint64(value as bigint),
  },
};

/** How a map goes over the wire: https://protobuf.dev/programming-guides/encoding/#maps */
const mapEntry = new TableMessage('1 key string;2 value string', () => []);
