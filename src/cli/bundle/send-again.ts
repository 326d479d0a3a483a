/** Does what a bundle needs of the device until it is done, over links that break and while the device is busy or starts anew. */
import type { Clock } from '../../lib/clock.ts';
import { isStatusError } from '../../lib/status-error.ts';

/** So many tries in a row bring nothing more before it is given up: two minutes with the pauses between them. */
const maxFruitlessTries = 12;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

export interface SendAgainOptions {
  readonly clock: Clock;
  /** Told why it tries again; not twice in a row of the same. */
  readonly note: (text: string) => void;
  /** Called before each further try: the way may be gone on which idle connections were made. */
  readonly beforeRetry: () => Promise<void>;
}

/**
 * @param send one try; it says how many bytes the device lacks at its beginning, or that it has come further otherwise
 * @throws what the last try threw: at once when another one would end the same
 */
export async function sendAgain<T>(
  send: (onMissing: (bytes: number) => void, onProgress: () => void) => Promise<T>,
  { clock, note, beforeRetry }: SendAgainOptions,
  signal: AbortSignal,
): Promise<T> {
  let fruitless = 0;
  let least = Number.POSITIVE_INFINITY;
  let told = '';
  const onProgress = (): void => {
    fruitless = 0;
    told = '';
  };
  const onMissing = (bytes: number): void => {
    if (bytes < least) onProgress();
    least = Math.min(least, bytes);
  };
  for (;;) {
    try {
      return await send(onMissing, onProgress);
    } catch (error) {
      signal.throwIfAborted();
      fruitless += 1;
      if (!mayPass(error) || fruitless >= maxFruitlessTries) throw error;
      const text = `${error.message}; trying again`;
      if (text !== told) note(text);
      told = text;
      await beforeRetry();
      await clock.sleep(Math.min(firstPauseMs * 2 ** (fruitless - 1), longestPauseMs), signal);
    }
  }
}

/** Of a connection that was lost the device may know later than we do, and is still busy with what came by it. */
function mayPass(error: unknown): error is Error {
  return isStatusError(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests');
}
