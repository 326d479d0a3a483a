/**
 * Values of which only the newest matters (a terminal's size): a reader that is late skips the older ones,
 * so nothing piles up. For one reader.
 */
export class LatestValue<T> implements AsyncIterable<T> {
  #unread: { readonly value: T } | undefined;
  #hasEnded = false;
  #wake: () => void = () => {};

  set(value: T): void {
    this.#unread = { value };
    this.#wake();
  }

  /** No more values; the reader still gets one that it has not read. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const unread = this.#unread;
      this.#unread = undefined;
      if (unread) yield unread.value;
      else if (this.#hasEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
