import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../../lib/status-error.ts';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { encodeEnvelope, encodeProtobuf } from '../../testing/encode-protobuf.ts';
import { podFields as pod } from '../kinds/pod/fields/pod.ts';
import { decodeJson } from './decode-json.ts';
import { decodeEnvelope, decodeProtobuf } from './decode-protobuf.ts';
import {
  bool,
  bytes,
  double,
  fieldsV1,
  inline,
  int32,
  int64,
  intOrString,
  list,
  map,
  message,
  microTime,
  object,
  quantity,
  raw,
  required,
  scalars,
  string,
  time,
} from './field.ts';

const inner = message('test.Inner', { text: string(1), flag: bool(2, { pointer: true }) });
const source = message('test.Source', { emptyDir: object(1, inner), path: string(2) });
const sample = message('test.Sample', {
  text: string(1),
  optionalText: string(2, { pointer: true }),
  flag: bool(3),
  ready: required(bool(4)),
  small: int32(5),
  large: int64(6),
  ratio: double(7),
  data: bytes(8),
  at: time(9),
  precisely: microTime(10),
  amount: quantity(11),
  port: intOrString(12),
  owned: fieldsV1(13),
  anything: raw(14),
  numbers: list(15, scalars.int64),
  names: list(16, scalars.string),
  labels: map(17, scalars.string),
  secrets: map(18, scalars.bytes),
  inner: object(19, inner),
  inners: list(20, inner),
  source: inline(21, source),
  extra: map(22, list(1, scalars.string).type),
});

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const isBadRequest = (error: unknown): boolean => isStatusError(error, 'BadRequest');
const decode = (text: string): Record<string, unknown> => decodeProtobuf(sample, hex(text));

describe('decodeEnvelope', () => {
  it('gives apiVersion, kind and the bytes of the object', () => {
    const envelope = decodeEnvelope(encodeEnvelope('apps/v1', 'Deployment', hex('0a0161')));
    assert.deepEqual(envelope, { apiVersion: 'apps/v1', kind: 'Deployment', raw: hex('0a0161') });
  });

  it('accepts an envelope without an object', () => {
    assert.deepEqual(decodeEnvelope(hex('6b387300')), { apiVersion: '', kind: '', raw: new Uint8Array(0) });
  });

  it('refuses a body that is not protobuf', () => {
    assert.throws(() => decodeEnvelope(Buffer.from('{"kind":"Pod"}')), /expected prefix 6b 38 73 00/);
    assert.throws(() => decodeEnvelope(new Uint8Array(0)), isBadRequest);
  });

  it('refuses an encoded content that it cannot read', () => {
    assert.throws(() => decodeEnvelope(hex('6b387300 1a04 677a6970')), /unsupported content encoding "gzip"/);
  });
});

describe('decodeProtobuf', () => {
  for (const { what, wire, value } of [
    { what: 'text', wire: '0a 03 6e c3 a4', value: { text: 'nä' } },
    { what: 'a negative int32, ten bytes long', wire: '28 ff ff ff ff ff ff ff ff ff 01', value: { small: -1 } },
    { what: 'a large int64', wire: '30 ff ff ff ff ff ff ff 0f', value: { large: 9007199254740991 } },
    { what: 'a negative int64', wire: '30 81 80 80 80 80 80 80 f0 ff 01', value: { large: -9007199254740991 } },
    { what: 'a double', wire: '39 000000000000f83f', value: { ratio: 1.5 } },
    { what: 'bytes as base64', wire: '42 02 ff00', value: { data: '/wA=' } },
    { what: 'a time', wire: '4a 06 08 80 92 b8 c3 06', value: { at: '2025-07-09T06:15:28Z' } },
    { what: 'a time in 1970', wire: '4a 02 08 01', value: { at: '1970-01-01T00:00:01Z' } },
    {
      what: 'a time before 1970',
      wire: '4a 0b 08 ff ff ff ff ff ff ff ff ff 01',
      value: { at: '1969-12-31T23:59:59Z' },
    },
    {
      what: 'nanoseconds as microseconds',
      wire: '52 05 08 01 10 e8 07',
      value: { precisely: '1970-01-01T00:00:01.000001Z' },
    },
    { what: 'a quantity in canonical form', wire: '5a 06 0a 04 31303030', value: { amount: '1k' } },
    { what: 'the number of an IntOrString', wire: '62 07 08 00 10 90 3f 1a 00', value: { port: 8080 } },
    { what: 'the text of an IntOrString', wire: '62 08 08 01 10 00 1a 02 3525', value: { port: '5%' } },
    { what: 'FieldsV1', wire: '6a 0d 0a 0b 7b22663a61223a7b7d7d20', value: { owned: { 'f:a': {} } } },
    { what: 'packed numbers', wire: '7a 03 01 02 03', value: { numbers: [1, 2, 3] } },
    { what: 'numbers one by one', wire: '78 01 78 02', value: { numbers: [1, 2] } },
    { what: 'packed and single numbers together', wire: '7a 01 01 78 02', value: { numbers: [1, 2] } },
    { what: 'empty elements', wire: '82 01 00 82 01 01 61', value: { names: ['', 'a'] } },
    { what: 'a map entry', wire: '8a 01 06 0a 01 61 12 01 62', value: { labels: { a: 'b' } } },
    { what: 'a map entry without a value', wire: '8a 01 03 0a 01 61', value: { labels: { a: '' } } },
    { what: 'a map entry without a key', wire: '8a 01 03 12 01 62', value: { labels: { '': 'b' } } },
    { what: 'an inline message in its parent', wire: 'aa 01 03 12 01 78', value: { path: 'x' } },
    { what: 'an empty message inside of an inline one', wire: 'aa 01 02 0a 00', value: { emptyDir: {} } },
    { what: 'lists in a map', wire: 'b2 01 09 0a 01 61 12 04 0a 02 6869', value: { extra: { a: ['hi'] } } },
  ] as const) {
    it(`reads ${what}`, () => assert.deepEqual(decode(wire), value));
  }

  it('keeps the key __proto__ of a map as a key', () => {
    const key = Buffer.from('__proto__').toString('hex');
    const { labels } = decode(`8a 01 0e 0a 09 ${key} 12 01 62`);
    assert.deepEqual(Object.keys(labels as object), ['__proto__']);
  });

  it('drops zero values of fields that are no pointers', () => {
    assert.deepEqual(decode('0a 00 18 00 28 00 30 00 39 0000000000000000 42 00'), {});
  });

  it('keeps zero values of pointers and of required flags', () => {
    assert.deepEqual(decode('12 00 20 00'), { optionalText: '', ready: false });
  });

  it('drops a zero time, written as an empty message', () => {
    assert.deepEqual(decode('4a 00 52 00'), {});
  });

  it('merges a message that comes in two pieces, and takes the last of two scalars', () => {
    assert.deepEqual(decode('9a 01 03 0a 01 61 9a 01 02 10 01'), { inner: { text: 'a', flag: true } });
    assert.deepEqual(decode('0a 01 61 0a 01 62'), { text: 'b' });
  });

  it('passes over fields that it does not know, of every wire type', () => {
    const unknown = 'a0 06 07  a1 06 0000000000000000  a2 06 02 6869  a5 06 00000000  a3 06 08 01 a4 06';
    assert.deepEqual(decode(`${unknown} 0a 01 61`), { text: 'a' });
  });

  for (const { what, wire } of [
    { what: 'a truncated varint', wire: '28 80' },
    { what: 'a varint of eleven bytes', wire: '28 80 80 80 80 80 80 80 80 80 80 01' },
    { what: 'a varint past 64 bits', wire: '28 ff ff ff ff ff ff ff ff ff 02' },
    { what: 'an integer that JSON numbers cannot hold', wire: '30 ff ff ff ff ff ff ff ff 7f' },
    { what: 'a length past the end', wire: '0a 05 61' },
    { what: 'a time that is cut off', wire: '4a 01 08' },
    { what: 'a length of 2^63', wire: '0a ff ff ff ff ff ff ff ff 7f' },
    { what: 'field number 0', wire: '02 00' },
    { what: 'an unknown wire type', wire: '0f' },
    { what: 'a known field with another wire type', wire: '08 01' },
    { what: 'the end of a group that never began', wire: 'a4 06' },
    { what: 'a group that never ends', wire: 'a3 06 a3 06' },
    { what: 'text that is not UTF-8', wire: '0a 01 ff' },
    { what: 'a quantity that is none', wire: '5a 05 0a 03 6f6e65' },
    { what: 'a year past 9999', wire: '4a 08 08 80 80 80 80 80 80 01' },
    { what: 'FieldsV1 that is no JSON', wire: '6a 03 0a 01 7b' },
    { what: 'FieldsV1 that is no object', wire: '6a 03 0a 01 37' },
  ]) {
    it(`refuses ${what}`, () => assert.throws(() => decode(wire), isBadRequest));
  }

  it('names the field of a wrong wire type', () => {
    assert.throws(() => decode('08 01'), { message: 'proto: wrong wireType = 0 for field text of Sample' });
  });

  it('refuses too many fields, however they are nested', () => {
    const most = 100_001;
    for (const wire of [
      'a2 01 00'.repeat(most), // an empty message in a list
      '7a 00'.repeat(most), // a packed list of nothing
      '0a 00'.repeat(most), // the same text again
      'f8 ff 01 00'.repeat(most), // a field that is not known
    ]) {
      assert.throws(
        () => decode(wire),
        (error) => isStatusError(error, 'RequestEntityTooLarge'),
      );
    }
    const packed = Buffer.concat([Buffer.from([0x7a, 0xa1, 0x8d, 0x06]), Buffer.alloc(most)]);
    assert.throws(() => decodeProtobuf(sample, packed), /more than 100000 values/);
  });

  it('ends with an object or BadRequest on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (input) => {
        for (const type of [sample, pod]) {
          try {
            decodeProtobuf(type, input);
          } catch (error) {
            if (!isBadRequest(error)) throw error;
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('ends with an object or BadRequest on a valid pod with some bytes changed', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(arbitraryObject(pod), fc.array(change, { minLength: 1, maxLength: 5 }), (value, changes) => {
        const input = encodeProtobuf(pod, decodeJson(pod, value, 'Pod').value);
        for (const [at, byte] of changes) if (input.length > 0) input[at % input.length] = byte;
        try {
          decodeProtobuf(pod, input);
        } catch (error) {
          if (!isBadRequest(error)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });

  for (const type of [sample, pod]) {
    it(`gives for ${type.name} what the same object as JSON gives`, () => {
      fc.assert(
        fc.property(arbitraryObject(type), (value) => {
          const expected = decodeJson(type, value, 'Pod').value;
          assert.deepEqual(decodeProtobuf(type, encodeProtobuf(type, expected)), expected);
        }),
        { numRuns: 200 },
      );
    });
  }
});
