import type { Clock } from './clock.ts';

/** `read`, asked at most once in `ms` milliseconds; in between the last answer is given again. */
export function remembered<T>(ms: number, clock: Pick<Clock, 'monotonicMs'>, read: () => T): () => T {
  let last: { readonly value: T; readonly atMs: number } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (last === undefined || nowMs - last.atMs >= ms) last = { value: read(), atMs: nowMs };
    return last.value;
  };
}
