/** Waits in tests for what follows by promises and immediates alone, without a clock. */
import assert from 'node:assert/strict';

/**
 * Resolves when `condition` holds. Gives the event loop turns, not time: it fails after `turns` of them.
 * For code whose waits all go through an injected clock.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  turns = 2_000,
): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    if (await condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail(`${what} did not come true`);
}

/** Lets everything run that needs no more than `turns` turns of the event loop. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
