/** Does something many times, carefully at first: what fails once is likely to fail each time. */

/**
 * Runs `action` `count` times in batches of 1, 2, 4, … and stops after the first batch with a failure.
 *
 * @returns how often it succeeded, and the first failure
 */
export async function slowStart(
  count: number,
  action: () => Promise<void>,
): Promise<{ readonly succeeded: number; readonly failure?: { readonly error: unknown } }> {
  let succeeded = 0;
  for (let batch = 1; succeeded < count; batch *= 2) {
    const results = await Promise.allSettled(Array.from({ length: Math.min(batch, count - succeeded) }, action));
    const failed = results.find((result) => result.status === 'rejected');
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    if (failed !== undefined) return { succeeded, failure: { error: failed.reason } };
  }
  return { succeeded };
}
