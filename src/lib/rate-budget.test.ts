import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RateBudget } from './rate-budget.ts';

describe('RateBudget', () => {
  it('lets a burst pass after a quiet time, and the rate from then on', () => {
    const budget = new RateBudget(100, 1_000, 0);
    assert.equal(budget.spend(1_000, 0), 0);
    assert.equal(budget.spend(100, 1_000), 0);
    assert.equal(budget.spend(101, 2_000), -1);
  });

  it('saves no more than a burst', () => {
    const budget = new RateBudget(100, 1_000, 0);
    assert.equal(budget.spend(0, 3_600_000), 1_000);
  });

  it('has its debt paid back before half of the burst is there again', () => {
    const budget = new RateBudget(100, 1_000, 0);
    budget.spend(3_000, 0);
    assert.equal(budget.msUntilGood(0), 25_000);
    assert.equal(budget.msUntilGood(10_000), 15_000);
    assert.equal(budget.msUntilGood(25_000), 0);
  });

  it('has no end without a rate', () => {
    const budget = new RateBudget(0, 1_000, 0);
    assert.equal(budget.spend(1e12, 0), Number.POSITIVE_INFINITY);
    assert.equal(budget.msUntilGood(0), 0);
  });
});
