/**
 * How long a container that ended waits for its next start, as the kubelet does: not at all the
 * first time, then 10 s, doubling up to the longest wait; from the beginning again once it ran for
 * ten minutes (kubelet: MaxContainerBackOff, client-go flowcontrol.Backoff).
 *
 * The count stands in an annotation of each container, so it survives this process and no
 * memory of a pod is needed.
 */
import { type ObservedContainer, wasLostAtReboot } from '../observed-pod.ts';
import { countAnnotation, runtimeAnnotations } from '../runtime-labels.ts';

const firstDelayMs = 10_000;
const healthyRunMs = 600_000;

export interface RestartBackOff {
  readonly delayMs: number;
  /** The count that the next container carries. */
  readonly nextCount: number;
}

/** @param longestDelayMs KubeletConfiguration's crashLoopBackOff.maxContainerRestartPeriod */
export function restartBackOff(ended: ObservedContainer, longestDelayMs: number): RestartBackOff {
  const count = countAnnotation(ended.annotations, runtimeAnnotations.backOffCount);
  if (wasLostAtReboot(ended)) return { delayMs: 0, nextCount: count };
  // Wall times of one container: a clock that jumped in between can at worst end a back-off early.
  const ranMs = ended.startedAtMs > 0 ? ended.finishedAtMs - ended.startedAtMs : 0;
  if (count === 0 || ranMs > healthyRunMs) return { delayMs: 0, nextCount: 1 };
  return { delayMs: delayAfter(count, longestDelayMs), nextCount: count + 1 };
}

/**
 * Whether a running container that failed a probe may be replaced at once. The kubelet counts the wait from the end
 * of the one before it: one that lived longer than its wait is due, and the first one does not count as a crash.
 *
 * @param previous the one before it that ended, if there was one
 */
export function probeBackOff(
  running: ObservedContainer,
  previous: ObservedContainer | undefined,
  monotonicMs: number,
  longestDelayMs: number,
): { readonly isDue: boolean; readonly nextCount: number } {
  const count = countAnnotation(running.annotations, runtimeAnnotations.backOffCount);
  if (previous === undefined) return { isDue: true, nextCount: count };
  const sinceMs = monotonicMs - previous.endedAtMonotonicMs;
  if (sinceMs > healthyRunMs) return { isDue: true, nextCount: 1 };
  return { isDue: count === 0 || sinceMs >= delayAfter(count, longestDelayMs), nextCount: count + 1 };
}

function delayAfter(count: number, longestDelayMs: number): number {
  return Math.min(firstDelayMs * 2 ** Math.min(count - 1, 30), longestDelayMs);
}
