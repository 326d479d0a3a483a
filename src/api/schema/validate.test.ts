import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inline, int32, list, listMap, map, message, object, required, scalars, set, string } from './field.ts';
import { validateFields } from './validate.ts';

const port = message('test.Port', { number: required(int32(1)), protocol: string(2) });
const inner = message('test.Inner', {
  name: required(string(1)),
  policy: string(2, { oneOf: ['Always', 'Never'] }),
});
const even = (value: number) =>
  value % 2 === 0 ? undefined : ({ reason: 'FieldValueInvalid', message: 'must be even' } as const);
const complete = (value: number) =>
  value < 9 ? undefined : ({ reason: 'FieldValueInvalid', message: `Invalid value: ${value}: too large` } as const);
const hidden = () => ({ reason: 'FieldValueForbidden', message: 'Forbidden: may not be set' }) as const;

const sample = message('test.Sample', {
  must: required(string(1)),
  mayBeEmpty: required(string(2, { pointer: true })),
  inners: required(listMap(3, inner, ['name'])),
  ports: listMap(4, port, ['number', 'protocol']),
  env: listMap(5, inner, ['name'], { uniqueKeys: false }),
  count: int32(6, { rules: [even, complete] }),
  capabilities: set(7, scalars.string, { oneOf: ['A', 'B'] }),
  byName: map(8, inner),
  secret: string(9, { rules: [hidden] }),
  source: inline(10, message('test.Source', { path: required(string(1)), inner: object(2, inner) })),
  plain: list(11, inner),
});
const good = { must: 'x', mayBeEmpty: '', inners: [{ name: 'a' }], path: '/' };
const errors = (change: Record<string, unknown>): string[] =>
  validateFields(sample, { ...good, ...change }).map(({ field, reason, message }) => `${field}: ${reason}: ${message}`);

describe('validateFields', () => {
  it('finds nothing wrong with a good object', () => assert.deepEqual(errors({}), []));

  for (const { what, change, says } of [
    {
      what: 'a required field that is absent',
      change: { must: undefined },
      says: ['must: FieldValueRequired: Required value'],
    },
    { what: 'a required text that is empty', change: { must: '' }, says: ['must: FieldValueRequired: Required value'] },
    {
      what: 'a required list that is empty',
      change: { inners: [] },
      says: ['inners: FieldValueRequired: Required value'],
    },
    {
      what: 'a pointer that is absent',
      change: { mayBeEmpty: null },
      says: ['mayBeEmpty: FieldValueRequired: Required value'],
    },
    {
      what: 'a required field of an inline message',
      change: { path: undefined },
      says: ['path: FieldValueRequired: Required value'],
    },
    {
      what: 'an element',
      change: { inners: [{ name: 'a' }, {}] },
      says: ['inners[1].name: FieldValueRequired: Required value'],
    },
    {
      what: 'a value of a map',
      change: { byName: { a: {} } },
      says: ['byName[a].name: FieldValueRequired: Required value'],
    },
    {
      what: 'an object of an inline message',
      change: { inner: {} },
      says: ['inner.name: FieldValueRequired: Required value'],
    },
    {
      what: 'a value that is not supported',
      change: { plain: [{ name: 'a', policy: 'Maybe' }] },
      says: [
        'plain[0].policy: FieldValueNotSupported: Unsupported value: "Maybe": supported values: "Always", "Never"',
      ],
    },
    {
      what: 'an element that is not supported',
      change: { capabilities: ['A', 'C'] },
      says: ['capabilities[1]: FieldValueNotSupported: Unsupported value: "C": supported values: "A", "B"'],
    },
    {
      what: 'a rule that gives what is wrong',
      change: { count: 3 },
      says: ['count: FieldValueInvalid: Invalid value: 3: must be even'],
    },
    {
      what: 'a rule that gives the whole message',
      change: { count: 10 },
      says: ['count: FieldValueInvalid: Invalid value: 10: too large'],
    },
    {
      what: 'a rule of another reason',
      change: { secret: 'x' },
      says: ['secret: FieldValueForbidden: Forbidden: may not be set'],
    },
    {
      what: 'a key that comes twice',
      change: { inners: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
      says: ['inners[2].name: FieldValueDuplicate: Duplicate value: "a"'],
    },
    {
      what: 'several keys that come twice together',
      change: {
        ports: [
          { number: 1, protocol: 'TCP' },
          { number: 1, protocol: 'UDP' },
          { number: 1, protocol: 'TCP' },
        ],
      },
      says: ['ports[2]: FieldValueDuplicate: Duplicate value: {"number":1,"protocol":"TCP"}'],
    },
  ]) {
    it(`reports ${what}`, () => assert.deepEqual(errors(change), says));
  }

  it('reports everything that is wrong, in the order of the table', () => {
    assert.deepEqual(
      validateFields(sample, {}).map(({ field }) => field),
      ['must', 'mayBeEmpty', 'inners', 'path'],
    );
  });

  it('accepts repeated keys where Kubernetes does', () => {
    assert.deepEqual(errors({ env: [{ name: 'A' }, { name: 'A' }] }), []);
  });

  it('does not call elements without a key duplicates of each other', () => {
    assert.deepEqual(
      validateFields(sample, { ...good, inners: [{}, {}] }).map(({ reason }) => reason),
      ['FieldValueRequired', 'FieldValueRequired'],
    );
  });

  it('finds nothing in what is no object', () => assert.deepEqual(validateFields(sample, null), []));
});
