import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LatestValue } from './latest-value.ts';

describe('LatestValue', () => {
  it('gives a waiting reader each value', async () => {
    const values = new LatestValue<number>();
    const reader = values[Symbol.asyncIterator]();
    for (const value of [1, 2]) {
      const next = reader.next();
      values.set(value);
      assert.equal((await next).value, value);
    }
  });

  it('skips what a late reader has missed, and ends after the last one', async () => {
    const values = new LatestValue<number>();
    for (const value of [1, 2, 3]) values.set(value);
    values.end();
    assert.deepEqual(await Array.fromAsync(values), [3]);
  });

  it('ends a reader that waits', async () => {
    const values = new LatestValue<number>();
    const next = values[Symbol.asyncIterator]().next();
    values.end();
    assert.equal((await next).done, true);
  });
});
