import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../../lib/status-error.ts';
import { applyJsonPatch } from './json-patch.ts';

const document = { a: { b: [1, 2, 3] }, 'x/y': 1, 'm~n': 2, '': 0, nil: null };

describe('applyJsonPatch', () => {
  for (const { what, from = document, patch, gives } of [
    { what: 'no operation', patch: [], gives: document },
    { what: 'add to an object', from: { a: 1 }, patch: [{ op: 'add', path: '/b', value: 2 }], gives: { a: 1, b: 2 } },
    { what: 'add over a value', from: { a: 1 }, patch: [{ op: 'add', path: '/a', value: 2 }], gives: { a: 2 } },
    { what: 'add null', from: {}, patch: [{ op: 'add', path: '/a', value: null }], gives: { a: null } },
    {
      what: 'add into a list',
      from: { l: [1, 3] },
      patch: [{ op: 'add', path: '/l/1', value: 2 }],
      gives: { l: [1, 2, 3] },
    },
    {
      what: 'add at the length of a list',
      from: { l: [1] },
      patch: [{ op: 'add', path: '/l/1', value: 2 }],
      gives: { l: [1, 2] },
    },
    { what: 'add with -', from: { l: [1] }, patch: [{ op: 'add', path: '/l/-', value: 2 }], gives: { l: [1, 2] } },
    { what: 'add the whole document', from: { l: [1] }, patch: [{ op: 'add', path: '', value: [2] }], gives: [2] },
    { what: 'remove from an object', from: { a: 1, b: 2 }, patch: [{ op: 'remove', path: '/a' }], gives: { b: 2 } },
    {
      what: 'remove from a list',
      from: { l: [1, 2, 3] },
      patch: [{ op: 'remove', path: '/l/1' }],
      gives: { l: [1, 3] },
    },
    { what: 'replace', from: { l: [1, 2] }, patch: [{ op: 'replace', path: '/l/0', value: 9 }], gives: { l: [9, 2] } },
    { what: 'replace the whole document', from: { a: 1 }, patch: [{ op: 'replace', path: '', value: {} }], gives: {} },
    { what: 'move', from: { a: 1 }, patch: [{ op: 'move', from: '/a', path: '/b' }], gives: { b: 1 } },
    {
      what: 'move in a list',
      from: { l: [1, 2, 3] },
      patch: [{ op: 'move', from: '/l/0', path: '/l/2' }],
      gives: { l: [2, 3, 1] },
    },
    { what: 'move to itself', from: { a: 1 }, patch: [{ op: 'move', from: '/a', path: '/a' }], gives: { a: 1 } },
    { what: 'move up', from: { a: { b: 1 } }, patch: [{ op: 'move', from: '/a/b', path: '/a' }], gives: { a: 1 } },
    {
      what: 'copy',
      from: { a: { b: 1 } },
      patch: [{ op: 'copy', from: '/a', path: '/a/c' }],
      gives: { a: { b: 1, c: { b: 1 } } },
    },
    { what: 'test', patch: [{ op: 'test', path: '/a', value: { b: [1, 2, 3] } }], gives: document },
    { what: 'test null', patch: [{ op: 'test', path: '/nil', value: null }], gives: document },
    {
      what: 'test the whole document',
      from: { a: 1, b: 2 },
      patch: [{ op: 'test', path: '', value: { b: 2, a: 1 } }],
      gives: { a: 1, b: 2 },
    },
    { what: '~1 as a slash', patch: [{ op: 'test', path: '/x~1y', value: 1 }], gives: document },
    { what: '~0 as a tilde', patch: [{ op: 'test', path: '/m~0n', value: 2 }], gives: document },
    { what: 'an empty key', patch: [{ op: 'test', path: '/', value: 0 }], gives: document },
    { what: '~01 as ~1', from: { '~1': 5 }, patch: [{ op: 'test', path: '/~01', value: 5 }], gives: { '~1': 5 } },
    {
      what: 'unknown members of an operation',
      from: {},
      patch: [{ op: 'add', path: '/a', value: 1, note: 'x' }],
      gives: { a: 1 },
    },
    {
      what: 'one operation after the other',
      from: {},
      patch: [
        { op: 'add', path: '/a', value: {} },
        { op: 'add', path: '/a/b', value: [] },
        { op: 'add', path: '/a/b/-', value: 1 },
      ],
      gives: { a: { b: [1] } },
    },
  ]) {
    it(`does: ${what}`, () => assert.deepEqual(applyJsonPatch(from, patch), gives));
  }

  for (const { operation, says } of [
    {
      operation: { op: 'test', path: '/a/b/0', value: 2 },
      says: /operation 0 of the JSON patch \(test "\/a\/b\/0"\) does not apply: the value there is not/,
    },
    { operation: { op: 'test', path: '/none', value: null }, says: /there is nothing at "\/none"/ },
    { operation: { op: 'remove', path: '/none' }, says: /there is nothing at "\/none"/ },
    { operation: { op: 'remove', path: '' }, says: /the whole document cannot be removed/ },
    { operation: { op: 'replace', path: '/none', value: 1 }, says: /there is nothing at "\/none"/ },
    { operation: { op: 'replace', path: '/a/b/3', value: 1 }, says: /there is nothing at/ },
    { operation: { op: 'replace', path: '/a/b/-', value: 1 }, says: /there is nothing at/ },
    { operation: { op: 'add', path: '/none/deep', value: 1 }, says: /nothing to go into on the way to "\/none\/deep"/ },
    { operation: { op: 'add', path: '/x~1y/deep', value: 1 }, says: /nothing to go into on the way to "\/x~1y\/deep"/ },
    { operation: { op: 'add', path: '/a/b/4', value: 1 }, says: /"4" is no position in this list/ },
    { operation: { op: 'add', path: '/a/b/01', value: 1 }, says: /"01" is no position/ },
    { operation: { op: 'add', path: '/a/b/-1', value: 1 }, says: /"-1" is no position/ },
    { operation: { op: 'add', path: '/a/b/length', value: 1 }, says: /"length" is no position/ },
    { operation: { op: 'add', path: '/__proto__/polluted', value: 1 }, says: /nothing to go into/ },
    { operation: { op: 'add', path: '/constructor/prototype/polluted', value: 1 }, says: /nothing to go into/ },
    { operation: { op: 'copy', from: '/toString', path: '/x' }, says: /there is nothing at "\/toString"/ },
    { operation: { op: 'move', from: '/none', path: '/x' }, says: /there is nothing at "\/none"/ },
  ]) {
    it(`refuses ${JSON.stringify(operation)} on this document`, () => {
      assert.throws(
        () => applyJsonPatch(document, [operation]),
        (error) => isStatusError(error, 'Invalid') && says.test(error.message),
      );
    });
  }

  for (const patch of [
    null,
    {},
    'x',
    [null],
    [[]],
    [{}],
    [{ op: 'add', path: '/a' }],
    [{ op: 'add', value: 1 }],
    [{ op: 'add', path: 'a', value: 1 }],
    [{ op: 'add', path: '/~2', value: 1 }],
    [{ op: 'add', path: '/~', value: 1 }],
    [{ op: 'add', path: 1, value: 1 }],
    [{ op: 'copy', path: '/a' }],
    [{ op: 'move', from: '/a', path: '/a/b' }],
    [{ op: 'move', from: '', path: '/a' }],
    [{ op: 'ADD', path: '/a', value: 1 }],
    [{ op: 'constructor', path: '/a' }],
  ]) {
    it(`refuses ${JSON.stringify(patch)} as a patch`, () => {
      assert.throws(
        () => applyJsonPatch({ a: {} }, patch),
        (error) => isStatusError(error, 'BadRequest'),
      );
    });
  }

  it('does nothing when a later operation fails', () => {
    const given = { a: 1 };
    assert.throws(() =>
      applyJsonPatch(given, [
        { op: 'add', path: '/b', value: 1 },
        { op: 'test', path: '/a', value: 2 },
      ]),
    );
    assert.deepEqual(given, { a: 1 });
  });

  it('changes neither the document nor the patch', () => {
    const given = { l: [1] };
    const value = { inner: [] };
    const patch = [
      { op: 'add', path: '/x', value },
      { op: 'add', path: '/x/inner/-', value: 1 },
    ];
    assert.deepEqual(applyJsonPatch(given, patch), { l: [1], x: { inner: [1] } });
    assert.deepEqual([given, value], [{ l: [1] }, { inner: [] }]);
  });

  it('copies so that the copies are apart', () => {
    const patch = [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/x', value: 1 },
    ];
    assert.deepEqual(applyJsonPatch({ a: {} }, patch), { a: {}, b: { x: 1 } });
  });

  it('sets the key __proto__ as a key', () => {
    const patched = applyJsonPatch({ labels: {} }, [{ op: 'add', path: '/labels/__proto__', value: { polluted: 1 } }]);
    assert.deepEqual(Object.keys((patched as { labels: object }).labels), ['__proto__']);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('bounds the operations and the growth by copying', () => {
    const isTooLarge = (error: unknown): boolean => isStatusError(error, 'RequestEntityTooLarge');
    const tests = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }));
    assert.throws(() => applyJsonPatch({}, tests), isTooLarge);
    const doublings = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    assert.throws(() => applyJsonPatch({ a: ['x'] }, doublings), isTooLarge);
  });

  it('makes any document of any other, and tests it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (from, value) => {
        assert.deepEqual(
          applyJsonPatch(from, [
            { op: 'replace', path: '', value },
            { op: 'test', path: '', value },
          ]),
          value,
        );
      }),
    );
  });

  it('undoes an added key by removing it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (from, key) => {
        fc.pre(!Object.hasOwn(from, key));
        const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const added = applyJsonPatch(from, [{ op: 'add', path, value: 1 }]) as object;
        assert.ok(Object.hasOwn(added, key));
        assert.deepEqual(
          Object.entries(applyJsonPatch(added, [{ op: 'remove', path }]) as object),
          Object.entries(from),
        );
      }),
    );
  });
});
