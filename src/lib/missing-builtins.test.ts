import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addMissingBuiltins } from './missing-builtins.ts';

/** The Promise of a Node 20. */
const oldPromise = (): PromiseConstructor => {
  class OldPromise<T> extends Promise<T> {}
  Object.defineProperty(OldPromise, 'withResolvers', { value: undefined, writable: true });
  return OldPromise as unknown as PromiseConstructor;
};

describe('builtins that an old Node lacks', () => {
  it('resolve and reject as those of a new one', async () => {
    const promise = oldPromise();
    addMissingBuiltins(promise);
    const good = promise.withResolvers<number>();
    good.resolve(7);
    assert.equal(await good.promise, 7);
    const bad = promise.withResolvers();
    bad.reject(new Error('no'));
    await assert.rejects(bad.promise, /no/);
  });

  it('replace nothing that is there', () => {
    const before = Promise.withResolvers;
    addMissingBuiltins();
    assert.equal(Promise.withResolvers, before);
  });
});
