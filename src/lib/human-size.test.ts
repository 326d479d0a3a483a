import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { humanSize } from './human-size.ts';

describe('a size for people', () => {
  for (const [bytes, text] of [
    [0, '0B'],
    [999, '999B'],
    [999.6, '1kB'],
    [1_000, '1kB'],
    [12_345, '12.3kB'],
    [999_499, '999kB'],
    [999_500, '1MB'],
    [4_260_000, '4.26MB'],
    [1_500_000_000, '1.5GB'],
    [5e15, '5000TB'],
  ] as const) {
    it(`of ${bytes} bytes is ${text}`, () => assert.equal(humanSize(bytes), text));
  }
});
