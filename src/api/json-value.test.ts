import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { getOwn, isObject, jsonEqual, setOwn, shallowCopy } from './json-value.ts';

describe('isObject', () => {
  it('is true for objects only', () => {
    assert.ok(isObject({}));
    for (const other of [null, undefined, [], 'x', 1, true]) assert.ok(!isObject(other));
  });
});

describe('getOwn and setOwn', () => {
  it('see own keys only', () => {
    assert.equal(getOwn({}, 'toString'), undefined);
    assert.equal(getOwn({ a: 1 }, 'a'), 1);
  });

  it('treat __proto__ as any other key', () => {
    const object: Record<string, unknown> = {};
    setOwn(object, '__proto__', { a: 1 });
    setOwn(object, '__proto__', { a: 2 });
    assert.equal(Object.getPrototypeOf(object), Object.prototype);
    assert.deepEqual(getOwn(object, '__proto__'), { a: 2 });
    assert.deepEqual(getOwn(shallowCopy(object), '__proto__'), { a: 2 });
    assert.equal(JSON.stringify(object), '{"__proto__":{"a":2}}');
  });
});

describe('jsonEqual', () => {
  it('does not mind the order of keys', () => assert.ok(jsonEqual({ a: 1, b: [2] }, { b: [2], a: 1 })));

  for (const [left, right] of [
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [[], {}],
    [null, {}],
    [1, '1'],
    [{ toString: 1 }, {}],
  ]) {
    it(`tells ${JSON.stringify(left)} from ${JSON.stringify(right)}`, () => {
      assert.ok(!jsonEqual(left, right));
      assert.ok(!jsonEqual(right, left));
    });
  }

  it('finds every value equal to its copy', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.ok(jsonEqual(value, structuredClone(value)))));
  });
});
