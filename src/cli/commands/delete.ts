/** `eli delete`: ends objects, and waits until they are gone. */
import type { KubeObject } from '../../api/meta.ts';
import type { DeleteOptions } from '../../api/object-client.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { kindName } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';
import { type Selected, type SelectionFlags, selectObjects } from './select-objects.ts';
import { waitUntilGone } from './wait-until-gone.ts';
import { type DryRun, forEach, parseDryRun } from './write-result.ts';

export interface DeleteFlags extends SelectionFlags {
  readonly gracePeriod?: string;
  readonly now?: boolean;
  readonly force?: boolean;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly ignoreNotFound?: boolean;
  readonly cascade?: string;
  readonly dryRun?: string | boolean;
}

/** Deletes what arguments or manifests name; resolves with the exit code. */
export async function runDelete(args: readonly string[], flags: DeleteFlags, context: CommandContext): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  const options = deleteOptionsOf(flags, context);
  const onlyName = parseOutputFormat(context.flags.output, ['table', 'name']).kind === 'name';
  const timeoutMs = flags.timeout === undefined ? 0 : parseDuration(flags.timeout, '--timeout');
  const doomed = await selectObjects(args, flags, 'delete', context);
  const session = await context.session();
  if (doomed.length === 0) {
    await context.print('No resources found\n');
    return 0;
  }

  const deleted: { readonly doomed: Selected; readonly uid: string | undefined }[] = [];
  let exitCode = await forEach(
    doomed,
    context,
    async (one) => {
      const answer = await deleteOne(one, options, dryRun, flags, session);
      if (answer === undefined) return;
      await context.print(resultLine(one, flags, dryRun, onlyName));
      deleted.push({ doomed: one, uid: answer.uid });
    },
    'deleting',
  );
  if (flags.wait === false || dryRun !== 'none') return exitCode;
  const waited = await forEach(deleted, context, async ({ doomed: one, uid }) => {
    if (uid !== undefined) await waitUntilGone({ ...one, uid, timeoutMs }, context);
  });
  if (waited !== 0) exitCode = waited;
  return exitCode;
}

function deleteOptionsOf(flags: DeleteFlags, context: CommandContext): DeleteOptions {
  const { gracePeriod } = flags;
  // An empty text is a variable that was not set: it must not mean 0, at once.
  if (gracePeriod !== undefined && !/^-?\d+$/.test(gracePeriod)) {
    throw new UsageError(`invalid --grace-period "${gracePeriod}": must be a whole number of seconds`);
  }
  const given = gracePeriod === undefined ? undefined : Number(gracePeriod);
  if (flags.now && given !== undefined && given >= 0) {
    throw new UsageError('--now and --grace-period cannot be specified together');
  }
  let grace = flags.now ? 1 : given !== undefined && given >= 0 ? given : undefined;
  if (flags.force && grace !== undefined && grace > 0) {
    // As kubectl, and in its words also for --now, which is a grace period of 1.
    throw new UsageError('--force and --grace-period greater than 0 cannot be specified together');
  }
  if (flags.force) grace = 0;
  if (grace === 0 && !flags.force) {
    // As kubectl: without --force the kubelet still gets a moment to end it properly.
    grace = 1;
  }
  if (flags.force) {
    context.note(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. ' +
        'The resource may continue to run on the cluster indefinitely.',
    );
  }
  return {
    propagationPolicy: propagationOf(flags.cascade),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
  };
}

function propagationOf(cascade: string | undefined): 'Background' | 'Foreground' | 'Orphan' {
  switch (cascade ?? 'background') {
    case 'background':
    case 'true':
      return 'Background';
    case 'foreground':
      return 'Foreground';
    case 'orphan':
    case 'false':
      return 'Orphan';
    default:
      throw new UsageError(`invalid cascade value (${cascade}): must be "background", "foreground", or "orphan"`);
  }
}

/** Undefined when it was not there and that is fine. */
async function deleteOne(
  { kind, namespace, name }: Selected,
  options: DeleteOptions,
  dryRun: DryRun,
  flags: DeleteFlags,
  session: Session,
): Promise<{ readonly uid: string | undefined } | undefined> {
  const key = namespace === undefined ? { name } : { namespace, name };
  try {
    if (dryRun === 'client') {
      await session.client.get(kind, key);
      return { uid: undefined };
    }
    const answer = await session.client.delete<KubeObject & { readonly details?: { readonly uid?: string } }>(
      kind,
      key,
      {
        ...options,
        dryRun: dryRun === 'server',
      },
    );
    // The object as it now is, or a Status that names it.
    return { uid: answer.kind === 'Status' ? answer.details?.uid : answer.metadata?.uid };
  } catch (error) {
    const mayBeMissing = flags.ignoreNotFound || flags.all || flags.selector !== undefined;
    if (mayBeMissing && isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function resultLine(
  { kind, namespace, name }: Selected,
  flags: DeleteFlags,
  dryRun: DryRun,
  onlyName: boolean,
): string {
  if (onlyName) return `${kindName(kind)}/${name}\n`;
  const verb = flags.force ? 'force deleted' : 'deleted';
  const suffix = dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
  const from = namespace === undefined ? '' : ` from ${namespace} namespace`;
  return `${kindName(kind)} "${name}" ${verb}${from}${suffix}\n`;
}
