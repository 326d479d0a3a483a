/** `eli replace -f`: objects that exist become what the manifests say, and nothing of what they were. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { type ManifestFlags, readManifests } from '../manifests/read-manifests.ts';
import { address, createWritePrinter, forEach, inContext, keyOf, parseDryRun } from './write-result.ts';

export interface ReplaceFlags extends ManifestFlags {
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
}

/** Replaces every object of the manifests, going on after a failure; resolves with the exit code. */
export async function runReplace(flags: ReplaceFlags, context: CommandContext): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const manifests = await readManifests(flags, context, 'replace');
  const session = await context.session();
  const { client } = session;
  return await forEach(manifests, context, async (manifest) => {
    const addressed = await address(manifest, session, context);
    const { kind, object, source } = addressed;
    if (dryRun === 'client') return await print(kind, object, 'replaced');
    const options = { fieldManager: flags.fieldManager ?? 'eli-replace', dryRun: dryRun === 'server' };
    try {
      // A manifest that names no version means the present one.
      const { resourceVersion } = object.metadata.resourceVersion
        ? object.metadata
        : (await client.get<KubeObject>(kind, keyOf(object), context.signal)).metadata;
      const metadata = { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      await print(kind, await client.update<KubeObject>(kind, { ...object, metadata }, options), 'replaced');
    } catch (error) {
      throw inContext(`error when replacing "${source}"`, error, addressed);
    }
  });
}
