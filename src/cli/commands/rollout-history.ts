/** `eli rollout history`: the revisions that a Deployment can return to. */
import type { CommandContext } from '../context.ts';
import { Lines } from '../describe/lines.ts';
import { addPodTemplate } from '../describe/pod-template.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { alignTabs, describeTabs } from '../printers/tab-writer.ts';
import { kindName, resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { rolloutSelection } from './rollout-change.ts';
import { type Rolling, readRevisions } from './rollout-revisions.ts';
import { type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { forEach } from './write-result.ts';

export interface RolloutHistoryFlags extends SelectionFlags {
  readonly revision?: string;
}

/** What a person wrote about why a revision was made. */
const changeCause = 'kubernetes.io/change-cause';

/** Shows the revisions of the Deployments that arguments or manifests name; resolves with the exit code. */
export async function runRolloutHistory(
  args: readonly string[],
  flags: RolloutHistoryFlags,
  context: CommandContext,
): Promise<number> {
  const revision = parseRevision(flags.revision, '--revision');
  if (revision < 0) throw new UsageError(`revision must be a positive integer: ${revision}`);
  const format = parseOutputFormat(context.flags.output, ['table', 'name', 'json', 'yaml', 'jsonpath']);
  const print =
    format.kind === 'table' ? undefined : createObjectPrinter({ format, noHeaders: false, showManagedFields: false });
  const selected = await selectObjects(args, rolloutSelection(args, flags), 'history', context);
  return await forEach(selected, context, async (one) => {
    if (resourceName(one.kind) !== 'deployments.apps') {
      const { client } = await context.session();
      await client.get(one.kind, selectedKey(one), context.signal);
      throw new UsageError(`no history viewer has been implemented for "${kindWithGroup(one.kind)}"`);
    }
    const { revisions } = await readRevisions(selectedKey(one), context);
    if (print === undefined) {
      const which = revision > 0 ? `with revision #${revision}` : '';
      const text = computeHistory(revisions, revision);
      return await context.print(`${kindName(one.kind)}/${one.name} ${which}\n${text}\n`);
    }
    const shown = revision > 0 ? [findRevision(revisions, revision)] : [...revisions.values()];
    for (const set of shown) await context.print(await print(set));
  });
}

/** `ReplicaSet.apps`, as messages about kinds name one. */
export function kindWithGroup({ kind, group }: { readonly kind: string; readonly group: string }): string {
  return group === '' ? kind : `${kind}.${group}`;
}

/** @throws UsageError when it is no whole number */
export function parseRevision(text: string | undefined, flag: string): number {
  if (text === undefined) return 0;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new UsageError(`invalid argument "${text}" for "${flag}" flag: invalid syntax`);
  }
  return Number(text);
}

/**
 * The table of all revisions, or with a `revision` above 0 what its pods are.
 *
 * @throws UsageError in kubectl's words when there is no such revision
 */
export function computeHistory(revisions: ReadonlyMap<number, Rolling>, revision: number): string {
  if (revisions.size === 0) return 'No rollout history found.';
  if (revision > 0) {
    const set = findRevision(revisions, revision);
    const cause = set.metadata.annotations?.[changeCause];
    const { metadata = {}, spec } = set.spec.template;
    const annotations = { ...metadata.annotations, ...(cause ? { [changeCause]: cause } : {}) };
    return templateText({ metadata: { ...metadata, annotations }, spec });
  }
  const rows = [...revisions].map(([number, { metadata }]) => {
    return `${number}\t${metadata.annotations?.[changeCause] || '<none>'}\n`;
  });
  return alignTabs(`REVISION\tCHANGE-CAUSE\n${rows.join('')}`, describeTabs);
}

function findRevision(revisions: ReadonlyMap<number, Rolling>, revision: number): Rolling {
  const set = revisions.get(revision);
  if (set === undefined) throw new UsageError('unable to find the specified revision');
  return set;
}

/** As kubectl prints it here: its cells keep their tabs. */
export function templateText(template: Rolling['spec']['template']): string {
  const lines = new Lines();
  addPodTemplate(lines, template);
  return lines.toString();
}
