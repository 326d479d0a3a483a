import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../../lib/status-error.ts';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import { decodeJson } from './decode-json.ts';
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

const inner = message('test.v1.Inner', { name: string(1), count: int32(2, { pointer: true }) });
const sample = message('test.v1.Sample', {
  text: string(1),
  pointed: string(2, { pointer: true }),
  must: required(string(3)),
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
  names: list(16, scalars.string),
  labels: map(17, scalars.string),
  inner: object(19, inner),
  inners: list(20, inner),
  source: inline(21, message('test.v1.Source', { emptyDir: object(1, inner), path: string(2) })),
  byName: map(22, inner),
});

const decode = (value: unknown): Record<string, unknown> => decodeJson(sample, value, 'Sample').value;
const unknownFields = (value: unknown): string[] => decodeJson(sample, value, 'Sample').unknownFields;

describe('decodeJson', () => {
  for (const { what, given, decoded } of [
    { what: 'text', given: { text: 'a' }, decoded: { text: 'a' } },
    { what: 'null, which means absent', given: { text: null, inner: null, names: null }, decoded: {} },
    { what: 'the bounds of int32', given: { small: -2147483648 }, decoded: { small: -2147483648 } },
    { what: 'the largest safe integer', given: { large: 9007199254740991 }, decoded: { large: 9007199254740991 } },
    { what: 'a fraction', given: { ratio: 0.5 }, decoded: { ratio: 0.5 } },
    { what: 'base64 with line breaks', given: { data: 'aGVs\nbG8=' }, decoded: { data: 'aGVsbG8=' } },
    {
      what: 'a time in another zone',
      given: { at: '2026-01-01T01:00:00.9+02:00' },
      decoded: { at: '2025-12-31T23:00:00Z' },
    },
    { what: 'the zero time', given: { at: '0001-01-01T00:00:00Z' }, decoded: {} },
    {
      what: 'microseconds',
      given: { precisely: '2026-01-01T00:00:00.5Z' },
      decoded: { precisely: '2026-01-01T00:00:00.500000Z' },
    },
    { what: 'a quantity', given: { amount: '0.5' }, decoded: { amount: '500m' } },
    { what: 'a quantity that is a number', given: { amount: 2048 }, decoded: { amount: '2048' } },
    { what: 'a port number', given: { port: 80 }, decoded: { port: 80 } },
    { what: 'a port name', given: { port: 'http' }, decoded: { port: 'http' } },
    { what: 'FieldsV1', given: { owned: { 'f:a': {} } }, decoded: { owned: { 'f:a': {} } } },
    { what: 'what is not looked into', given: { anything: { a: [null] } }, decoded: { anything: { a: [null] } } },
    {
      what: 'null elements as zero values',
      given: { names: [null], inners: [null] },
      decoded: { names: [''], inners: [{}] },
    },
    { what: 'null values of a map', given: { labels: { a: null } }, decoded: { labels: { a: '' } } },
    { what: 'empty texts in a map', given: { labels: { a: '' } }, decoded: { labels: { a: '' } } },
    { what: 'fields of an inline message', given: { emptyDir: {}, path: 'x' }, decoded: { emptyDir: {}, path: 'x' } },
    {
      what: 'apiVersion and kind',
      given: { apiVersion: 'v1', kind: 'Sample' },
      decoded: { apiVersion: 'v1', kind: 'Sample' },
    },
  ]) {
    it(`reads ${what}`, () => assert.deepEqual(decode(given), decoded));
  }

  it('drops zero values, which mean "not set", and keeps empty objects', () => {
    const zeros = { text: '', small: 0, data: '', names: [], labels: {}, must: '', port: 0 };
    assert.deepEqual(decode({ ...zeros, inner: {} }), { inner: {} });
  });

  it('keeps zero values of pointers and of required flags', () => {
    assert.deepEqual(decode({ pointed: '', ready: false, inner: { count: 0 } }), {
      pointed: '',
      ready: false,
      inner: { count: 0 },
    });
  });

  it('drops unknown fields and names them in document order', () => {
    const value = {
      foo: 1,
      inner: { bar: null },
      inners: [{ name: 'a' }, { baz: {} }],
      byName: { a: { qux: 1 } },
      emptyDir: { deep: 1 },
      source: {},
    };
    const { value: decoded, unknownFields } = decodeJson(sample, value, 'Sample');
    assert.deepEqual(unknownFields, ['foo', 'inner.bar', 'inners[1].baz', 'byName.a.qux', 'emptyDir.deep', 'source']);
    assert.deepEqual(decoded, { inner: {}, inners: [{ name: 'a' }, {}], byName: { a: {} }, emptyDir: {} });
  });

  it('stops naming unknown fields at 100', () => {
    const value = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x${index}`, 1]));
    assert.equal(unknownFields(value).length, 100);
  });

  it('is case-sensitive', () => assert.deepEqual(unknownFields({ Text: 'a' }), ['Text']));

  it('does not take names from a prototype for fields', () => {
    assert.deepEqual(unknownFields(JSON.parse('{"constructor":1,"toString":1,"__proto__":{"text":"a"}}')), [
      'constructor',
      'toString',
      '__proto__',
    ]);
  });

  it('keeps the key __proto__ of a map as a key', () => {
    const { labels } = decode(JSON.parse('{"labels":{"__proto__":"a"}}'));
    assert.deepEqual(Object.entries(labels as object), [['__proto__', 'a']]);
  });

  for (const { given, says, field } of [
    {
      given: { text: 1 },
      says: 'cannot unmarshal number into Go struct field Sample.text of type string',
      field: 'text',
    },
    {
      given: { ready: 'yes' },
      says: 'cannot unmarshal string into Go struct field Sample.ready of type bool',
      field: 'ready',
    },
    {
      given: { small: 1.5 },
      says: 'cannot unmarshal number 1.5 into Go struct field Sample.small of type int32',
      field: 'small',
    },
    {
      given: { small: 2147483648 },
      says: 'number 2147483648 into Go struct field Sample.small of type int32',
      field: 'small',
    },
    {
      given: { large: 2 ** 53 },
      says: 'number 9007199254740992 into Go struct field Sample.large of type int64',
      field: 'large',
    },
    { given: { large: '1' }, says: 'string into Go struct field Sample.large of type int64', field: 'large' },
    { given: { ratio: true }, says: 'bool into Go struct field Sample.ratio of type float64', field: 'ratio' },
    { given: { data: [] }, says: 'array into Go struct field Sample.data of type []uint8', field: 'data' },
    {
      given: { port: 0.5 },
      says: 'number 0.5 into Go struct field Sample.port of type intstr.IntOrString',
      field: 'port',
    },
    {
      given: { amount: {} },
      says: 'object into Go struct field Sample.amount of type resource.Quantity',
      field: 'amount',
    },
    { given: { at: 0 }, says: 'number into Go struct field Sample.at of type v1.Time', field: 'at' },
    { given: { precisely: 0 }, says: 'of type v1.MicroTime', field: 'precisely' },
    { given: { owned: 'x' }, says: 'of type v1.FieldsV1', field: 'owned' },
    { given: { names: {} }, says: 'object into Go struct field Sample.names of type []string', field: 'names' },
    { given: { names: 'a' }, says: 'string into Go struct field Sample.names of type []string', field: 'names' },
    {
      given: { labels: [] },
      says: 'array into Go struct field Sample.labels of type map[string]string',
      field: 'labels',
    },
    {
      given: { labels: { a: 1 } },
      says: 'number into Go struct field Sample.labels of type string',
      field: 'labels.a',
    },
    { given: { inners: {} }, says: 'object into Go struct field Sample.inners of type []v1.Inner', field: 'inners' },
    {
      given: { inners: [{}, 'x'] },
      says: 'string into Go struct field Sample.inners of type v1.Inner',
      field: 'inners[1]',
    },
    {
      given: { inners: [{}, { name: [] }] },
      says: 'array into Go struct field Inner.inners.name of type string',
      field: 'inners[1].name',
    },
    { given: { path: 1 }, says: 'number into Go struct field Sample.path of type string', field: 'path' },
    { given: { kind: 1 }, says: 'number into Go struct field Sample.kind of type string', field: 'kind' },
    { given: { amount: 'much' }, says: 'amount: quantities must match the regular expression', field: 'amount' },
    { given: { data: 'a*==' }, says: 'data: illegal base64 data at input byte 1', field: 'data' },
    {
      given: { at: 'now' },
      says: 'at: parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now"',
      field: 'at',
    },
  ]) {
    it(`refuses ${JSON.stringify(given)}, naming ${field}`, () => {
      assert.throws(
        () => decode({ apiVersion: 'apps/v2', ...given }),
        (error) => {
          assert.ok(isStatusError(error, 'BadRequest'));
          assert.ok(error.message.startsWith('Sample in version "v2" cannot be handled as a Sample: '), error.message);
          assert.ok(error.message.includes(says), error.message);
          assert.equal(error.details?.causes?.[0]?.field, field);
          return true;
        },
      );
    });
  }

  for (const value of [null, 'x', 1, [], undefined]) {
    it(`refuses ${JSON.stringify(value)} as an object`, () => {
      assert.throws(() => decode(value), /into Go value of type v1\.Sample$/);
    });
  }

  it('never changes its input', () => {
    const given = Object.freeze({ names: Object.freeze(['']), inner: Object.freeze({ name: '', x: 1 }) });
    decode(given);
    assert.deepEqual(given, { names: [''], inner: { name: '', x: 1 } });
  });

  it('gives the same again for what it gave', () => {
    fc.assert(
      fc.property(arbitraryObject(podFields), (value) => {
        const { value: once, unknownFields } = decodeJson(podFields, value, 'Pod');
        assert.deepEqual(unknownFields, []);
        assert.deepEqual(decodeJson(podFields, once, 'Pod').value, once);
      }),
      { numRuns: 200 },
    );
  });

  it('ends with an object or BadRequest on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const name of Object.keys(sample.fields)) {
          try {
            decode({ [name]: value });
          } catch (error) {
            assert.ok(isStatusError(error, 'BadRequest'), String(error));
          }
        }
      }),
    );
  });
});
