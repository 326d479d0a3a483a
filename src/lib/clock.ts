/**
 * Time as the program sees it. Production passes `createSystemClock()`; tests pass
 * `testing/fake-clock.ts`. Nothing outside `lib/` reads the machine's clock itself.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since the Unix epoch, for people: timestamps. It may jump by decades on a device. */
  now(): number;
  /** Milliseconds that never jump, for the program: durations, back-off, leases. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds. Rejects with `signal.reason` when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers hold no more (2^31 - 1 ms, 24.8 days) and fire at once when asked to. */
const longestDelayMs = 2_147_483_647;

/** The machine's own clock. A sleep keeps the process alive, as Node's timers do. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    // `performance` would be the same clock, and the first use of it loads eight modules of Node.
    monotonicMs: () => {
      const [seconds, nanoseconds] = process.hrtime();
      return seconds * 1e3 + nanoseconds / 1e6;
    },
    sleep: async (ms, signal) => {
      try {
        for (let left = ms; ; left -= longestDelayMs) {
          await delay(Math.min(left, longestDelayMs), undefined, signal ? { signal } : {});
          if (left <= longestDelayMs) return;
        }
      } catch (error) {
        // Node wraps the reason in an AbortError; callers compare with their own reason.
        if (signal?.aborted) throw signal.reason;
        throw error;
      }
    },
  };
}

/** RFC 3339 with whole seconds, as `metav1.Time` is written: `2026-11-22T10:00:00Z`. */
export function formatTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with six digits, as `metav1.MicroTime` is written: `2026-11-22T10:00:00.000000Z`. */
export function formatMicroTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 23)}000Z`;
}
