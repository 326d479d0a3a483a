/** How fast bytes come: an average of the last seconds in which older ones count less and less. */

/** After this time what was measured before counts about a third. */
const memoryMs = 3_000;

export class Rate {
  #atMs: number | undefined;
  #bytes = 0;
  #bytesPerMs: number | undefined;

  /**
   * Takes in that `bytes` in all have come by `nowMs`.
   *
   * @returns bytes a second; undefined until two instants are known
   */
  take(nowMs: number, bytes: number): number | undefined {
    if (this.#atMs === undefined) {
      this.#atMs = nowMs;
      this.#bytes = bytes;
    }
    const passedMs = nowMs - this.#atMs;
    if (passedMs > 0) {
      const latest = Math.max(0, bytes - this.#bytes) / passedMs;
      const weight = 1 - Math.exp(-passedMs / memoryMs);
      this.#bytesPerMs =
        this.#bytesPerMs === undefined ? latest : this.#bytesPerMs + weight * (latest - this.#bytesPerMs);
      this.#atMs = nowMs;
      this.#bytes = bytes;
    }
    return this.#bytesPerMs === undefined ? undefined : this.#bytesPerMs * 1_000;
  }
}
