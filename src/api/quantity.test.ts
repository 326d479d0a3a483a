import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../lib/status-error.ts';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  integerValueOf,
  milliValueOf,
  parseQuantity,
} from './quantity.ts';

const canonical = (text: string): string => formatQuantity(parseQuantity(text));

describe('formatQuantity of parseQuantity', () => {
  for (const [given, gives] of [
    ['0', '0'],
    ['-0', '0'],
    ['0Mi', '0'],
    ['0.0', '0'],
    ['1', '1'],
    ['+1', '1'],
    ['-1', '-1'],
    ['007', '7'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['5.', '5'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['1500000', '1500k'],
    ['0.001k', '1'],
    ['1M', '1M'],
    ['1E', '1E'],
    ['10u', '10u'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['-0.1n', '-1n'],
    ['1.0000000001', '1000000001n'],
    ['1Ki', '1Ki'],
    ['1024', '1024'],
    ['1024Ki', '1Mi'],
    ['1024Mi', '1Gi'],
    ['1500Mi', '1500Mi'],
    ['1.5Gi', '1536Mi'],
    ['-2048Ki', '-2Mi'],
    ['0.5Ki', '512'],
    ['0.0001Ki', '102400u'],
    ['1.1Ki', '1126400m'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['1e0', '1'],
    ['5e-1', '500e-3'],
    ['12e-3', '12e-3'],
    ['1.5e4', '15e3'],
    ['1e+3', '1e3'],
    ['8Ei', '9223372036854775807'],
    ['9223372036854775807', '9223372036854775807'],
    ['9223372036854775808', '9223372036854775808'],
    ['9223372036854775808Ki', '9223372036854775807'],
    ['-9Ei', '-9223372036854775807'],
    ['1e19', '10e18'],
    ['1e99', '1e99'],
    ['100E', '100E'],
    ['1000E', '1000E'],
    ['.', '0'],
    ['m', '0'],
    ['-', '0'],
    ['-9223372036854775809', '-9223372036854775809'],
    ['1e999999999999', '9223372036854775807'],
    ['1e-999999999999', '1e-9'],
  ] as const) {
    it(`makes ${gives} of ${given}`, () => assert.equal(canonical(given), gives));
  }

  for (const [given, says] of [
    ['', /must match the regular expression/],
    ['one', /must match the regular expression/],
    ['1 Gi', /must match the regular expression/],
    ['1.2.3', /must match the regular expression/],
    ['--1', /unable to parse quantity's suffix/],
    ['1+', /unable to parse quantity's suffix/],
    ['e', /unable to parse quantity's suffix/],
    ['1GiB', /must match the regular expression/],
    ['٣', /must match the regular expression/],
    ['1K', /unable to parse quantity's suffix/],
    ['1mm', /unable to parse quantity's suffix/],
    ['1e', /unable to parse quantity's suffix/],
    ['1ei', /unable to parse quantity's suffix/],
    ['1m3', /unable to parse quantity's suffix/],
  ] as const) {
    it(`refuses "${given}"`, () => {
      assert.throws(
        () => parseQuantity(given),
        (error) => isStatusError(error, 'BadRequest') && says.test(error.message),
      );
      assert.ok('problem' in canonicalQuantity(given));
    });
  }

  it('is quick with megabytes of digits', () => {
    const digits = '9'.repeat(3_000_000);
    assert.equal(canonical(digits), '9223372036854775807');
    assert.equal(canonical(`0.${digits}`), '1');
    assert.equal(canonical(`0.${'0'.repeat(3_000_000)}1`), '1n');
    assert.equal(canonical(`${'0'.repeat(3_000_000)}1`), '1');
    assert.equal(canonical(`1.${'0'.repeat(100)}1Ki`), '1024000000001n');
  });

  it('keeps the amount exactly, and is its own canonical form', () => {
    const amounts = fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n });
    fc.assert(
      fc.property(amounts, fc.constantFrom('BinarySI', 'DecimalSI', 'DecimalExponent'), (nanos, format) => {
        const text = formatQuantity({ nanos, format });
        assert.equal(parseQuantity(text).nanos, nanos);
        assert.equal(canonical(text), text);
      }),
    );
  });

  it('refuses or accepts any text in bounded time', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0129.+-eEinumkKMGTP') }), (text) => {
        const result = canonicalQuantity(text);
        if ('text' in result) assert.deepEqual(canonicalQuantity(result.text), result);
      }),
    );
  });
});

describe('quantities', () => {
  it('compare by amount, whatever they are written in', () => {
    assert.equal(compareQuantities(parseQuantity('1Gi'), parseQuantity('1024Mi')), 0);
    assert.ok(compareQuantities(parseQuantity('1G'), parseQuantity('1Gi')) < 0);
    assert.ok(compareQuantities(parseQuantity('1n'), parseQuantity('0')) > 0);
  });

  it('add up in the format of the first that is not zero', () => {
    const sum = (left: string, right: string) =>
      formatQuantity(addQuantities(parseQuantity(left), parseQuantity(right)));
    assert.equal(sum('1Gi', '1Gi'), '2Gi');
    assert.equal(sum('0', '1Gi'), '1Gi');
    assert.equal(sum('250m', '750m'), '1');
    assert.equal(sum('8Ei', '1'), '9223372036854775807');
  });

  it('give thousandths and whole units, rounded away from zero', () => {
    assert.equal(milliValueOf(parseQuantity('1.5')), 1500);
    assert.equal(milliValueOf(parseQuantity('1u')), 1);
    assert.equal(integerValueOf(parseQuantity('1Gi')), 1_073_741_824);
    assert.equal(integerValueOf(parseQuantity('1.1')), 2);
    assert.equal(integerValueOf(parseQuantity('-1.1')), -2);
  });
});
