/** `eli node import`: makes on this device what was wanted of another. */
import type { KubeObject } from '../../api/meta.ts';
import { nodes, secrets } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { kindName, type ResourceKind } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { neededSecrets } from '../transfer/needed-secrets.ts';
import { patchForNode } from '../transfer/portable-node.ts';
import { applyOne } from './apply.ts';
import { findNode } from './find-node.ts';
import { address, createWritePrinter, type DryRun, forEach, parseDryRun } from './write-result.ts';

export interface NodeImportFlags {
  readonly dryRun?: string | boolean;
}

/**
 * Applies every object, going on after a failure; to be repeated at will. Resolves with the exit code.
 *
 * @param file as `eli node export` wrote it; `-` for stdin
 */
export async function runNodeImport(file: string, flags: NodeImportFlags, context: CommandContext): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const manifests = await readManifests({ filename: [file] }, context, 'import');
  const session = await context.session();
  const users = new Map<string, string>();
  const exitCode = await forEach(
    manifests,
    context,
    async (manifest) => {
      const addressed = await address(manifest, session, context);
      const { kind, object } = addressed;
      if (kind.kind === 'Node') {
        const merged = await mergeNode(object, dryRun, context);
        return await print(kind, merged.object, merged.verb);
      }
      const applied = await applyOne(addressed, dryRun, session, context);
      noteSecrets(users, kind, object);
      await print(kind, applied.object, applied.verb);
    },
    'importing',
  );
  await tellMissingSecrets(users, session, context);
  return exitCode;
}

/** What was said of the other device's node is said of this one's, whatever both are called. */
async function mergeNode(
  portable: KubeObject,
  dryRun: DryRun,
  context: CommandContext,
): Promise<{ readonly object: KubeObject; readonly verb: string }> {
  const node = await findNode(context);
  const patch = patchForNode(node, portable);
  if (patch === undefined) return { object: node, verb: 'unchanged' };
  if (dryRun === 'client') return { object: node, verb: 'configured' };
  const { client } = await context.session();
  const { name = '', resourceVersion } = node.metadata;
  const metadata = { ...(patch['metadata'] as object), resourceVersion };
  const options = { fieldManager: 'eli-import', dryRun: dryRun === 'server' };
  return { object: await client.patch(nodes, { name }, 'merge', { ...patch, metadata }, options), verb: 'configured' };
}

/** By namespace and name of a Secret, what needs it. */
function noteSecrets(users: Map<string, string>, kind: ResourceKind, object: KubeObject): void {
  const { name = '', namespace = '' } = object.metadata;
  for (const secret of neededSecrets(object)) users.set(`${namespace}/${secret}`, `${kindName(kind)}/${name}`);
}

async function tellMissingSecrets(
  users: ReadonlyMap<string, string>,
  session: Session,
  context: CommandContext,
): Promise<void> {
  for (const [key, user] of users) {
    const [namespace = '', name = ''] = key.split('/');
    try {
      await session.client.get(secrets, { namespace, name }, context.signal);
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
      context.note(
        `Warning: Secret "${name}" is missing in namespace "${namespace}": ${user} does not start without it`,
      );
    }
  }
}
