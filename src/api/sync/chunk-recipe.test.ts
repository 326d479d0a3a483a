import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeRecipe, RecipeReader } from './chunk-recipe.ts';

const chunk = (digit: string, bytes: number) => ({ digest: digit.repeat(64), bytes });

describe('a recipe', () => {
  it('comes out as it went in, however it was cut, and knows when it is whole', () => {
    const chunks = [chunk('a', 20_000), chunk('0', 256 * 1024), chunk('a', 20_000), chunk('f', 1)];
    const size = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
    const encoded = encodeRecipe(chunks);
    for (const piece of [1, 35, 36, encoded.length]) {
      const reader = new RecipeReader(size);
      let whole: unknown;
      for (let at = 0; at < encoded.length; at += piece) {
        assert.equal(whole, undefined);
        whole = reader.read(encoded.subarray(at, at + piece));
      }
      assert.deepEqual(whole, chunks);
    }
  });

  it('is refused when it is not that of the file', () => {
    const encoded = encodeRecipe([chunk('a', 10), chunk('b', 10)]);
    assert.throws(() => new RecipeReader(15).read(encoded), /not as long as the file/);
    assert.throws(() => new RecipeReader(10).read(encoded), /not as long as the file/);
    assert.throws(() => new RecipeReader(10).read(encodeRecipe([chunk('a', 0)])), /no chunk has 0 bytes/);
    assert.throws(
      () => new RecipeReader(10 ** 9).read(encodeRecipe([chunk('a', 300_000)])),
      /no chunk has 300000 bytes/,
    );
  });
});
