/** Tells one reader what was brought in step. He may be slow: what he has not heard of yet becomes one change. */

/** What was brought in step. */
export interface SyncChange {
  /** Relative to the directory, parts joined by `/`; of very many the first 10,000. */
  readonly paths: readonly string[];
  readonly direction: 'toDevice' | 'toLaptop' | 'both';
  /** Paths of versions that were kept beside another one. */
  readonly conflicts: readonly string[];
}

const maxPaths = 10_000;

/** For one reader. Holds one change, and of that at most 10,000 paths. */
export class ChangeFeed implements AsyncIterable<SyncChange> {
  #held: SyncChange | undefined;
  #end: { readonly failure: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  push(change: SyncChange): void {
    this.#held = this.#held === undefined ? change : joined(this.#held, change);
    this.#wake?.();
  }

  /** What was told before is still heard; then it is over, with a failure when there is one. */
  end(failure: Error | undefined): void {
    this.#end ??= { failure };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SyncChange, void> {
    for (;;) {
      const change = this.#held;
      this.#held = undefined;
      if (change !== undefined) yield change;
      else if (this.#end !== undefined) {
        if (this.#end.failure !== undefined) throw this.#end.failure;
        return;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
        this.#wake = undefined;
      }
    }
  }
}

function joined(a: SyncChange, b: SyncChange): SyncChange {
  return {
    paths: [...new Set([...a.paths, ...b.paths])].slice(0, maxPaths),
    direction: a.direction === b.direction ? a.direction : 'both',
    conflicts: [...new Set([...a.conflicts, ...b.conflicts])].slice(0, maxPaths),
  };
}
