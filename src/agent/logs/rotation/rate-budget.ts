/**
 * What a pod may still write: it fills at a rate up to a burst, and what was written is taken out. Since writing is
 * seen only afterwards it can go into debt, which must be paid back; so the average never exceeds the rate.
 */
export class RateBudget {
  #left: number;
  #atMs: number;
  #bytesPerSecond: number;
  #burstBytes: number;

  /** @param nowMs of a clock that never jumps */
  constructor(bytesPerSecond: number, burstBytes: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#burstBytes = burstBytes;
    this.#left = burstBytes;
    this.#atMs = nowMs;
  }

  /** Other limits from now on; a debt stays. */
  setLimits(bytesPerSecond: number, burstBytes: number): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#burstBytes = burstBytes;
  }

  /** Takes note of what was written; returns what is left, negative when it was too much. Infinite without a limit. */
  spend(bytes: number, nowMs: number): number {
    if (this.#bytesPerSecond === 0) return Number.POSITIVE_INFINITY;
    const earned = ((nowMs - this.#atMs) / 1_000) * this.#bytesPerSecond;
    this.#left = Math.min(this.#burstBytes, this.#left + earned) - bytes;
    this.#atMs = nowMs;
    return this.#left;
  }

  /** Milliseconds until half of the burst is there again: then writing may go on, and not stop at once. */
  msUntilGood(nowMs: number): number {
    const missing = this.#burstBytes / 2 - this.spend(0, nowMs);
    return missing <= 0 ? 0 : Math.ceil((missing / this.#bytesPerSecond) * 1_000);
  }
}
