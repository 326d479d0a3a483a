import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  difference,
  emptySet,
  type FieldSet,
  hasPath,
  intersection,
  isEmpty,
  sameFields,
  setOfPath,
  union,
  withoutElement,
} from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';

type Path = readonly string[];

const elements = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"1"', 'i:0');
const paths = fc.array(fc.array(elements, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
const setOf = (all: readonly Path[]): FieldSet => all.reduce((set, path) => union(set, setOfPath(path)), emptySet);

/** The same operations on plain sets of path texts: the model. */
const model = (all: readonly Path[]): Set<string> => new Set(all.map((path) => path.join('/')));
const membersOf = (set: FieldSet, prefix: readonly string[] = []): string[] => [
  ...(set.member ? [prefix.join('/')] : []),
  ...[...set.children].flatMap(([element, child]) => membersOf(child, [...prefix, element])),
];
const agree = (set: FieldSet, expected: ReadonlySet<string>): void =>
  assert.deepEqual(membersOf(set).sort(), [...expected].sort());
const check = (property: (left: Path[], right: Path[]) => void): void => fc.assert(fc.property(paths, paths, property));

describe('field sets', () => {
  it('hold the paths that were put in', () => {
    check((left, right) => {
      const set = setOf(left);
      agree(set, model(left));
      for (const path of right) assert.equal(hasPath(set, path), model(left).has(path.join('/')));
    });
  });

  it('are empty exactly when they hold no path', () => {
    check((left) => assert.equal(isEmpty(setOf(left)), left.length === 0));
  });

  it('unite', () => check((left, right) => agree(union(setOf(left), setOf(right)), model(left).union(model(right)))));

  it('intersect', () => {
    check((left, right) => agree(intersection(setOf(left), setOf(right)), model(left).intersection(model(right))));
  });

  it('subtract, and leave what lies below a subtracted path', () => {
    check((left, right) => agree(difference(setOf(left), setOf(right)), model(left).difference(model(right))));
  });

  it('leave no empty nodes behind', () => {
    check((left, right) => {
      const rest = difference(setOf(left), setOf(right));
      assert.ok(sameFields(rest, setOf(membersOf(rest).map((path) => path.split('/')))));
      assert.ok(isEmpty(difference(rest, rest)));
    });
  });

  it('are the same exactly when they hold the same paths', () => {
    check((left, right) => {
      assert.equal(sameFields(setOf(left), setOf(right)), model(left).symmetricDifference(model(right)).size === 0);
    });
  });

  it('lose all that begins with an element', () => {
    const set = setOf([['f:status'], ['f:status', 'f:phase'], ['f:spec']]);
    agree(withoutElement(set, 'f:status'), new Set(['f:spec']));
  });
});

describe('FieldsV1', () => {
  it('gives back every set', () => {
    check((left) => assert.ok(sameFields(decodeFields(encodeFields(setOf(left))) ?? emptySet, setOf(left))));
  });

  it('writes a leaf as {}, and a dot only for a path with others below it', () => {
    const set = setOf([['f:labels'], ['f:labels', 'f:app'], ['f:spec', 'f:x']]);
    assert.deepEqual(encodeFields(set), { 'f:labels': { '.': {}, 'f:app': {} }, 'f:spec': { 'f:x': {} } });
  });

  it('sorts fields before keys before values before positions', () => {
    const set = setOf([['v:"b"'], ['i:0'], ['k:{"name":"a"}'], ['f:z'], ['f:a'], ['v:"a"']]);
    assert.deepEqual(Object.keys(encodeFields(set)), ['f:a', 'f:z', 'k:{"name":"a"}', 'v:"a"', 'v:"b"', 'i:0']);
  });

  for (const value of [null, 'x', [], { a: {} }, { 'f:a': 1 }, { 'f:a': null }, { 'f:a': { b: {} } }, { 'x:a': {} }]) {
    it(`refuses ${JSON.stringify(value)}`, () => assert.equal(decodeFields(value), undefined));
  }

  it('takes {} for the empty set', () => assert.ok(isEmpty(decodeFields({}) ?? setOfPath([]))));
});
