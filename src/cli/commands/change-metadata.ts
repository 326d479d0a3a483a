/** `eli label` and `eli annotate`: change one map of the metadata, or list it. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import {
  computeChanged,
  computeMetadataPatch,
  computeOverwrite,
  type MetadataChange,
  type MetadataField,
  parseMetadataChange,
  resultOf,
  splitArgs,
} from './metadata-change.ts';
import { isOneByName, type Selected, type SelectionFlags, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, keyOf, parseDryRun } from './write-result.ts';

export interface ChangeMetadataFlags extends SelectionFlags {
  readonly overwrite?: boolean;
  readonly list?: boolean;
  readonly resourceVersion?: string;
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
}

const verbs: Readonly<Record<MetadataField, string>> = { labels: 'label', annotations: 'annotate' };

/** Changes what arguments or manifests name; resolves with the exit code. */
export async function runChangeMetadata(
  field: MetadataField,
  args: readonly string[],
  flags: ChangeMetadataFlags,
  context: CommandContext,
): Promise<number> {
  const verb = verbs[field];
  const { resources, pairs } = splitArgs(args, field);
  if (flags.list) {
    if (pairs.length > 0) throw new UsageError(`when specifying --list, no ${field} changes are allowed`);
    return await list(field, resources, flags, context);
  }
  const change = parseMetadataChange(pairs, field);
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  if (flags.resourceVersion !== undefined && !isOneByName(resources, flags)) {
    throw new UsageError('--resource-version may only be used with a single resource');
  }
  const selected = await selectObjects(resources, flags, verb, context);
  const { client } = await context.session();
  return await forEach(
    selected,
    context,
    async (one) => {
      const object = await fetch(one, context);
      const inTheWay = flags.overwrite ? undefined : computeOverwrite(object, change);
      if (inTheWay !== undefined) throw new UsageError(inTheWay, `eli ${verb} --overwrite replaces it`);
      for (const key of missing(object, change)) await context.print(`label "${key}" not found.\n`);
      const result = resultOf(object, change);
      if (dryRun === 'client') return await print(one.kind, computeChanged(object, change), result);
      const patch = computeMetadataPatch(change, flags.resourceVersion);
      const fieldManager = flags.fieldManager ?? `eli-${verb}`;
      const options = { fieldManager, dryRun: dryRun === 'server' };
      await print(one.kind, await client.patch(one.kind, keyOf(object), 'merge', patch, options), result);
    },
    'writing',
  );
}

/** Labels that are to be removed and are not there; of annotations kubectl does not say it. */
function missing(object: KubeObject, { field, remove }: MetadataChange): readonly string[] {
  return field === 'labels' ? remove.filter((key) => !Object.hasOwn(object.metadata.labels ?? {}, key)) : [];
}

async function list(
  field: MetadataField,
  resources: readonly string[],
  flags: ChangeMetadataFlags,
  context: CommandContext,
): Promise<number> {
  const one = isOneByName(resources, flags);
  const selected = await selectObjects(resources, flags, verbs[field], context);
  return await forEach(selected, context, async (item) => {
    const entries = Object.entries((await fetch(item, context)).metadata[field] ?? {});
    if (!one) context.note(`Listing ${field} for ${item.kind.kind}.${item.kind.group}/${item.name}:`);
    await context.print(entries.map(([key, value]) => `${one ? '' : ' '}${key}=${value}\n`).join(''));
  });
}

async function fetch({ kind, namespace, name }: Selected, context: CommandContext): Promise<KubeObject> {
  const { client } = await context.session();
  return await client.get(kind, namespace === undefined ? { name } : { namespace, name }, context.signal);
}
