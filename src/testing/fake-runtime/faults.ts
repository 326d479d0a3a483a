/**
 * Trouble on demand: makes calls of the fake runtime fail, wait, or all fail together as when the
 * runtime is down, and remembers what was called.
 */
import { StatusError } from '../../lib/status-error.ts';

export interface FakeCall {
  readonly method: string;
  /** What it was about: a name for creations, an id or reference otherwise. */
  readonly subject: string;
}

interface Failure {
  readonly error: Error;
  left: number;
}

export class Faults {
  readonly #failures = new Map<string, Failure>();
  readonly #holds = new Map<string, Promise<void>>();
  readonly #calls: FakeCall[] = [];
  #isDown = false;

  /** Every call so far, oldest first. */
  get calls(): readonly FakeCall[] {
    return this.#calls;
  }

  /** The next `times` calls of `method` (of `Runtime` or `Images`) fail with `error`; for ever with Infinity. */
  fail(method: string, error: Error, times = 1): void {
    this.#failures.set(method, { error, left: times });
  }

  /** Calls of `method` work again. */
  clear(method: string): void {
    this.#failures.delete(method);
  }

  /** Calls of `method` wait until the returned function is called. */
  hold(method: string): () => void {
    let release = (): void => {};
    this.#holds.set(method, new Promise<void>((resolve) => (release = resolve)));
    return () => {
      this.#holds.delete(method);
      release();
    };
  }

  /** While true every call fails with ServiceUnavailable. */
  set isDown(isDown: boolean) {
    this.#isDown = isDown;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** What each method of the fake does first. */
  async pass(method: string, subject: string, signal: AbortSignal): Promise<void> {
    this.#calls.push({ method, subject });
    signal.throwIfAborted();
    const held = this.#holds.get(method);
    if (held) await abortable(held, signal);
    if (this.#isDown) throw new StatusError('ServiceUnavailable', 'the container runtime does not answer');
    const failure = this.#failures.get(method);
    if (!failure) return;
    failure.left -= 1;
    if (failure.left <= 0) this.#failures.delete(method);
    throw failure.error;
  }
}

/** `promise`, or a rejection with the signal's reason when that comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
