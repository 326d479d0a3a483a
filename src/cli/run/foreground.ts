/**
 * A run that is looked at: joins the streams of the container, passes signals on, and tells how it ended (docs/adr/0038).
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { within } from '../commands/follow-object.ts';
import type { CommandContext } from '../context.ts';
import { computeState, type RunState } from './compute-state.ts';
import { type JoinWish, joinContainer } from './join-container.ts';
import type { PodWatch } from './pod-watch.ts';
import { createSignalProxy } from './signals.ts';
import { throughLosses } from './through-losses.ts';

export interface ForegroundWish extends JoinWish {
  /** Whether signals go to the container; else they end eli. */
  readonly sigProxy: boolean;
  /** Whether the pod goes when it has ended or nobody cares for it. */
  readonly isRemoved: boolean;
  /** Lets it stay, whatever becomes of us. */
  readonly release: () => Promise<void>;
}

/** How it came out. `GivenUp`: the program did not listen to signals, and the person had enough. */
export interface ForegroundEnd {
  readonly kind: 'Ended' | 'Detached' | 'GivenUp';
  /** For eli to end with. */
  readonly exitCode: number;
}

/** Longest wait for the status of a container whose streams have ended. */
const statusWithinMs = 30_000;
/** Of a container that was deleted before anybody saw how it ended: as if it had been killed. */
const killedExitCode = 137;

/**
 * Joins a container that runs, until it ends or is left.
 *
 * @throws StatusError when the connection is lost for too long
 */
export async function runForeground(
  wish: ForegroundWish,
  watch: PodWatch,
  context: CommandContext,
): Promise<ForegroundEnd> {
  const left = Promise.withResolvers<ForegroundEnd>();
  const leave = new AbortController();
  const leaveBy = (end: ForegroundEnd): void => {
    left.resolve(end);
    leave.abort(end);
  };
  const releaseSignals = wish.sigProxy ? await proxySignals(wish, context, leaveBy) : () => {};
  // From the start: a pod that is deleted is not there for long once it has ended.
  const ending = watch.until(endOf);
  ending.catch(() => {});
  try {
    if (!wish.isRemoved) {
      const { clock } = context.io;
      const endurance = { clock, signal: context.signal, patienceMs: wish.patienceMs };
      await throughLosses(endurance, () => wish.release());
    }
    const onDetach = (): void => leaveBy({ kind: 'Detached', exitCode: 0 });
    const joined = joinContainer(wish, { watch, context, ending, onDetach, left: leave.signal }).then(() =>
      exitCodeOf(wish, ending, context),
    );
    return await Promise.race([left.promise, joined.then((exitCode) => ({ kind: 'Ended', exitCode }) as const)]);
  } finally {
    releaseSignals();
    leave.abort();
  }
}

async function proxySignals(
  { pod, container, tty }: ForegroundWish,
  context: CommandContext,
  leaveBy: (end: ForegroundEnd) => void,
): Promise<() => void> {
  const { client } = await context.session();
  const { namespace = '', name = '' } = pod.metadata;
  const proxy = createSignalProxy(
    {
      client,
      onImpatience: (signal) => leaveBy({ kind: 'GivenUp', exitCode: signal === 'SIGINT' ? 130 : 143 }),
      onFailure: (signal, error) => {
        // It ended first.
        if (isStatusError(error, 'NotFound')) return;
        context.note(
          `${signal} did not reach the container: ${error instanceof Error ? error.message : String(error)}`,
        );
      },
    },
    { namespace, pod: name, container },
  );
  return context.captureSignals((signal) => {
    // A terminal tells its program by itself that its size has changed.
    if (!(tty && signal === 'SIGWINCH')) proxy(signal);
  });
}

/** Nothing of the container runs any more. */
type RunEnd = Exclude<RunState, { readonly kind: 'Waiting' | 'Running' }>;

function endOf(pod: Pod | undefined): RunEnd | undefined {
  const state = computeState(pod);
  return state.kind === 'Waiting' || state.kind === 'Running' ? undefined : state;
}

async function exitCodeOf({ pod }: ForegroundWish, ending: Promise<RunEnd>, context: CommandContext): Promise<number> {
  const tooLate = `the device did not tell within ${statusWithinMs / 1_000} s how the container has ended`;
  const end = await within(statusWithinMs, tooLate, context, (signal) => untilAborted(ending, signal));
  switch (end.kind) {
    case 'Ended':
      return end.exitCode;
    case 'Failed':
      throw new StatusError('InternalError', end.message);
    default:
      context.note(`${pod.metadata.name} was deleted meanwhile`);
      return killedExitCode;
  }
}
