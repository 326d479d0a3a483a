import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bool,
  defaulted,
  type Field,
  int32,
  intOrString,
  list,
  map,
  message,
  object,
  quantity,
  raw,
  required,
  scalars,
  string,
} from './field.ts';
import { isUnset, zeroOf } from './zero-values.ts';

const inner = message('test.Inner', {});

describe('isUnset', () => {
  const cases: readonly {
    readonly what: string;
    readonly field: Field;
    readonly value: unknown;
    readonly unset: boolean;
  }[] = [
    { what: 'nothing', field: string(1), value: undefined, unset: true },
    { what: 'an empty text', field: string(1), value: '', unset: true },
    { what: 'an empty text in a pointer', field: string(1, { pointer: true }), value: '', unset: false },
    { what: 'an empty text in a required field', field: required(string(1)), value: '', unset: true },
    { what: 'an empty text in a defaulted field', field: defaulted(string(1), 'x'), value: '', unset: true },
    { what: 'a text', field: string(1), value: 'a', unset: false },
    { what: 'zero', field: int32(1), value: 0, unset: true },
    { what: 'zero in a pointer', field: int32(1, { pointer: true }), value: 0, unset: false },
    { what: 'zero in a required field', field: required(int32(1)), value: 0, unset: false },
    { what: 'false', field: bool(1), value: false, unset: true },
    { what: 'false in a required field', field: required(bool(1)), value: false, unset: false },
    { what: 'port 0', field: intOrString(1), value: 0, unset: true },
    { what: 'a quantity of zero', field: quantity(1), value: '0', unset: false },
    { what: 'an empty list', field: list(1, scalars.string), value: [], unset: true },
    { what: 'an empty list in a required field', field: required(list(1, scalars.string)), value: [], unset: true },
    { what: 'an empty map', field: map(1, scalars.string), value: {}, unset: true },
    { what: 'an empty object', field: object(1, inner), value: {}, unset: false },
    { what: 'false where anything may stand', field: raw(1), value: false, unset: false },
  ];
  for (const { what, field, value, unset } of cases) {
    it(`${unset ? 'is true' : 'is false'} for ${what}`, () => assert.equal(isUnset(field, value), unset));
  }
});

describe('zeroOf', () => {
  it('gives what Go makes of a null element', () => {
    assert.equal(zeroOf(scalars.string), '');
    assert.equal(zeroOf(scalars.quantity), '0');
    assert.equal(zeroOf(scalars.int64), 0);
    assert.deepEqual(zeroOf(inner), {});
    assert.deepEqual(zeroOf(list(1, inner).type), []);
    assert.deepEqual(zeroOf(map(1, inner).type), {});
  });
});
