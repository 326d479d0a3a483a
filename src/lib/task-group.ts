/**
 * Owns promises that run beside each other: nobody's failure is lost, and nobody outlives the group.
 */
export class TaskGroup {
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** Aborted when the group is stopped or when a task failed. Every task must end soon after. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Starts a task. When it fails (other than by the group's own abort) all tasks are aborted. */
  start(task: (signal: AbortSignal) => Promise<void>): void {
    const running = (async () => {
      try {
        await task(this.#abort.signal);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#failure = { error };
        this.#abort.abort(error);
      }
    })();
    this.#running.add(running);
    running.finally(() => this.#running.delete(running));
  }

  /** Asks every task to end. Repeatable. */
  stop(): void {
    this.#abort.abort();
  }

  /**
   * Resolves when every task has ended.
   *
   * @throws the first failure of a task
   */
  async join(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
  }
}
