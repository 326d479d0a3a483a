import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { maxDocumentDepth, maxDocumentValues } from '../../lib/document-bounds.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { findDuplicateFields, parseJson } from './json-text.ts';

describe('parseJson', () => {
  it('gives the value', () => {
    assert.deepEqual(parseJson(' {"a":[1,{"b":null}]} '), { value: { a: [1, { b: null }] }, duplicateFields: [] });
  });

  it('refuses what is no JSON', () => {
    for (const text of ['', '{', '{"a":}', 'nope', '[1,]', '{"a":1}}']) {
      assert.throws(
        () => parseJson(text),
        (error) => isStatusError(error, 'BadRequest'),
        text,
      );
    }
  });

  it('refuses deep nesting before it builds anything', () => {
    assert.throws(() => parseJson('['.repeat(5_000_000)), /exceeded max depth/);
    assert.throws(() => parseJson('{"a":'.repeat(maxDocumentDepth + 1)), /exceeded max depth/);
  });

  it('accepts nesting up to the bound', () => {
    const text = '['.repeat(maxDocumentDepth) + ']'.repeat(maxDocumentDepth);
    assert.equal(JSON.stringify(parseJson(text).value), text);
  });

  it('refuses too many values before it builds anything', () => {
    const isTooLarge = (error: unknown): boolean => isStatusError(error, 'RequestEntityTooLarge');
    for (const part of ['[],', '{},', '1,', '{"a":{}},']) {
      assert.throws(() => parseJson(`[${part.repeat(maxDocumentValues)}0]`), isTooLarge, part);
    }
    assert.throws(() => parseJson(`{${'"a":{},'.repeat(maxDocumentValues)}"b":0}`), isTooLarge);
  });

  it('accepts values up to the bound, and any number of commas in a text', () => {
    const text = `[${'1,'.repeat(maxDocumentValues - 1)}1]`;
    assert.equal((parseJson(text).value as unknown[]).length, maxDocumentValues);
    assert.ok(parseJson(JSON.stringify(',[{'.repeat(maxDocumentValues))));
  });

  it('agrees with JSON.parse on every JSON text', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(parseJson(text), { value: JSON.parse(text), duplicateFields: [] });
      }),
    );
  });
});

describe('findDuplicateFields', () => {
  for (const { text, paths } of [
    { text: '{"a":1,"b":2}', paths: [] },
    { text: '{"a":1,"a":2}', paths: ['a'] },
    { text: '{"a":1,"a":2,"a":3}', paths: ['a'] },
    { text: '{"spec":{"x":1,"y":{},"x":2}}', paths: ['spec.x'] },
    { text: '{"spec":{"containers":[{},{"name":"a","image":"b","name":"c"}]}}', paths: ['spec.containers[1].name'] },
    { text: '{"a":[[1,2],[{"b":1,"b":2}]]}', paths: ['a[1][0].b'] },
    { text: '{"a":{"x":1},"b":{"x":1}}', paths: [] },
    { text: '{"a":"a","b":["a","a"]}', paths: [] },
    { text: '{"a":"{\\"x\\":1,\\"x\\":2}"}', paths: [] },
    { text: '{"a\\"":1,"a\\"":2}', paths: ['a"'] },
    { text: '{"a\\\\":1,"a":2}', paths: [] },
    { text: '{"\\u0061" : 1 , "a" : 2}', paths: ['a'] },
    { text: '{"__proto__":1,"__proto__":2,"constructor":1}', paths: ['__proto__'] },
    { text: '[{"a":1},{"a":1}]', paths: [] },
  ]) {
    it(`finds ${JSON.stringify(paths)} in ${text}`, () => assert.deepEqual(findDuplicateFields(text), paths));
  }

  it('stops counting at 100', () => {
    const keys = Array.from({ length: 300 }, (_, index) => `"k${index % 150}":1`);
    assert.equal(findDuplicateFields(`{${keys.join(',')}}`).length, 100);
  });

  it('comes to an end on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a') }), (text) => {
        assert.ok(Array.isArray(findDuplicateFields(text)));
      }),
    );
  });

  it('finds a key that is repeated anywhere', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (object) => {
        const body = JSON.stringify(object).slice(1, -1);
        assert.deepEqual(findDuplicateFields(`{${body},${body}}`).sort(), Object.keys(object).slice(0, 100).sort());
      }),
    );
  });
});
