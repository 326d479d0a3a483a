import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../lib/status-error.ts';
import { formatLabelSelector, labelSelectorFromObject, matchesLabels, parseLabelSelector } from './labels.ts';

const labels = { app: 'web', tier: 'front', version: '3', empty: '' };

describe('parseLabelSelector', () => {
  for (const { text, matches } of [
    { text: '', matches: true },
    { text: '  ', matches: true },
    { text: 'app=web', matches: true },
    { text: 'app==web', matches: true },
    { text: 'app = web , tier = front', matches: true },
    { text: 'app=db', matches: false },
    { text: 'app=web,tier=back', matches: false },
    { text: 'app!=db', matches: true },
    { text: 'app!=web', matches: false },
    { text: 'none!=x', matches: true },
    { text: 'app', matches: true },
    { text: 'none', matches: false },
    { text: '!none', matches: true },
    { text: '! app', matches: false },
    { text: 'app in (web,db)', matches: true },
    { text: 'app in(db, web)', matches: true },
    { text: 'app in (db)', matches: false },
    { text: 'none in (db)', matches: false },
    { text: 'app notin (db)', matches: true },
    { text: 'app notin (web)', matches: false },
    { text: 'none notin (web)', matches: true },
    { text: 'empty=', matches: true },
    { text: 'empty==,app=web', matches: true },
    { text: 'app=', matches: false },
    { text: 'empty in ()', matches: true },
    { text: 'empty in (,)', matches: true },
    { text: 'app in (web,)', matches: true },
    { text: 'app in (in,notin)', matches: false },
    { text: 'version>2', matches: true },
    { text: 'version > 3', matches: false },
    { text: 'version<4', matches: true },
    { text: 'app>1', matches: false },
    { text: 'none<1', matches: false },
    { text: 'in', matches: false },
    { text: 'example.com/x notin (y),!example.com/z', matches: true },
    { text: 'toString', matches: false },
  ]) {
    it(`"${text}" ${matches ? 'selects' : 'passes over'} the labels`, () => {
      assert.equal(matchesLabels(parseLabelSelector(text), labels), matches);
    });
  }

  // Accepted and refused texts were compared with kubectl 1.35.
  for (const { text, says } of [
    { text: 'a in (b', says: "unable to parse requirement: found '', expected: ',' or ')'" },
    { text: 'a=(', says: "unable to parse requirement: found '(', expected: identifier" },
    { text: '!a=b', says: "found '=', expected: ',' or 'end of string'" },
    { text: 'a>x', says: "for 'Gt', 'Lt' operators, the value must be an integer" },
    { text: 'a,,b', says: "found ',', expected: identifier after ','" },
    { text: ',a', says: "found ',', expected: !, identifier, or 'end of string'" },
    { text: 'a,', says: "found '', expected: identifier after ','" },
    { text: 'a b', says: "found 'b', expected: in, notin, =, ==, !=, gt, lt" },
    { text: 'a notin', says: "found '' expected: '('" },
    { text: 'a in b', says: "found 'b' expected: '('" },
    { text: '(a)', says: "found '(', expected: !, identifier, or 'end of string'" },
    { text: 'a=b=c', says: "found '=', expected: ',' or 'end of string'" },
    { text: 'a = b c', says: "found 'c', expected: ',' or 'end of string'" },
    { text: '-a=b', says: 'key: Invalid value: "-a": name part must consist of' },
    { text: '/x=1', says: 'key: Invalid value: "/x": prefix part must be non-empty' },
    { text: 'a=b_', says: 'values[0][a]: Invalid value: "b_": a valid label must be' },
    { text: 'a ! b', says: "found '!', expected: in, notin" },
    { text: '=a', says: "found '=', expected: !, identifier" },
    { text: 'a!', says: "found '!', expected: in, notin" },
    { text: 'a in (b c)', says: "found 'c', expected: ',' or ')'" },
    { text: '!', says: "found '', expected: identifier" },
    { text: '!!a', says: "found '!', expected: identifier" },
    { text: 'a=!b', says: "found '!', expected: identifier" },
    { text: 'a in (b)c', says: "found 'c', expected: ',' or 'end of string'" },
    { text: 'a&b', says: 'key: Invalid value: "a&b"' },
  ]) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseLabelSelector(text),
        (error) => isStatusError(error, 'BadRequest') && error.message.includes(says),
      );
    });
  }

  it('ends with a selector or BadRequest on any text', () => {
    const unit = fc.constantFrom('a', 'in', ' ', '=', '!', ',', '(', ')', '<', '-', '1', 'notin');
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        try {
          matchesLabels(parseLabelSelector(text), labels);
        } catch (error) {
          assert.ok(isStatusError(error, 'BadRequest'), String(error));
        }
      }),
    );
  });

  it('selects every object by the equality of its own labels', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    fc.assert(
      fc.property(fc.dictionary(name, name), (own) => {
        const text = Object.entries(own)
          .map(([key, value]) => `${key}=${value}`)
          .join(',');
        assert.ok(matchesLabels(parseLabelSelector(text), own));
      }),
    );
  });
});

describe('labelSelectorFromObject', () => {
  for (const { what, object, matches } of [
    { what: 'nothing when absent', object: undefined, matches: false },
    { what: 'everything when empty', object: {}, matches: true },
    { what: 'by matchLabels', object: { matchLabels: { app: 'web', tier: 'front' } }, matches: true },
    { what: 'not when one label differs', object: { matchLabels: { app: 'web', tier: 'back' } }, matches: false },
    {
      what: 'by an expression',
      object: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] },
      matches: true,
    },
    {
      what: 'by NotIn of an absent key',
      object: { matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['y'] }] },
      matches: true,
    },
    { what: 'by Exists', object: { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, matches: true },
    {
      what: 'not by DoesNotExist',
      object: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
      matches: false,
    },
    {
      what: 'only when both parts hold',
      object: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
      matches: false,
    },
  ]) {
    it(`selects ${what}`, () => assert.equal(matchesLabels(labelSelectorFromObject(object), labels), matches));
  }

  for (const { expression, says } of [
    { expression: { key: 'a', operator: 'Gt', values: ['1'] }, says: '"Gt" is not a valid label selector operator' },
    { expression: { key: 'a', operator: 'In' }, says: "for 'in', 'notin' operators, values set can't be empty" },
    {
      expression: { key: 'a', operator: 'Exists', values: ['1'] },
      says: 'values set must be empty for exists and does not exist',
    },
    { expression: { key: '', operator: 'Exists' }, says: 'key: Invalid value: "": name part must be non-empty' },
    { expression: { key: 'a', operator: 'In', values: ['_'] }, says: 'values[0][a]: Invalid value: "_"' },
  ]) {
    it(`refuses ${JSON.stringify(expression)}`, () => {
      assert.throws(
        () => labelSelectorFromObject({ matchExpressions: [expression] }),
        (error) => isStatusError(error, 'Invalid') && error.message.includes(says),
      );
    });
  }
});

describe('matchesLabels', () => {
  it('treats an object without labels as one with none', () => {
    assert.ok(matchesLabels(parseLabelSelector('!app'), undefined));
    assert.ok(!matchesLabels(parseLabelSelector('app'), undefined));
  });
});

test('a selector written as text selects what its object does', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const expression = fc.oneof(
    fc.record({ key: word, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(word, { minLength: 1 }) }),
    fc.record({ key: word, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  );
  const selector = fc.record({
    matchLabels: fc.dictionary(word, word),
    matchExpressions: fc.array(expression, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(selector, fc.dictionary(word, word), (object, labels) => {
      const text = formatLabelSelector(object);
      assert.equal(
        matchesLabels(parseLabelSelector(text), labels),
        matchesLabels(labelSelectorFromObject(object), labels),
        text,
      );
    }),
  );
});
