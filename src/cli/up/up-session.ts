/**
 * A session of `eli up`: makes the pod, brings the files, lets the program begin, and follows every change until somebody ends
 * it (docs/adr/0049).
 */
import { normalizeImageReference } from '../../api/image-reference.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { CommandContext } from '../context.ts';
import { computeState, type RunState } from '../run/compute-state.ts';
import { createLease, keepLease } from '../run/lease-keeper.ts';
import { PodWatch } from '../run/pod-watch.ts';
import { showPull } from '../run/pull-progress.ts';
import { removePod } from '../run/remove-pod.ts';
import { isConnectionLost, throughLosses } from '../run/through-losses.ts';
import { Stopped } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import { ChangeCommand } from './change-command.ts';
import { checkClaim, claimPod, newOwnerOf } from './claim-pod.ts';
import { describeStartFailure } from './describe-start-failure.ts';
import { followChanges } from './follow-changes.ts';
import { forwardPorts } from './forward-ports.ts';
import { keepPod } from './keep-pod.ts';
import type { ProgramAge } from './patient-connection.ts';
import type { UpPlan } from './plan-up.ts';
import { programOutput } from './program-output.ts';
import { ProgramRuns } from './program-runs.ts';
import { computeProgramState } from './program-state.ts';
import { pushImageHere } from './push-image-here.ts';
import { type StartSync, startSyncs } from './start-syncs.ts';
import type { UpReport } from './up-report.ts';

/** Runs until Ctrl-C, or until the pod is ended by somebody else; resolves with the exit code. */
export async function runUpSession(
  plan: UpPlan,
  { report, startSync }: { readonly report: UpReport; readonly startSync: StartSync },
  context: CommandContext,
): Promise<number> {
  const { client, transport } = await context.session();
  const { clock } = context.io;
  const image = plan.pod.spec.containers[0]?.image ?? '';
  await pushImageHere(image, () => checkClaim(plan, context), report, context);
  const pod = await claimPod(plan, report, context);
  const over = new AbortController();
  const watch = new PodWatch(pod, plan.lease.durationMs);
  // Also when we are told to end: the end of the pod is seen.
  const following = watch.run(context, over.signal);
  let isOurs = true;
  try {
    const wish = { ...plan.lease, pod, holder: plan.owner };
    const endurance = { clock, signal: context.signal, patienceMs: plan.lease.durationMs };
    await throughLosses(endurance, () => createLease({ client, clock }, wish)).catch((error: unknown) => {
      // The answer of an earlier try was lost.
      if (!isStatusError(error, 'AlreadyExists')) throw error;
    });
    void keepLease({ client, clock, closeIdle: () => transport.closeIdle() }, wish, over.signal);
    const why = await work({ plan, pod, watch, report, startSync, context });
    isOurs = false;
    // Whoever was away has not seen who it was.
    const owner = await newOwnerOf(pod, plan, context);
    const what = owner === undefined ? why : `${owner} has taken it over`;
    context.note(`error: ${pod.metadata.name} is no longer yours: ${what}`);
    return 1;
  } catch (error) {
    // Whoever presses Ctrl-C has what he wanted.
    if (context.signal.reason instanceof Stopped && context.signal.reason.by === 'SIGINT') return 0;
    if (isConnectionLost(error) && !context.signal.aborted) {
      isOurs = false;
      context.note(leftBehind(plan));
    }
    throw error;
  } finally {
    report.end();
    if (isOurs) await (plan.keep ? keepPod(pod, context) : removePod(pod, watch, context));
    over.abort();
    await following;
  }
}

/** Who is told that something is gone may hear it of the stream first, and then of the pod. */
const saysWhyWithinMs = 2_000;

interface Work {
  readonly plan: UpPlan;
  readonly pod: Pod;
  readonly watch: PodWatch;
  readonly report: UpReport;
  readonly startSync: StartSync;
  readonly context: CommandContext;
}

/** Everything that is done while the pod is ours; resolves with why it no longer is. Rejects when that is the reason to end. */
async function work({ plan, pod, watch, report, startSync, context }: Work): Promise<string> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const lost = watch.until((now) => {
    const state = computeProgramState(now);
    return state.kind === 'Gone' ? state.why : undefined;
  });
  lost.catch(() => {});
  const tasks = session({ plan, pod, watch, report, startSync, context }, signal);
  tasks.catch(() => {});
  try {
    return await Promise.race([lost, tasks]);
  } catch (error) {
    // What fails because the pod is gone is not what has happened.
    context.signal.throwIfAborted();
    if (!isStatusError(error)) throw error;
    const late = context.io.clock.sleep(saysWhyWithinMs, context.signal).then(() => undefined);
    const why = await Promise.race([lost, late]).catch(() => undefined);
    if (why === undefined) throw error;
    return why;
  } finally {
    over.abort(new UsageError('the session has ended'));
    await tasks.catch(() => {});
  }
}

async function session({ plan, pod, watch, report, startSync, context }: Work, signal: AbortSignal): Promise<never> {
  const { namespace = '', name = '' } = pod.metadata;
  const [container] = pod.spec.containers;
  const state = await untilStarted(container?.image ?? '', watch, context, signal);
  if (state.kind === 'Failed') throw await describeStartFailure(container?.image ?? '', state.message, context);
  const { clock } = context.io;
  const { transport } = await context.session();
  const first = Promise.withResolvers<void>();
  let program: ProgramAge = { isYoung: true, begun: first.promise };
  const ports = await forwardPorts(plan.ports, { namespace, name }, () => program, context);
  const syncs = startSyncs(plan, pod, { transport, clock, report, startSync }, signal);
  try {
    const addresses = ports.ports.map(({ local }) => `http://localhost:${local}`);
    for (const { local, remote } of ports.ports) report.tell('info', `http://localhost:${local} -> port ${remote}`);
    report.tell('done', await context.terminal.during('syncing files', () => syncs.first));
    report.show({ addresses });
    report.begin();
    const output = programOutput(context);
    const { durationMs: patienceMs } = plan.lease;
    const runs = new ProgramRuns({ pod, watch, context, report, output, patienceMs, stopMs: plan.stopMs });
    program = runs;
    first.resolve(runs.begun);
    const command = new ChangeCommand({ pod, runs, output, report, context }, signal);
    const following = followChanges(syncs.changes, { onChange: plan.onChange, runs, command, report, clock }, signal);
    return await Promise.race([runs.run(signal), following.then(() => Promise.reject(ended()))]);
  } finally {
    await syncs.close();
    await ports.close();
  }
}

function ended(): StatusError {
  return new StatusError('InternalError', 'the files are no longer followed');
}

/** Shows meanwhile how far the image is. */
async function untilStarted(
  image: string,
  watch: PodWatch,
  context: CommandContext,
  signal: AbortSignal,
): Promise<RunState> {
  const started = new AbortController();
  const activity = context.terminal.begin(`waiting for ${image} to start`);
  const shown = showPull(normalizeImageReference(image), activity, context, AbortSignal.any([signal, started.signal]));
  try {
    const settled = watch.until((pod) => {
      const state = computeState(pod);
      return state.kind === 'Waiting' ? undefined : state;
    });
    return await untilAborted(settled, signal);
  } finally {
    started.abort();
    activity.end();
    await shown;
  }
}

/** What cannot be reached is not deleted either. */
function leftBehind({ pod, lease }: UpPlan): string {
  return `lost ${pod.metadata.name}: the device deletes it when it has seen no renewal of its lease for ${lease.durationMs / 1_000} s`;
}
