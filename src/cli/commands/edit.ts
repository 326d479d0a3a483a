/** `eli edit`: objects in the person's editor, and back. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { type EditItem, editObjects } from '../editing/edit-objects.ts';
import { kindName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';

export interface EditFlags extends SelectionFlags {
  readonly outputPatch?: boolean;
  readonly fieldManager?: string;
}

/** Edits what arguments or manifests name, all in one file; resolves with the exit code. */
export async function runEdit(args: readonly string[], flags: EditFlags, context: CommandContext): Promise<number> {
  const format = context.flags.output ?? 'yaml';
  if (format !== 'yaml' && format !== 'json') {
    throw new UsageError("The flag 'output' must be one of yaml|json");
  }
  const session = await context.session();
  // As kubectl: a type alone is all of it.
  const isTypeOnly = args.length === 1 && !args[0]?.includes('/') && flags.selector === undefined;
  const selected = await selectObjects(args, isTypeOnly ? { ...flags, all: true } : flags, 'edit', context);
  const items: EditItem[] = [];
  for (const one of selected) {
    const object = await session.client.get<KubeObject>(one.kind, selectedKey(one), context.signal);
    items.push({ kind: one.kind, object });
  }
  if (items.length === 0) throw new UsageError('edit cancelled, no objects found');
  return await editObjects(
    items,
    {
      format,
      fieldManager: flags.fieldManager ?? 'eli-edit',
      outputPatch: flags.outputPatch ?? false,
      print: ({ kind, object }, result) => context.print(`${kindName(kind)}/${object.metadata.name} ${result}\n`),
    },
    context,
  );
}
