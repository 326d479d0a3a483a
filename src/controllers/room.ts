/** What the deployment controller needs of the scheduler. */
import type { Pod } from '../api/kinds/pod/types.ts';

export interface Room {
  /** Whether a pod that waits for room would get it if these others were gone. Changes nothing. */
  fitsWithout(pod: Pod, others: readonly Pod[]): boolean;
}
