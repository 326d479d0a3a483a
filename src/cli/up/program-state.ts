/** What the status of a session's pod means to whoever runs its program again and again. Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { takenOverAnnotation } from '../../api/run-annotations.ts';
import { computeState } from '../run/compute-state.ts';

/** One run of the program; `id` tells it from those before and after. */
export interface ProgramRun {
  readonly id: string;
  /** As the status counts them. */
  readonly restartCount: number;
}

/** What is known of the run that was asked for last. */
export type ProgramState =
  /** It will start. */
  | { readonly kind: 'Waiting' }
  | ({ readonly kind: 'Running' } & ProgramRun)
  | ({
      readonly kind: 'Ended';
      readonly exitCode: number;
      readonly reason: string;
      readonly message: string;
    } & ProgramRun)
  /** It could not be started, and will not be unless something is changed; without an id when not even a container was made. */
  | ({ readonly kind: 'Failed'; readonly message: string } & ProgramRun)
  /** The pod itself is gone or has been given up. */
  | { readonly kind: 'Gone'; readonly why: string };

/** @param pod undefined when there is none of that name any more */
export function computeProgramState(pod: Pod | undefined): ProgramState {
  const by = pod?.metadata.annotations?.[takenOverAnnotation];
  if (by !== undefined) return { kind: 'Gone', why: `${by} has taken it over` };
  if (pod?.metadata.deletionTimestamp !== undefined) return { kind: 'Gone', why: 'it is being deleted' };
  const [status] = pod?.status.containerStatuses ?? [];
  const run = { id: status?.containerID ?? '', restartCount: status?.restartCount ?? 0 };
  const state = computeState(pod === undefined ? undefined : withoutPast(pod));
  switch (state.kind) {
    case 'Gone':
      return { kind: 'Gone', why: 'it was deleted' };
    case 'Failed':
      // What has finished is not started again.
      return pod?.status.phase === 'Failed' || pod?.status.phase === 'Succeeded'
        ? { kind: 'Gone', why: state.message }
        : { ...run, kind: 'Failed', message: state.message, ...(status?.state?.terminated ? {} : { id: '' }) };
    case 'Waiting':
      return { kind: 'Waiting' };
    default:
      return { ...run, ...state };
  }
}

/** How runs before the present one ended is of no interest any longer. */
function withoutPast(pod: Pod): Pod {
  const statuses = (pod.status.containerStatuses ?? []).map((status) => ({ ...status, lastState: {} }));
  return { ...pod, status: { ...pod.status, containerStatuses: statuses } };
}
