/** `eli patch`: changes a few fields of objects, without an editor or a manifest. */
import type { KubeObject } from '../../api/meta.ts';
import type { PatchType } from '../../api/object-client.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, parseDryRun } from './write-result.ts';

export interface PatchFlags extends SelectionFlags {
  readonly patch?: string;
  readonly patchFile?: string;
  readonly type?: string;
  readonly subresource?: string;
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
}

/** Patches what arguments or manifests name; resolves with the exit code. */
export async function runPatch(args: readonly string[], flags: PatchFlags, context: CommandContext): Promise<number> {
  const type = parseType(flags.type ?? 'strategic');
  const patch = await readPatch(flags, context);
  const dryRun = parseDryRun(flags.dryRun);
  // As kubectl: the line says the same whether it was kept or not.
  const print = createWritePrinter(context, 'none');
  const selected = await selectObjects(args, flags, 'patch', context);
  const { client } = await context.session();
  return await forEach(selected, context, async (one) => {
    const key = selectedKey(one);
    const before = await client.get<KubeObject>(one.kind, key, context.signal);
    const after = await client.patch<KubeObject>(one.kind, key, type, patch, {
      fieldManager: flags.fieldManager ?? 'eli-patch',
      // The device merges; with either kind of dry run it keeps nothing.
      dryRun: dryRun !== 'none',
      ...(flags.subresource === undefined ? {} : { subresource: flags.subresource }),
    });
    const isSame = dryRun === 'none' && before.metadata.resourceVersion === after.metadata.resourceVersion;
    await print(one.kind, after, `patched${isSame ? ' (no change)' : ''}`);
  });
}

function parseType(text: string): PatchType {
  if (text === 'json' || text === 'merge' || text === 'strategic') return text;
  throw new UsageError(`--type must be one of [json merge strategic], not ${JSON.stringify(text)}`);
}

/** The patch as a value; YAML is read too. */
async function readPatch({ patch, patchFile }: PatchFlags, context: CommandContext): Promise<unknown> {
  if (patch !== undefined && patchFile !== undefined) {
    throw new UsageError('cannot specify --patch and --patch-file together');
  }
  const text = patchFile === undefined ? patch : await readPatchFile(patchFile, context);
  if (text === undefined) {
    throw new UsageError(
      'must specify --patch or --patch-file containing the contents of the patch',
      `for example: eli patch deploy web -p '{"spec":{"replicas":2}}'`,
    );
  }
  const { parse } = await import('yaml');
  try {
    return parse(text) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new UsageError(`unable to parse ${JSON.stringify(text)}: ${why}`, undefined, { cause });
  }
}

async function readPatchFile(path: string, { io }: CommandContext): Promise<string> {
  try {
    return (await io.files.readFile(path)).toString('utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or directory' : message;
    throw new UsageError(`unable to read patch file: open ${path}: ${why}`, undefined, { cause });
  }
}
