import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToFree, computeExpired, computeGarbage, type UnusedImage } from './compute-garbage.ts';

const image = (id: string, more: Partial<UnusedImage> = {}): UnusedImage => ({
  id,
  sizeBytes: 100,
  firstSeenMs: 0,
  lastUsedMs: 0,
  ...more,
});
const limits = { minimumAgeMs: 120_000, maximumAgeMs: 0 };
const ids = (images: readonly UnusedImage[]): string[] => images.map(({ id }) => id);

describe('images that go for space', () => {
  it('are those unused for longest, then those seen first', () => {
    const images = [image('c', { lastUsedMs: 9 }), image('b', { firstSeenMs: 5 }), image('a')];
    assert.deepEqual(ids(computeGarbage(images, limits, 250, 1_000_000)), ['a', 'b', 'c']);
  });

  it('are no more than needed', () => {
    assert.deepEqual(ids(computeGarbage([image('a'), image('b'), image('c')], limits, 101, 1_000_000)), ['a', 'b']);
    assert.deepEqual(ids(computeGarbage([image('a')], limits, 0, 1_000_000)), []);
  });

  it('are never younger than the minimum age', () => {
    const young = image('a', { firstSeenMs: 900_000 });
    assert.deepEqual(ids(computeGarbage([young], limits, 1, 1_000_000)), []);
    assert.deepEqual(ids(computeGarbage([young], limits, 1, 1_020_000)), ['a']);
  });
});

describe('images that go for their age', () => {
  it('are those unused for longer than the maximum', () => {
    const images = [image('a'), image('b', { lastUsedMs: 950_000 })];
    assert.deepEqual(ids(computeExpired(images, { ...limits, maximumAgeMs: 100_000 }, 1_000_000)), ['a']);
  });

  it('are none without a maximum', () => {
    assert.deepEqual(computeExpired([image('a')], limits, Number.MAX_SAFE_INTEGER), []);
  });
});

describe('the bytes to free', () => {
  for (const { available, high, low, bytes } of [
    { available: 160, high: 85, low: 80, bytes: 0 },
    { available: 150, high: 85, low: 80, bytes: 50 },
    { available: 100, high: 85, low: 80, bytes: 100 },
    { available: 0, high: 100, low: 80, bytes: 0 },
    { available: 990, high: 1, low: 0, bytes: 10 },
  ]) {
    it(`are ${bytes} when ${available} of 1000 are free and the thresholds are ${high} and ${low} percent`, () => {
      assert.equal(bytesToFree({ capacityBytes: 1_000, availableBytes: available }, high, low), bytes);
    });
  }
});
