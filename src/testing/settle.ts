/** Waits in tests for what follows without a clock: by promises and immediates, or by the work of another thread. */
import assert from 'node:assert/strict';

/** What a thread of SQLite or of the file system may take on a machine that is busy with other tests. */
const longestMs = 20_000;
const pauseMs = 5;

/**
 * Resolves when `condition` holds. Gives the event loop `turns` turns at once, then lets time pass: it fails
 * only after 20 s, so that a busy machine fails no test.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  turns = 2_000,
): Promise<void> {
  const end = performance.now() + longestMs;
  for (let turn = 0; turn < turns || performance.now() < end; turn++) {
    if (await condition()) return;
    await new Promise((resolve) => (turn < turns ? setImmediate(resolve) : setTimeout(resolve, pauseMs)));
  }
  assert.fail(`${what} did not come true`);
}

/** Lets everything run that needs no more than `turns` turns of the event loop. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
