import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rate } from './rate.ts';

/** The rate after looks every 100 ms at what `bytesAt` says. */
function rateAfter(ms: number, bytesAt: (nowMs: number) => number): number {
  const rate = new Rate();
  let last: number | undefined;
  for (let nowMs = 0; nowMs <= ms; nowMs += 100) last = rate.take(nowMs, bytesAt(nowMs));
  assert.ok(last !== undefined);
  return last;
}

describe('a rate', () => {
  it('is not known from one look', () => {
    const rate = new Rate();
    assert.equal(rate.take(0, 500), undefined);
    assert.equal(rate.take(0, 900), undefined);
  });

  it('is what comes in a second', () => {
    assert.equal(Math.round(rateAfter(1_000, (nowMs) => nowMs * 2)), 2_000);
  });

  it('does not count what was there before', () => {
    assert.equal(Math.round(rateAfter(1_000, (nowMs) => 5_000_000 + nowMs)), 1_000);
  });

  it('hardly moves when news come in steps', () => {
    const stepped = rateAfter(20_000, (nowMs) => Math.floor(nowMs / 500) * 500);
    assert.ok(stepped > 800 && stepped < 1_200, String(stepped));
  });

  it('falls to nothing when nothing comes any longer', () => {
    assert.ok(rateAfter(30_000, (nowMs) => Math.min(nowMs, 1_000)) < 1);
  });

  it('is never below nothing, when a count begins anew', () => {
    assert.equal(
      rateAfter(200, (nowMs) => 1_000 - nowMs),
      0,
    );
  });
});
