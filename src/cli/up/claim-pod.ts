/** Makes the pod of a session; when another one has its name, as far as that may be. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { ownerAnnotation, takenOverAnnotation } from '../../api/run-annotations.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { followObject, within } from '../commands/follow-object.ts';
import type { CommandContext } from '../context.ts';
import { builtinResource } from '../resources/builtin-resources.ts';
import { UsageError } from '../usage-error.ts';
import { type Claim, computeClaim } from './compute-claim.ts';
import type { UpPlan } from './plan-up.ts';
import type { UpReport } from './up-report.ts';

/** Under which the API knows what `eli up` writes. */
export const fieldManager = 'eli-up';

/** Longest wait for the end of the pod before. */
const goneWithinMs = 60_000;
/** Of somebody who was told that it ends. */
const graceSeconds = 2;
/** Somebody may be as fast as we are. */
const tries = 3;

/** @throws UsageError when the name belongs to somebody else now */
export async function checkClaim(plan: UpPlan, context: CommandContext): Promise<void> {
  const existing = await find(plan, context);
  const claim = existing && claimOf(existing, plan, context);
  if (claim?.kind === 'Refuse') throw new UsageError(claim.message, claim.hint);
}

/** @throws UsageError when the name belongs to somebody else */
export async function claimPod(plan: UpPlan, report: UpReport, context: CommandContext): Promise<Pod> {
  const { client } = await context.session();
  for (let left = tries; ; left -= 1) {
    try {
      // Waited for whatever happens: what was made is known, and can be removed.
      return await client.create<Pod>(pods, plan.pod, { fieldManager });
    } catch (error) {
      if (!isStatusError(error, 'AlreadyExists') || left === 0) throw error;
    }
    const existing = await find(plan, context);
    if (existing !== undefined) await end(existing, plan, report, context);
  }
}

/** Who has the name of a pod that was ours; undefined when nobody has. Fails with nothing: it is for people. */
export async function newOwnerOf(pod: Pod, plan: UpPlan, context: CommandContext): Promise<string | undefined> {
  const now = await find(plan, context).catch(() => undefined);
  return now?.metadata.uid === pod.metadata.uid ? undefined : now?.metadata.annotations?.[ownerAnnotation];
}

async function find({ pod }: UpPlan, context: CommandContext): Promise<Pod | undefined> {
  const { client } = await context.session();
  const { namespace = '', name = '' } = pod.metadata;
  return await client.get<Pod>(pods, { namespace, name }, context.signal).catch((error: unknown) => {
    if (!isStatusError(error, 'NotFound')) throw error;
    return undefined;
  });
}

function claimOf(existing: Pod, { owner, machine, takeOver }: UpPlan, { io }: CommandContext): Claim {
  return computeClaim(existing, { owner, machine, takeOver, isRunning: (process) => io.processes.isRunning(process) });
}

/** Ends the pod of another session, which is told by whom. */
async function end(existing: Pod, plan: UpPlan, report: UpReport, context: CommandContext): Promise<void> {
  const { client } = await context.session();
  const claim = claimOf(existing, plan, context);
  if (claim.kind === 'Refuse') throw new UsageError(claim.message, claim.hint);
  report.tell('info', claim.note);
  const { namespace = '', name = '', uid = '' } = existing.metadata;
  const metadata = { uid, annotations: { [takenOverAnnotation]: plan.owner } };
  try {
    await client.patch(pods, { namespace, name }, 'merge', { metadata }, { fieldManager }, context.signal);
    const options = { gracePeriodSeconds: graceSeconds, preconditions: { uid } };
    await client.delete(pods, { namespace, name }, options);
  } catch (error) {
    // It has ended meanwhile, or another one has its name: that is looked at next.
    if (!isStatusError(error, 'NotFound', 'Conflict', 'Invalid')) throw error;
    return;
  }
  const late = `${name} did not end within ${goneWithinMs / 1_000} s`;
  await context.terminal.during(`waiting for the end of ${name}`, () =>
    within(goneWithinMs, late, context, async (signal) => {
      const pod = { kind: builtinResource('pods'), namespace, name };
      for await (const object of followObject(pod, context, signal)) if (object?.metadata.uid !== uid) return;
    }),
  );
}
