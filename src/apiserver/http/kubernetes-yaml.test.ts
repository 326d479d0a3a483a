import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { parseYaml } from './kubernetes-yaml.ts';

describe('YAML', () => {
  for (const { text, value } of [
    { text: 'a: 0644', value: { a: 420 } },
    { text: 'a: -010', value: { a: -8 } },
    { text: 'a: 644', value: { a: 644 } },
    { text: 'a: 0', value: { a: 0 } },
    { text: 'a: 089', value: { a: 89 } },
    { text: 'a: 1.5', value: { a: 1.5 } },
    { text: 'a: 12:30', value: { a: '12:30' } },
    { text: 'a: 2026-01-01', value: { a: '2026-01-01' } },
    { text: 'a: true', value: { a: true } },
    { text: 'a: "0644"', value: { a: '0644' } },
    { text: 'x: &x {b: 1}\na: {<<: *x}', value: { x: { b: 1 }, a: { b: 1 } } },
    { text: '{"a": [1, null]}', value: { a: [1, null] } },
  ]) {
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseYaml(text).value, value));
  }

  for (const { what, text } of [
    { what: 'nothing at all', text: '' },
    { what: 'what is no YAML', text: 'a: [' },
    { what: 'two documents', text: 'a: 1\n---\nb: 2' },
    { what: 'a key that comes twice', text: 'a: 1\na: 2' },
    { what: 'a document inside itself', text: 'a: &a [*a]' },
  ]) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseYaml(text),
        (error) => isStatusError(error, 'BadRequest', 'RequestEntityTooLarge'),
      );
    });
  }
});
