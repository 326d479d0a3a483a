/** One at a time for each key; different keys beside each other. Who waits goes in the order of arrival. */
import { untilAborted } from './until-aborted.ts';

export class KeyedMutex {
  /** By key, what settles when everything asked for so far has ended. Never rejects. */
  readonly #tails = new Map<string, Promise<void>>();

  /** Whether somebody holds `key` or waits for it. */
  isBusy(key: string): boolean {
    return this.#tails.has(key);
  }

  /**
   * Runs `task` when the tasks of `key` before it have ended, and gives its result.
   *
   * @throws the signal's reason when it aborts while waiting; a task that has begun ends by itself
   */
  async run<T>(key: string, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#tails.get(key);
    const done = Promise.withResolvers<void>();
    // Who gives up waiting must not let the next one in early.
    const tail = Promise.all([before, done.promise]).then(() => {});
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      if (before !== undefined) await untilAborted(before, signal);
      signal.throwIfAborted();
      return await task();
    } finally {
      done.resolve();
    }
  }
}
