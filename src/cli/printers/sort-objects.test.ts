import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sortByPath } from './sort-objects.ts';

const sorted = (values: readonly unknown[], path = '{.x}'): readonly unknown[] =>
  sortByPath(
    values.map((x) => (x === undefined ? {} : { x })),
    path,
    (item) => item,
  ).map((item) => (item as { x?: unknown }).x);

describe('--sort-by', () => {
  for (const [values, order] of [
    [
      [3, 10, 2],
      [2, 3, 10],
    ],
    [
      ['b', 'a', 'B'],
      ['B', 'a', 'b'],
    ],
    [
      ['1Gi', '500Mi', '2G'],
      ['500Mi', '1Gi', '2G'],
    ],
    [
      ['2', undefined, '10', undefined],
      [undefined, undefined, '2', '10'],
    ],
    [
      ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'],
      ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ],
  ] as const) {
    it(`${JSON.stringify(values)}`, () => assert.deepEqual(sorted(values), order));
  }

  for (const path of ['{.x}', '.x', 'x']) {
    it(`takes ${path}`, () => assert.deepEqual(sorted([2, 1], path), [1, 2]));
  }

  it('refuses a field that nobody has, and one that has no order', () => {
    assert.throws(() => sorted([1], '.y.z'), /couldn't find any field with path "\{\.y\.z\}" in the list of objects/);
    assert.throws(() => sorted([{ a: 1 }, { a: 2 }]), /cannot be sorted/);
    assert.deepEqual(sorted([], '.y'), []);
  });
});
