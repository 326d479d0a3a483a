import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { duplicateValue, forbidden, invalidValue, notFound, requiredValue, unsupportedValue } from './field-error.ts';

describe('field errors', () => {
  for (const { error, reason, message } of [
    { error: requiredValue('a'), reason: 'FieldValueRequired', message: 'Required value' },
    { error: requiredValue('a', 'must be set'), reason: 'FieldValueRequired', message: 'Required value: must be set' },
    {
      error: invalidValue('a', 'B', 'must be b'),
      reason: 'FieldValueInvalid',
      message: 'Invalid value: "B": must be b',
    },
    {
      error: invalidValue('a', 0, 'must be more'),
      reason: 'FieldValueInvalid',
      message: 'Invalid value: 0: must be more',
    },
    { error: invalidValue('a', undefined, 'no'), reason: 'FieldValueInvalid', message: 'Invalid value: null: no' },
    {
      error: unsupportedValue('a', 'x', ['A', 'B']),
      reason: 'FieldValueNotSupported',
      message: 'Unsupported value: "x": supported values: "A", "B"',
    },
    { error: unsupportedValue('a', 'x', []), reason: 'FieldValueNotSupported', message: 'Unsupported value: "x"' },
    { error: duplicateValue('a', 'x'), reason: 'FieldValueDuplicate', message: 'Duplicate value: "x"' },
    { error: notFound('a', 'x'), reason: 'FieldValueNotFound', message: 'Not found: "x"' },
    { error: forbidden('a', 'may not be set'), reason: 'FieldValueForbidden', message: 'Forbidden: may not be set' },
  ]) {
    it(`say ${message}`, () => assert.deepEqual(error, { field: 'a', reason, message }));
  }
});
