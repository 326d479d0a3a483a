/** Whether pods have been ready for long enough to count on them. */

import { readyCondition } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Ages } from './ages.ts';

/**
 * 0: available now. A number: available in so many milliseconds, if it stays ready. Undefined: it is not ready.
 */
export function availableInMs(pod: Pod, minReadySeconds: number, ages: Ages): number | undefined {
  const ready = readyCondition(pod);
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  const { lastTransitionTime } = ready;
  if (lastTransitionTime === undefined) return undefined;
  return Math.max(0, minReadySeconds * 1000 - ages.ageMs(pod.metadata.uid ?? '', lastTransitionTime));
}
