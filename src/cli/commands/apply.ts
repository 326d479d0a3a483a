/** `eli apply -f`: makes objects as the manifests say, and leaves alone what others have set. */

import { lastAppliedAnnotation, readLastApplied, withLastApplied } from '../../api/last-applied.ts';
import type { KubeObject } from '../../api/meta.ts';
import { findKindByName } from '../../api/scheme.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { threeWayPatch } from '../apply/three-way-patch.ts';
import type { CommandContext } from '../context.ts';
import { type ManifestFlags, readManifests } from '../manifests/read-manifests.ts';
import { resourceName } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';
import {
  type Addressed,
  address,
  createWritePrinter,
  type DryRun,
  forEach,
  inContext,
  keyOf,
  parseDryRun,
} from './write-result.ts';

export interface ApplyFlags extends ManifestFlags {
  readonly dryRun?: string | boolean;
  readonly serverSide?: boolean;
  readonly forceConflicts?: boolean;
  /** True, or the archive that holds the images. */
  readonly push?: string | boolean;
}

/** Apart from the names of `kubectl apply`, so that managedFields say who it was. */
const fieldManager = 'eli-client-side-apply';
const serverSideManager = 'eli';
/** How often an object that somebody changes at the same moment is read again. */
const maxTries = 5;

interface Applied {
  readonly object: KubeObject;
  readonly verb: 'created' | 'configured' | 'unchanged' | 'serverside-applied';
}

/** Applies every object of the manifests, going on after a failure; resolves with the exit code. */
export async function runApply(flags: ApplyFlags, context: CommandContext): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  if (flags.serverSide && dryRun === 'client') {
    throw new UsageError("--dry-run=client doesn't work with --server-side", 'did you mean --dry-run=server?');
  }
  if (flags.forceConflicts && !flags.serverSide) {
    throw new UsageError('--force-conflicts only works with --server-side');
  }
  const print = createWritePrinter(context, dryRun);
  const manifests = await readManifests(flags, context, 'apply');
  const session = await context.session();
  if (flags.push !== undefined && dryRun === 'none') {
    const { pushWanted } = await import('../push/push-wanted.ts');
    const archive = typeof flags.push === 'string' ? flags.push : undefined;
    await pushWanted(
      manifests.map(({ object }) => object),
      archive,
      context,
    );
  }
  return await forEach(
    manifests,
    context,
    async (manifest) => {
      const addressed = await address(manifest, session, context);
      if (!addressed.object.metadata.name) {
        throw new UsageError(
          `${manifest.source}: apply needs metadata.name`,
          'generateName works with "eli create -f"',
        );
      }
      const applied = flags.serverSide
        ? await applyOnServer(addressed, dryRun, flags.forceConflicts ?? false, session)
        : await applyOne(addressed, dryRun, session, context);
      await print(addressed.kind, applied.object, applied.verb);
    },
    'applying',
  );
}

async function applyOnServer(addressed: Addressed, dryRun: DryRun, force: boolean, session: Session): Promise<Applied> {
  const { kind, object } = addressed;
  const options = { fieldManager: serverSideManager, dryRun: dryRun === 'server', force };
  try {
    const applied = await session.client.patch(kind, keyOf(object), 'apply', object, options);
    return { object: applied, verb: 'serverside-applied' };
  } catch (error) {
    throw inContext(`error when applying "${addressed.source}"`, error, addressed);
  }
}

/** Makes one object as its manifest says, whoever changes it meanwhile. Errors say what was applied. */
export async function applyOne(
  addressed: Addressed,
  dryRun: DryRun,
  session: Session,
  context: CommandContext,
): Promise<Applied> {
  for (let tries = 1; ; tries++) {
    try {
      return await applyOnce(addressed, dryRun, session, context);
    } catch (error) {
      if (tries >= maxTries || !mayPass(error))
        throw inContext(`error when applying "${addressed.source}"`, error, addressed);
    }
  }
}

/** Made, changed or deleted by somebody else between our look and our write: look again. */
function mayPass(error: unknown): boolean {
  if (isStatusError(error, 'Conflict', 'AlreadyExists')) return true;
  // A missing namespace will not appear by trying.
  return isStatusError(error, 'NotFound') && error.details?.kind !== 'namespaces';
}

async function applyOnce(
  { kind, object }: Addressed,
  dryRun: DryRun,
  session: Session,
  context: CommandContext,
): Promise<Applied> {
  const modified = withLastApplied(object);
  const options = { fieldManager, dryRun: dryRun === 'server' };
  const current = await find({ kind, object }, session, context);
  if (current === undefined) {
    const created = dryRun === 'client' ? modified : await session.client.create(kind, modified, options);
    return { object: created, verb: 'created' };
  }
  if (current.metadata.annotations?.[lastAppliedAnnotation] === undefined) {
    context.note(
      `Warning: resource ${resourceName(kind)}/${object.metadata.name} is missing the ${lastAppliedAnnotation} annotation ` +
        'which is required by apply. It will be added now; fields that were set otherwise are not removed.',
    );
  }
  const type = findKindByName(object.apiVersion, object.kind)?.fields;
  const patch = threeWayPatch(type, { original: readLastApplied(current), modified, current });
  if (Object.keys(patch).length === 0) return { object: current, verb: 'unchanged' };
  if (dryRun === 'client') return { object: current, verb: 'configured' };
  const patched = await session.client.patch(
    kind,
    keyOf(object),
    type === undefined ? 'merge' : 'strategic',
    patch,
    options,
  );
  // What we wrote differently may mean the same to the server (`0.5` and `500m`): then nothing has changed.
  const same = dryRun === 'none' && patched.metadata.resourceVersion === current.metadata.resourceVersion;
  return { object: patched, verb: same ? 'unchanged' : 'configured' };
}

async function find(
  addressed: Pick<Addressed, 'kind' | 'object'>,
  session: Session,
  context: CommandContext,
): Promise<KubeObject | undefined> {
  try {
    return await session.client.get(addressed.kind, keyOf(addressed.object), context.signal);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}
