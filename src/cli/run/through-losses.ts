/** Goes on when the connection to the device is lost for a while: a moment without Wi-Fi ends no long job (docs/adr/0037). */
import { ReaderGone } from '../../client/reader-gone.ts';
import type { Clock } from '../../lib/clock.ts';
import { isStatusError, type StatusError } from '../../lib/status-error.ts';

/** Between two tries. */
const pauseMs = 1_000;
/** A connection that has lasted so long was one. */
const steadyMs = 5_000;

/** How long to try, and whom to tell. */
export interface Endurance {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** So long without any success, and the last failure is thrown. */
  readonly patienceMs: number;
  /** Told of the first failure after a success, and of the first at all. */
  readonly onLost?: (failure: StatusError) => void;
}

/** Whether the same may go well in a moment: the device cannot be reached, or is starting. */
export function isConnectionLost(error: unknown): error is StatusError {
  return isStatusError(error, 'ServiceUnavailable', 'Timeout') && !(error instanceof ReaderGone);
}

/**
 * What `attempt` gives; when the connection is lost it is made again, and is told how many there were before.
 * It calls `goesWell` when the device has answered; when it then lasts for five seconds the loss is over.
 *
 * @throws what an attempt throws for another reason, or for want of patience; the reason of `signal` when it aborts
 */
export async function throughLosses<T>(
  { clock, signal, patienceMs, onLost }: Endurance,
  attempt: (goesWell: () => void, earlier: number) => Promise<T>,
): Promise<T> {
  let lostAtMs: number | undefined;
  for (let earlier = 0; ; earlier += 1) {
    let wellSinceMs: number | undefined;
    const goesWell = (): void => {
      wellSinceMs ??= clock.monotonicMs();
    };
    try {
      return await attempt(goesWell, earlier);
    } catch (error) {
      signal.throwIfAborted();
      if (!isConnectionLost(error)) throw error;
      const now = clock.monotonicMs();
      const wasSteady = wellSinceMs !== undefined && now - wellSinceMs >= steadyMs;
      if (lostAtMs === undefined || wasSteady) {
        lostAtMs = now;
        onLost?.(error);
      } else if (now - lostAtMs >= patienceMs) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}
