/**
 * Keys of things to look at, each looked at by one worker at a time.
 *
 * Level-driven: a key says *that* something is to be looked at, never what happened. Adding a key
 * that waits already does nothing; adding one that is being processed processes it once more
 * afterwards. What throws is tried again after an exponential back-off with jitter. Ends no journey
 * but a failure's: this is where it is logged.
 */
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Undefined: done. Milliseconds: look again after them, unless asked earlier. */
export type ProcessResult = { readonly againAfterMs: number } | undefined;

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Looks at the thing named `key`. `signal` aborts when the queue stops. */
  readonly process: (key: string, signal: AbortSignal) => Promise<ProcessResult>;
  /** Keys processed at once, at most. Default 1. */
  readonly parallelism?: number;
  /** Milliseconds before the second try; doubles with each failure. Default 200. */
  readonly baseDelayMs?: number;
  /** Milliseconds between tries, at most. Default 60,000. */
  readonly maxDelayMs?: number;
  /**
   * Whether a failure is of the kind that the next look ends. Tried again as others are, but told as something that
   * matters only from the fifth in a row on. Default: none is.
   */
  readonly isPassing?: (error: unknown) => boolean;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/** Failures in a row, the last of which is no longer believed to pass. */
const tooManyPassing = 5;

interface Delayed {
  readonly dueMs: number;
  readonly cancel: AbortController;
}

export class WorkQueue {
  readonly #deps: WorkQueueDeps;
  /** In order of arrival; a Set, so that each waits once. */
  readonly #ready = new Set<string>();
  readonly #active = new Set<string>();
  readonly #addedWhileActive = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #workers = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(deps: WorkQueueDeps) {
    this.#deps = deps;
  }

  /** Keys that wait, are processed, or are to be looked at later. */
  get size(): number {
    return new Set([...this.#ready, ...this.#active, ...this.#delayed.keys()]).size;
  }

  /** Processes `key` soon; also when it waits out a back-off. May be called before `run`. */
  add(key: string): void {
    this.#cancelDelay(key);
    if (this.#active.has(key)) this.#addedWhileActive.add(key);
    else this.#ready.add(key);
    this.#fill();
  }

  /** Processes `key` in `delayMs`, or earlier when that was already asked for. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    if (this.#signal?.aborted) return;
    const dueMs = this.#deps.clock.monotonicMs() + delayMs;
    const delayed = this.#delayed.get(key);
    if (this.#ready.has(key) || (delayed !== undefined && delayed.dueMs <= dueMs)) return;
    this.#cancelDelay(key);
    const cancel = new AbortController();
    this.#delayed.set(key, { dueMs, cancel });
    if (this.#signal !== undefined) void this.#wakeWhenDue(key, delayMs, cancel);
  }

  /** Forgets `key`: its back-off and every wish to look at it. Work on it that is under way goes on. */
  forget(key: string): void {
    this.#cancelDelay(key);
    this.#ready.delete(key);
    this.#addedWhileActive.delete(key);
    this.#failures.delete(key);
  }

  /** Works until `signal` aborts; resolves when nothing is under way any more. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#signal = signal;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [key, { dueMs, cancel }] of this.#delayed)
      void this.#wakeWhenDue(key, Math.max(0, dueMs - nowMs), cancel);
    this.#fill();
    await aborted;
    for (const key of [...this.#delayed.keys()]) this.#cancelDelay(key);
    await Promise.all(this.#workers);
  }

  #fill(): void {
    const signal = this.#signal;
    if (signal === undefined || signal.aborted) return;
    for (const key of this.#ready) {
      if (this.#active.size >= (this.#deps.parallelism ?? 1)) return;
      this.#ready.delete(key);
      this.#active.add(key);
      const worker = this.#work(key, signal);
      this.#workers.add(worker);
      void worker.finally(() => {
        this.#workers.delete(worker);
        this.#active.delete(key);
        if (this.#addedWhileActive.delete(key)) this.#ready.add(key);
        this.#fill();
      });
    }
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    try {
      const result = await this.#deps.process(key, signal);
      this.#failures.delete(key);
      if (result && !this.#addedWhileActive.has(key)) this.addAfter(key, Math.max(1, result.againAfterMs));
    } catch (error) {
      if (signal.aborted) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const delayMs = this.#backOffMs(failures);
      const { log, isPassing } = this.#deps;
      const level = failures < tooManyPassing && isPassing?.(error) ? 'debug' : 'warn';
      log[level]('work failed, will be tried again', { key, failures, delayMs, error });
      if (!this.#addedWhileActive.has(key)) this.addAfter(key, delayMs);
    }
  }

  /** Half of the doubled delay is certain, half is chance: keys that failed together do not come back together. */
  #backOffMs(failures: number): number {
    const { baseDelayMs = 200, maxDelayMs = 60_000, random = Math.random } = this.#deps;
    const delayMs = Math.min(baseDelayMs * 2 ** (failures - 1), maxDelayMs);
    return Math.ceil(delayMs / 2 + (random() * delayMs) / 2);
  }

  async #wakeWhenDue(key: string, delayMs: number, cancel: AbortController): Promise<void> {
    try {
      await this.#deps.clock.sleep(delayMs, cancel.signal);
    } catch {
      return; // cancelled: asked for earlier, forgotten, or the queue stops
    }
    if (!cancel.signal.aborted) this.add(key);
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.cancel.abort();
    this.#delayed.delete(key);
  }
}
