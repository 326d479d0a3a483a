/**
 * What may still be spent: bytes that a pod writes, answers on a network. It fills at a rate up to a burst, and what was
 * spent is taken out. Where spending is seen only afterwards it can go into debt, which must be paid back; so the average
 * never exceeds the rate.
 */
export class RateBudget {
  #left: number;
  #atMs: number;
  #perSecond: number;
  #burst: number;

  /** @param nowMs of a clock that never jumps */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Other limits from now on; a debt stays. */
  setLimits(perSecond: number, burst: number): void {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes note of what was spent; returns what is left, negative when it was too much. Infinite when the rate is 0: no limit. */
  spend(amount: number, nowMs: number): number {
    if (this.#perSecond === 0) return Number.POSITIVE_INFINITY;
    const earned = ((nowMs - this.#atMs) / 1_000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + earned) - amount;
    this.#atMs = nowMs;
    return this.#left;
  }

  /** Spends one if there is one, and says whether: for what can be left undone. */
  trySpendOne(nowMs: number): boolean {
    if (this.spend(0, nowMs) < 1) return false;
    this.spend(1, nowMs);
    return true;
  }

  /** Milliseconds until half of the burst is there again: then writing may go on, and not stop at once. */
  msUntilGood(nowMs: number): number {
    const missing = this.#burst / 2 - this.spend(0, nowMs);
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1_000);
  }
}
