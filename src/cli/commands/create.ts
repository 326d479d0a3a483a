/** `eli create -f`: makes objects that do not exist yet. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { type ManifestFlags, readManifests } from '../manifests/read-manifests.ts';
import { address, createWritePrinter, forEach, inContext, parseDryRun } from './write-result.ts';

export interface CreateFlags extends ManifestFlags {
  readonly dryRun?: string | boolean;
}

/** Creates every object of the manifests, going on after a failure; resolves with the exit code. */
export async function runCreate(flags: CreateFlags, context: CommandContext): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const manifests = await readManifests(flags, context, 'create');
  const session = await context.session();
  return await forEach(
    manifests,
    context,
    async (manifest) => {
      const addressed = await address(manifest, session, context);
      const { kind, object, source } = addressed;
      if (dryRun === 'client') {
        await print(kind, object, 'created');
        return;
      }
      const options = { fieldManager: 'eli-create', dryRun: dryRun === 'server' };
      let created: KubeObject;
      try {
        created = await session.client.create(kind, object, options);
      } catch (error) {
        throw inContext(`error when creating "${source}"`, error, addressed);
      }
      await print(kind, created, 'created');
    },
    'creating',
  );
}
