/** `eli run`: a container on the device as if it ran here: its output, its input, its signals, its exit code. */
import { hostname } from 'node:os';
import { normalizeImageReference } from '../../api/image-reference.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { ownName } from '../pairing/own-name.ts';
import { builtinResource } from '../resources/builtin-resources.ts';
import { computeState, exitCodes, type RunState } from '../run/compute-state.ts';
import { runForeground } from '../run/foreground.ts';
import { createLease, keepLease } from '../run/lease-keeper.ts';
import { letGo } from '../run/let-go.ts';
import { planRun, type RunPlan } from '../run/plan-run.ts';
import { PodWatch } from '../run/pod-watch.ts';
import { showPull } from '../run/pull-progress.ts';
import { removePod } from '../run/remove-pod.ts';
import type { RunFlags } from '../run/run-flags.ts';
import { isConnectionLost, throughLosses } from '../run/through-losses.ts';
import { UsageError } from '../usage-error.ts';
import { createWritePrinter } from './write-result.ts';

/** Resolves with the exit code of the command; 125 when it could not be run, 126 and 127 as a shell. */
export async function runRun(
  image: string,
  command: readonly string[],
  flags: RunFlags,
  context: CommandContext,
): Promise<number> {
  try {
    return await run(await planRun(image, command, flags, context), context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof UsageError) && !isStatusError(error)) throw error;
    const { transport, namespace = 'default' } = context.opened ?? {};
    context.note(describeFailure(error, { device: transport?.address, namespace }));
    return exitCodes.failed;
  }
}

async function run(plan: RunPlan, context: CommandContext): Promise<number> {
  const { client, transport } = await context.session();
  const kind = builtinResource('pods');
  const print = createWritePrinter(context, plan.dryRun);
  if (plan.dryRun === 'client') {
    await print(kind, plan.pod, 'created');
    return 0;
  }
  const pod = await createPod(plan, context);
  if (plan.dryRun === 'server') {
    await print(kind, pod, 'created');
    return 0;
  }
  const over = new AbortController();
  const caring = new AbortController();
  const started: StartedRun = {
    pod,
    watch: new PodWatch(pod, plan.foreground.patienceMs),
    stays: false,
    release: async () => {
      caring.abort();
      started.stays = true;
      await letGo(pod, context);
    },
  };
  const following = started.watch.run(context, AbortSignal.any([context.signal, over.signal]));
  try {
    if (plan.lease !== undefined) {
      const wish = { ...plan.lease, pod, holder: ownName(context.io.env, hostname()) };
      const deps = { client, clock: context.io.clock, closeIdle: () => transport.closeIdle() };
      const endurance = { clock: context.io.clock, signal: context.signal, patienceMs: plan.foreground.patienceMs };
      await throughLosses(endurance, () => createLease(deps, wish)).catch((error: unknown) => {
        // The answer of an earlier try was lost.
        if (!isStatusError(error, 'AlreadyExists')) throw error;
      });
      void keepLease(deps, wish, AbortSignal.any([over.signal, caring.signal]));
    }
    const exitCode = await start(plan, started, context);
    if (plan.detach && exitCode === 0) await print(kind, pod, 'created');
    return exitCode;
  } catch (error) {
    if (isConnectionLost(error) && !context.signal.aborted) leaveToDevice(plan, started, context);
    throw error;
  } finally {
    if (!started.stays) await removePod(pod, started.watch, context);
    over.abort();
    await following;
  }
}

/** A pod that was made, and what is to become of it. */
interface StartedRun {
  readonly pod: Pod;
  readonly watch: PodWatch;
  /** Whether it stays when we end. */
  stays: boolean;
  /** Lets it stay, whatever becomes of us. */
  readonly release: () => Promise<void>;
}

/** What cannot be reached is not deleted either: it goes on, or its lease lapses. */
function leaveToDevice({ lease }: RunPlan, started: StartedRun, context: CommandContext): void {
  const { name } = started.pod.metadata;
  const isHeldByLease = lease !== undefined && !started.stays;
  started.stays = true;
  context.note(
    isHeldByLease
      ? `lost ${name}: the device deletes it when it has seen no renewal of its lease for ${lease.durationMs / 1_000} s`
      : `lost ${name}, which stays: "eli attach ${name}" joins it again, "eli delete pod ${name}" ends it`,
  );
}

async function createPod({ pod, dryRun }: RunPlan, context: CommandContext): Promise<Pod> {
  const { client } = await context.session();
  const { name } = pod.metadata;
  try {
    return await client.create<Pod>(pods, pod, { fieldManager: 'eli-run', dryRun: dryRun === 'server' });
  } catch (cause) {
    if (!isStatusError(cause, 'AlreadyExists')) throw cause;
    throw new UsageError(
      `a pod named "${name}" exists already`,
      `remove it with "eli delete pod ${name}", or run under another --name`,
      { cause },
    );
  }
}

/** Waits until the container runs, then looks at it; resolves with the exit code. */
async function start(plan: RunPlan, started: StartedRun, context: CommandContext): Promise<number> {
  const { pod, watch, release } = started;
  const { name } = pod.metadata;
  const [container] = pod.spec.containers;
  const state = await untilStarted(container?.image ?? '', watch, context);
  if (state.kind === 'Failed') {
    context.note(`error: ${name} was not started: ${state.message}`);
    return state.exitCode;
  }
  if (state.kind === 'Gone') {
    context.note(`error: ${name} was deleted before it started`);
    return exitCodes.failed;
  }
  if (plan.detach) {
    // It never hung on us.
    started.stays = true;
    return 0;
  }
  const wish = { ...plan.foreground, pod, container: container?.name ?? '', release };
  const end = await runForeground(wish, watch, context);
  if (end.kind === 'Detached') {
    if (wish.isRemoved) await release();
    context.note(
      `\nleft ${name}, which runs on: "eli attach -it ${name}" joins it again, "eli delete pod ${name}" ends it`,
    );
  }
  return end.exitCode;
}

/** Shows meanwhile how far the image is. */
async function untilStarted(image: string, watch: PodWatch, context: CommandContext): Promise<RunState> {
  const started = new AbortController();
  const activity = context.terminal.begin(`waiting for ${image} to start`);
  const stopping = AbortSignal.any([context.signal, started.signal]);
  const shown = showPull(normalizeImageReference(image), activity, context, stopping);
  try {
    return await watch.until((pod) => {
      const state = computeState(pod);
      return state.kind === 'Waiting' ? undefined : state;
    });
  } finally {
    started.abort();
    activity.end();
    await shown;
  }
}
