/** `eli drain`: a device without pods, for example before it is repaired; `uncordon` takes pods again. */
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { pods as podsResource } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { computeDrain } from '../draining/compute-drain.ts';
import { parseDuration } from '../duration.ts';
import { wholeNumber } from '../whole-number.ts';
import { type CordonFlags, chooseNodes, cordonNodes } from './cordon.ts';
import { followObject, within } from './follow-object.ts';
import { listAll } from './get.ts';
import { type DryRun, forEach, parseDryRun } from './write-result.ts';

export interface DrainFlags extends CordonFlags {
  readonly force?: boolean;
  readonly ignoreDaemonsets?: boolean;
  readonly deleteEmptydirData?: boolean;
  readonly gracePeriod?: string;
  readonly timeout?: string;
  readonly podSelector?: string;
  readonly disableEviction?: boolean;
}

/** How long to wait when a disruption budget allows no more, as kubectl. */
const retryMs = 5_000;

interface Drain {
  readonly flags: DrainFlags;
  readonly dryRun: DryRun;
  readonly gracePeriodSeconds: number | undefined;
  readonly timeoutMs: number;
}

/** Cordons the nodes, then evicts their pods and waits until they are gone; resolves with the exit code. */
export async function runDrain(names: readonly string[], flags: DrainFlags, context: CommandContext): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  const timeoutMs = flags.timeout === undefined ? 0 : parseDuration(flags.timeout, '--timeout');
  const grace = wholeNumber(flags.gracePeriod, '--grace-period') ?? -1;
  const drain = { flags, dryRun, timeoutMs, gracePeriodSeconds: grace < 0 ? undefined : grace };
  const chosen = await chooseNodes('drain', names, flags, context);
  const cordoned = await cordonNodes('cordon', chosen, dryRun, context);
  if (cordoned !== 0) return cordoned;
  const pending: string[] = [];
  const reasons: string[] = [];
  for (const node of chosen) {
    const outcome = await drainNode(node, drain, context);
    if (outcome.isDrained) continue;
    pending.push(node.metadata.name ?? '');
    reasons.push(...outcome.reasons);
  }
  if (pending.length === 0) return 0;
  context.note(`There are pending nodes to be drained:\n${pending.map((name) => ` ${name}`).join('\n')}`);
  for (const reason of reasons) context.note(reason);
  return 1;
}

interface DrainOutcome {
  readonly isDrained: boolean;
  /** Why nothing was tried; what failed when it was tried has been said. */
  readonly reasons: readonly string[];
}

async function drainNode({ metadata }: Node, drain: Drain, context: CommandContext): Promise<DrainOutcome> {
  const { flags, dryRun } = drain;
  const name = metadata.name ?? '';
  const session = await context.session();
  const { podSelector: selector } = flags;
  const selection = { fieldSelector: `spec.nodeName=${name}`, ...(selector === undefined ? {} : { selector }) };
  const scope = { session, signal: context.signal, flags: selection };
  const found = (await listAll({ ...podsResource, kind: 'Pod' }, undefined, scope)) as unknown as readonly Pod[];
  const plan = computeDrain(found, {
    force: flags.force ?? false,
    ignoreDaemonSets: flags.ignoreDaemonsets ?? false,
    deleteEmptyDirData: flags.deleteEmptydirData ?? false,
  });
  if (plan.refusals.length > 0) {
    const why = plan.refusals.length === 1 ? plan.refusals[0] : `[${plan.refusals.join(', ')}]`;
    context.note(`error: unable to drain node "${name}" due to error: ${why}, continuing command...`);
    return { isDrained: false, reasons: plan.refusals };
  }
  if (plan.warnings.length > 0) context.note(`Warning: ${plan.warnings.join('; ')}`);
  const tooLate = `global timeout reached: ${flags.timeout}`;
  const exitCode = await within(drain.timeoutMs, tooLate, context, async (signal) => {
    const codes = await Promise.all(
      plan.pods.map((pod) => forEach([pod], context, (one) => takeOff(one, drain, context, signal))),
    );
    return Math.max(0, ...codes);
  });
  const suffix = dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
  if (exitCode === 0) await context.print(`node/${name} drained${suffix}\n`);
  return { isDrained: exitCode === 0, reasons: [] };
}

async function takeOff(pod: Pod, drain: Drain, context: CommandContext, signal: AbortSignal): Promise<void> {
  const { dryRun, flags } = drain;
  const { name = '', namespace = '', uid } = pod.metadata;
  const suffix = dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
  if (!flags.disableEviction || dryRun !== 'none') await context.print(`evicting pod ${namespace}/${name}${suffix}\n`);
  if (dryRun === 'client') return;
  await askUntilTaken(pod, drain, context, signal);
  if (dryRun === 'server') return;
  for await (const object of followObject({ kind: podsResource, namespace, name }, context, signal)) {
    if (object?.metadata.uid !== uid) break;
  }
  await context.print(`pod/${name} ${flags.disableEviction ? 'deleted' : 'evicted'}\n`);
}

/** Resolves when the pod is ending or gone; while a disruption budget forbids it, it is asked again. */
async function askUntilTaken(pod: Pod, drain: Drain, context: CommandContext, signal: AbortSignal): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  for (;;) {
    try {
      return await askOnce(pod, drain, context);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return;
      if (!isStatusError(error, 'TooManyRequests')) throw error;
      const again = `will retry after ${retryMs / 1000}s`;
      context.note(`error when evicting pods/"${name}" -n "${namespace}" (${again}): ${error.message}`);
      await context.io.clock.sleep(retryMs, signal);
      await context.print(`evicting pod ${namespace}/${name}\n`);
    }
  }
}

async function askOnce({ metadata }: Pod, drain: Drain, context: CommandContext): Promise<void> {
  const { client } = await context.session();
  const { name = '', namespace = '', uid = '' } = metadata;
  const grace = drain.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: drain.gracePeriodSeconds };
  const dryRun = drain.dryRun === 'server';
  if (drain.flags.disableEviction) {
    await client.delete(podsResource, { namespace, name }, { ...grace, preconditions: { uid }, dryRun });
    return;
  }
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { ...grace, preconditions: { uid }, ...(dryRun ? { dryRun: ['All'] } : {}) },
  };
  await client.create<KubeObject>(podsResource, eviction, { subresource: 'eviction', dryRun });
}
