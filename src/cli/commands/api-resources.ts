/** `eli api-resources`: the kinds that a device serves. */
import type { CommandContext } from '../context.ts';
import { alignTabs, tableTabs } from '../printers/tab-writer.ts';
import { apiVersionOf, type ResourceKind, resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';

export interface ApiResourcesFlags {
  readonly apiGroup?: string;
  readonly namespaced?: string | boolean;
  readonly verbs?: readonly string[];
  readonly categories?: readonly string[];
  readonly sortBy?: string;
  readonly headers?: boolean;
}

/** Shows them in kubectl's table, or with `-o name` one a line; resolves with the exit code. */
export async function runApiResources(flags: ApiResourcesFlags, context: CommandContext): Promise<number> {
  const { output = '' } = context.flags;
  if (!['', 'wide', 'name'].includes(output)) throw new UsageError(`--output ${output} is not available`);
  const { resources } = await context.session();
  const shown = computeShown(await resources.all(), flags);
  if (output === 'name') {
    await context.print(shown.map((kind) => `${resourceName(kind)}\n`).join(''));
    return 0;
  }
  const isWide = output === 'wide';
  const lines = shown.map((kind) => [
    kind.resource,
    kind.shortNames.join(','),
    apiVersionOf(kind),
    String(kind.namespaced),
    kind.kind,
    ...(isWide ? [kind.verbs.toSorted().join(','), kind.categories.join(',')] : []),
  ]);
  const headings = [
    'NAME',
    'SHORTNAMES',
    'APIVERSION',
    'NAMESPACED',
    'KIND',
    ...(isWide ? ['VERBS', 'CATEGORIES'] : []),
  ];
  const rows = flags.headers === false ? lines : [headings, ...lines];
  if (rows.length > 0)
    await context.print(`${alignTabs(rows.map((cells) => cells.join('\t')).join('\n'), tableTabs)}\n`);
  return 0;
}

/**
 * Those that the flags leave, by group and name.
 *
 * @throws UsageError for an order that there is not
 */
export function computeShown(kinds: readonly ResourceKind[], flags: ApiResourcesFlags): readonly ResourceKind[] {
  const { apiGroup, sortBy = '' } = flags;
  if (!['', 'name', 'kind'].includes(sortBy)) throw new UsageError('--sort-by accepts only name or kind');
  const namespaced = flags.namespaced === undefined ? undefined : flags.namespaced !== 'false';
  const has = (asked: readonly string[] | undefined, there: readonly string[]): boolean =>
    (asked ?? []).flatMap((list) => list.split(',')).every((word) => there.includes(word));
  const orderOf = (kind: ResourceKind): string =>
    sortBy === 'kind' ? kind.kind : sortBy === 'name' ? kind.resource : `${kind.group}\0${kind.resource}`;
  return kinds
    .filter((kind) => apiGroup === undefined || kind.group === apiGroup)
    .filter((kind) => namespaced === undefined || kind.namespaced === namespaced)
    .filter((kind) => has(flags.verbs, kind.verbs) && has(flags.categories, kind.categories))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : orderOf(a) > orderOf(b) ? 1 : 0));
}
