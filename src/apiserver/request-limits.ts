/** How many requests are served at once, so that a crowd of clients cannot take the device's memory. */
import { StatusError } from '../lib/status-error.ts';

export interface RequestLimitOptions {
  /** Requests that end by themselves. */
  readonly maxInFlight: number;
  /** Watches, followed logs and streams. */
  readonly maxLongRunning: number;
}

/** A quarter of Kubernetes' --max-requests-inflight: one device, few cores. */
const defaultRequestLimits: RequestLimitOptions = { maxInFlight: 100, maxLongRunning: 500 };

export class RequestLimits {
  readonly #options: RequestLimitOptions;
  #inFlight = 0;
  #longRunning = 0;

  constructor(options: RequestLimitOptions = defaultRequestLimits) {
    this.#options = options;
  }

  /**
   * Counts a request in.
   *
   * @returns what counts it out again; calling it twice does nothing
   * @throws StatusError TooManyRequests, to be tried again after a second
   */
  enter(isLongRunning: boolean): () => void {
    const { maxInFlight, maxLongRunning } = this.#options;
    const isFull = isLongRunning ? this.#longRunning >= maxLongRunning : this.#inFlight >= maxInFlight;
    if (isFull) {
      throw new StatusError('TooManyRequests', 'Too many requests, please try again later.', {
        details: { retryAfterSeconds: 1 },
      });
    }
    this.#count(isLongRunning, 1);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#count(isLongRunning, -1);
    };
  }

  #count(isLongRunning: boolean, by: number): void {
    if (isLongRunning) this.#longRunning += by;
    else this.#inFlight += by;
  }
}
