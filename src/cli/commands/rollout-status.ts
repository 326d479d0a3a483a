/** `eli rollout status`: how far a Deployment's new version has come, until it is there. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { kindName, resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { wholeNumber } from '../whole-number.ts';
import { followObject, within } from './follow-object.ts';
import { rolloutSelection } from './rollout-change.ts';
import { revisionAnnotation } from './rollout-revisions.ts';
import { type Selected, type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { forEach } from './write-result.ts';

export interface RolloutStatusFlags extends SelectionFlags {
  readonly watch?: boolean;
  readonly timeout?: string;
  readonly revision?: string;
}

/** As much of a Deployment as we look at. */
interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
  };
}

export interface RolloutProgress {
  readonly isDone: boolean;
  /** kubectl's sentence. */
  readonly message: string;
}

/** Follows the roll-outs that arguments or manifests name, one after the other; resolves with the exit code. */
export async function runRolloutStatus(
  args: readonly string[],
  flags: RolloutStatusFlags,
  context: CommandContext,
): Promise<number> {
  const timeoutMs = flags.timeout === undefined ? 0 : parseDuration(flags.timeout, '--timeout');
  const revision = wholeNumber(flags.revision, '--revision') ?? 0;
  if (revision < 0) throw new UsageError(`revision must be a positive integer: ${flags.revision}`);
  const selected = await selectObjects(args, rolloutSelection(args, flags), 'status', context);
  return await forEach(selected, context, (one) =>
    within(timeoutMs, 'timed out waiting for the condition', context, (signal) =>
      follow(one, revision, flags.watch ?? true, context, signal),
    ),
  );
}

async function follow(
  one: Selected,
  revision: number,
  isWatched: boolean,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  const { client } = await context.session();
  const key = selectedKey(one);
  // One that is missing is told apart from one that goes away meanwhile.
  const { kind } = await client.get<KubeObject>(one.kind, key, signal);
  if (resourceName(one.kind) !== 'deployments.apps') {
    throw new UsageError(`no status viewer has been implemented for ${kind}`);
  }
  let said = '';
  await context.terminal.during(`rolling out ${kindName(one.kind)}/${one.name}`, async () => {
    for await (const object of followObject(one, context, signal)) {
      if (object === undefined) throw new UsageError('object has been deleted');
      const { isDone, message } = computeRolloutProgress(object, revision);
      if (message !== said) await context.print(`${message}\n`);
      said = message;
      if (isDone || !isWatched) return;
    }
  });
}

/**
 * How far the roll-out of a Deployment is.
 *
 * @param revision the one it must be of; 0 = any
 * @throws UsageError in kubectl's words when it has failed or is of another revision
 */
export function computeRolloutProgress(deployment: Deployment, revision: number): RolloutProgress {
  const { metadata, spec, status = {} } = deployment;
  const running = Number(metadata.annotations?.[revisionAnnotation] ?? 0);
  if (revision > 0 && running !== revision) {
    throw new UsageError(`desired revision (${revision}) is different from the running revision (${running})`);
  }
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return { isDone: false, message: 'Waiting for deployment spec update to be observed...' };
  }
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    throw new UsageError(`deployment "${metadata.name}" exceeded its progress deadline`);
  }
  const waiting = (what: string): RolloutProgress => ({
    isDone: false,
    message: `Waiting for deployment "${metadata.name}" rollout to finish: ${what}...`,
  });
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const wanted = spec?.replicas ?? 0;
  if (updatedReplicas < wanted) {
    return waiting(`${updatedReplicas} out of ${wanted} new replicas have been updated`);
  }
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are pending termination`);
  if (availableReplicas < updatedReplicas) {
    return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  }
  return { isDone: true, message: `deployment "${metadata.name}" successfully rolled out` };
}
