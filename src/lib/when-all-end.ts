/**
 * Waits until every promise has ended, then throws the first failure if there was one. Unlike `Promise.all`, nothing
 * of it goes on behind the back of whoever tries again.
 */
export async function whenAllEnd(promises: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}
