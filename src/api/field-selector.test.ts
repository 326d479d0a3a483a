import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../lib/status-error.ts';
import { escapeFieldValue, matchesFields, parseFieldSelector } from './field-selector.ts';

describe('parseFieldSelector', () => {
  for (const { text, gives } of [
    { text: '', gives: [] },
    { text: ',,', gives: [] },
    { text: 'metadata.name=web', gives: [{ field: 'metadata.name', operator: '=', value: 'web' }] },
    { text: 'metadata.name==web', gives: [{ field: 'metadata.name', operator: '=', value: 'web' }] },
    { text: 'status.phase!=Running', gives: [{ field: 'status.phase', operator: '!=', value: 'Running' }] },
    { text: 'spec.nodeName=', gives: [{ field: 'spec.nodeName', operator: '=', value: '' }] },
    {
      text: 'spec.nodeName=n,status.phase!=Succeeded,status.phase!=Failed',
      gives: [
        { field: 'spec.nodeName', operator: '=', value: 'n' },
        { field: 'status.phase', operator: '!=', value: 'Succeeded' },
        { field: 'status.phase', operator: '!=', value: 'Failed' },
      ],
    },
    { text: 'a=b\\,c\\=d\\\\e', gives: [{ field: 'a', operator: '=', value: 'b,c=d\\e' }] },
    { text: 'a=!b', gives: [{ field: 'a', operator: '=', value: '!b' }] },
    { text: 'a!b=c', gives: [{ field: 'a!b', operator: '=', value: 'c' }] },
    { text: 'a=b c', gives: [{ field: 'a', operator: '=', value: 'b c' }] },
  ]) {
    it(`reads "${text}"`, () => assert.deepEqual(parseFieldSelector(text), gives));
  }

  for (const { text, says } of [
    { text: 'metadata.name', says: "invalid selector: 'metadata.name'; can't understand 'metadata.name'" },
    { text: 'a=b,c', says: "invalid selector: 'a=b,c'; can't understand 'c'" },
    { text: 'a\\=b', says: "can't understand 'a\\=b'" },
    { text: 'a=b=c', says: 'invalid field selector: unescaped character in value: =' },
    { text: 'a===b', says: 'unescaped character in value: =' },
    { text: 'a=\\b', says: 'invalid field selector: invalid escape sequence: \\b' },
    { text: 'a=b\\', says: 'invalid escape sequence: \\' },
  ]) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseFieldSelector(text),
        (error) => isStatusError(error, 'BadRequest') && error.message.includes(says),
      );
    });
  }

  it('reads back every escaped value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\\', ',', '=', '!', ' ', 'ä') }), (value) => {
        assert.deepEqual(parseFieldSelector(`a!=${escapeFieldValue(value)},b=1`), [
          { field: 'a', operator: '!=', value },
          { field: 'b', operator: '=', value: '1' },
        ]);
      }),
    );
  });

  it('ends with requirements or BadRequest on any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseFieldSelector(text);
        } catch (error) {
          assert.ok(isStatusError(error, 'BadRequest'), String(error));
        }
      }),
    );
  });
});

describe('matchesFields', () => {
  const phase = (field: string): string => (field === 'status.phase' ? 'Running' : '');

  for (const { text, matches } of [
    { text: '', matches: true },
    { text: 'status.phase=Running', matches: true },
    { text: 'status.phase!=Running', matches: false },
    { text: 'status.phase!=Failed,spec.nodeName=', matches: true },
    { text: 'status.phase=Running,spec.nodeName=n', matches: false },
  ]) {
    it(`"${text}" ${matches ? 'selects' : 'passes over'} a running pod`, () => {
      assert.equal(matchesFields(parseFieldSelector(text), phase), matches);
    });
  }
});
