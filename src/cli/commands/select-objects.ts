/** Which objects a command changes: those of manifests, those named, or those selected. */
import type { ObjectKey } from '../../api/object-client.ts';
import type { CommandContext } from '../context.ts';
import { type ManifestFlags, readManifests } from '../manifests/read-manifests.ts';
import { parseResourceArgs } from '../resources/resource-args.ts';
import type { ResourceKind } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { listAll } from './get.ts';
import { address, keyOf } from './write-result.ts';

export interface SelectionFlags extends ManifestFlags {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly all?: boolean;
  readonly allNamespaces?: boolean;
}

export interface Selected {
  readonly kind: ResourceKind;
  /** Undefined for what lives in none. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** The key that a client asks for it by. */
export function selectedKey({ namespace, name }: Selected): ObjectKey {
  return namespace === undefined ? { name } : { namespace, name };
}

/** Whether exactly one object is meant by its name, however many there are. */
export function isOneByName(args: readonly string[], flags: SelectionFlags): boolean {
  const words = args[0]?.includes('/') ? args.length : args.length - 1;
  return flags.filename === undefined && words === 1;
}

/**
 * The objects, in the order of the arguments. Those named or in a manifest may not exist.
 *
 * @param args TYPE NAME…, TYPE/NAME…, or TYPE with a selector or `--all`
 * @throws UsageError in kubectl's words when they contradict each other or name nothing
 */
export async function selectObjects(
  args: readonly string[],
  flags: SelectionFlags,
  verb: string,
  context: CommandContext,
): Promise<readonly Selected[]> {
  if (flags.filename !== undefined) {
    if (args.length > 0) throw new UsageError('when -f is given, name no resources', 'use one or the other');
    return await ofManifests(flags, verb, context);
  }
  const session = await context.session();
  const hasSelector = flags.selector !== undefined || flags.fieldSelector !== undefined;
  if (flags.all && hasSelector) {
    throw new UsageError("setting 'all' parameter but found a non empty selector. ", 'use one or the other');
  }
  const selected: Selected[] = [];
  for (const { kind, names } of await parseResourceArgs(args, verb, session.resources)) {
    if (names.length > 0) {
      if (hasSelector || flags.all) {
        throw new UsageError('name cannot be provided when a selector or --all is specified', 'use one or the other');
      }
      if (flags.allNamespaces)
        throw new UsageError(`a resource cannot be ${pastOf(verb)} by name across all namespaces`);
      const namespace = kind.namespaced ? session.namespace : undefined;
      selected.push(...names.map((name) => ({ kind, namespace, name })));
      continue;
    }
    if (!hasSelector && !flags.all) {
      throw new UsageError(
        'resource(s) were provided, but no name was specified',
        `for example: eli ${verb} ${kind.singular} NAME, or with -l SELECTOR; all of them: eli ${verb} ${kind.resource} --all`,
      );
    }
    const namespace = kind.namespaced && !flags.allNamespaces ? session.namespace : undefined;
    const objects = await listAll(kind, namespace, { session, signal: context.signal, flags });
    selected.push(
      ...objects.map(({ metadata }) => ({ kind, namespace: metadata.namespace, name: metadata.name ?? '' })),
    );
  }
  return selected;
}

async function ofManifests(flags: SelectionFlags, verb: string, context: CommandContext): Promise<readonly Selected[]> {
  // Before the device is reached: a file that is missing is missing anyhow.
  const manifests = await readManifests(flags, context, verb);
  const session = await context.session();
  const selected: Selected[] = [];
  for (const manifest of manifests) {
    const { kind, object } = await address(manifest, session, context);
    selected.push({ kind, namespace: object.metadata.namespace, name: keyOf(object).name });
  }
  return selected;
}

/** `delete` → `deleted`, `label` → `labeled`. */
function pastOf(verb: string): string {
  return verb.endsWith('e') ? `${verb}d` : `${verb}ed`;
}
