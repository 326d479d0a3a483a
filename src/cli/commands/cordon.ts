/** `eli cordon` and `uncordon`: whether a device takes new pods. */
import type { Node } from '../../api/kinds/node.ts';
import type { KubeObject } from '../../api/meta.ts';
import { nodes } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { listAll } from './get.ts';
import { type DryRun, forEach, parseDryRun } from './write-result.ts';

export interface CordonFlags {
  readonly selector?: string;
  readonly dryRun?: string | boolean;
}

const suffixes: Readonly<Record<DryRun, string>> = {
  none: '',
  client: ' (dry run)',
  server: ' (server dry run)',
};

/** Changes the nodes that are named or selected; resolves with the exit code. */
export async function runCordon(
  verb: 'cordon' | 'uncordon',
  names: readonly string[],
  flags: CordonFlags,
  context: CommandContext,
): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  return await cordonNodes(verb, await chooseNodes(verb, names, flags, context), dryRun, context);
}

/** Marks the nodes, and says what was done; resolves with the exit code. */
export async function cordonNodes(
  verb: 'cordon' | 'uncordon',
  chosen: readonly Node[],
  dryRun: DryRun,
  context: CommandContext,
): Promise<number> {
  const { client } = await context.session();
  return await forEach(chosen, context, async (node) => {
    const { name = '' } = node.metadata;
    const unschedulable = verb === 'cordon';
    const isSo = (node.spec?.unschedulable ?? false) === unschedulable;
    if (!isSo && dryRun !== 'client') {
      // Without the field, as it was before the first time.
      const patch = { spec: { unschedulable: unschedulable || null } };
      const options = { fieldManager: `eli-${verb}`, dryRun: dryRun === 'server' };
      await client.patch<KubeObject>(nodes, { name }, 'strategic', patch, options);
    }
    await context.print(`node/${name} ${isSo ? 'already ' : ''}${verb}ed${suffixes[dryRun]}\n`);
  });
}

/**
 * The nodes that are named or selected.
 *
 * @throws UsageError when none or too much is said, StatusError NotFound before anything is changed
 */
export async function chooseNodes(
  verb: string,
  names: readonly string[],
  { selector }: CordonFlags,
  context: CommandContext,
): Promise<readonly Node[]> {
  const session = await context.session();
  if (selector === undefined) {
    if (names.length === 0) throw new UsageError(`USAGE: ${verb} NODE [flags]`, '"eli get nodes" shows the name');
    const keys = names.map((name) => ({ name: name.replace(/^(?:no|nodes?)\//, '') }));
    return await Promise.all(keys.map((key) => session.client.get<Node>(nodes, key, context.signal)));
  }
  if (names.length > 0) throw new UsageError('cannot specify both a node name and a --selector option');
  const scope = { session, signal: context.signal, flags: { selector } };
  return (await listAll({ ...nodes, kind: 'Node' }, undefined, scope)) as unknown as readonly Node[];
}
