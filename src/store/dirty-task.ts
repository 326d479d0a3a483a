/**
 * Work that follows a change, but not too often: runs some time after `mark()`, at most once per
 * interval, and not at all (no timer either) while nothing is marked.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

export interface DirtyTaskDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Names the work in the log. */
  readonly name: string;
  /** Milliseconds after the first mark in which further marks gather. */
  readonly gatherMs: number;
  /** Milliseconds from one run to the next, at least; asked anew each time. */
  readonly intervalMs: () => number;
  /** The work. When it throws, that is logged and it is tried again after the interval. */
  readonly run: () => Promise<void>;
}

export class DirtyTask {
  readonly #deps: DirtyTaskDeps;
  readonly #stop = new AbortController();
  #dirty = false;
  #lastRunMs = Number.NEGATIVE_INFINITY;
  #waiting = false;
  #running: Promise<void> | undefined;

  constructor(deps: DirtyTaskDeps) {
    this.#deps = deps;
  }

  get isDirty(): boolean {
    return this.#dirty;
  }

  /** Something changed. Repeatable; cheap. */
  mark(): void {
    this.#dirty = true;
    if (!this.#waiting && !this.#stop.signal.aborted) void this.#runWhenDue();
  }

  /** Runs now if marked; after a run that is under way. Throws what the work throws. */
  async runNow(): Promise<void> {
    await this.#running?.catch(() => {});
    if (this.#dirty) await this.#run();
  }

  /** No run starts by itself from now on; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
  }

  async #runWhenDue(): Promise<void> {
    const { clock, intervalMs, gatherMs, log, name } = this.#deps;
    this.#waiting = true;
    try {
      while (this.#dirty) {
        const sinceLastRunMs = clock.monotonicMs() - this.#lastRunMs;
        await clock.sleep(Math.max(gatherMs, intervalMs() - sinceLastRunMs), this.#stop.signal);
        await this.#running?.catch(() => {});
        if (!this.#dirty) break;
        await this.#run().catch((error: unknown) =>
          log.warn('store task failed, will be tried again', { task: name, error }),
        );
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      this.#waiting = false;
    }
  }

  async #run(): Promise<void> {
    this.#dirty = false;
    this.#lastRunMs = this.#deps.clock.monotonicMs();
    const running = this.#deps.run();
    this.#running = running;
    try {
      await running;
    } catch (error) {
      this.#dirty = true;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }
}
