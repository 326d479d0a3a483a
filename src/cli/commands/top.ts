/** `eli top`: what pods and nodes use at present. */
import type { NodeMetrics, PodMetrics } from '../../api/kinds/metrics.ts';
import type { Node } from '../../api/kinds/node.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { GroupVersionResource } from '../../api/object-client.ts';
import { nodes, pods } from '../../api/resources.ts';
import { humanDuration } from '../../lib/human-duration.ts';
import type { CommandContext } from '../context.ts';
import { computeNodeTable, computePodTable, type SortBy } from '../usage/usage-table.ts';
import { UsageError } from '../usage-error.ts';
import { listAll } from './get.ts';

export interface TopFlags {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly sortBy?: string;
  readonly headers?: boolean;
  readonly allNamespaces?: boolean;
  readonly containers?: boolean;
  readonly sum?: boolean;
  readonly showCapacity?: boolean;
}

const metrics = { group: 'metrics.k8s.io', version: 'v1beta1' } as const;
const podMetrics = { ...metrics, resource: 'pods', kind: 'PodMetrics' };
const nodeMetrics = { ...metrics, resource: 'nodes', kind: 'NodeMetrics' };

/** As kubectl: a pod that is younger may not have been measured yet. */
const firstMetricsMs = 120_000;

/** Shows one pod or those selected; resolves with the exit code. */
export async function runTopPods(name: string | undefined, flags: TopFlags, context: CommandContext): Promise<number> {
  const sortBy = parseSortBy(flags.sortBy);
  if (name !== undefined && (flags.selector !== undefined || flags.fieldSelector !== undefined)) {
    throw new UsageError('only one of NAME or selector can be provided');
  }
  const session = await context.session();
  const namespace = flags.allNamespaces ? undefined : session.namespace;
  const measured = name === undefined ? await listPods(namespace, flags, context) : [await getPod(name, context)];
  if (measured.length === 0) {
    const scope = { session, signal: context.signal, flags: selectionOf(flags) };
    refuseUnmeasured(await listAll({ ...pods, kind: 'Pod' }, namespace, scope), context.io.clock.now());
    context.note(namespace === undefined ? 'No resources found' : `No resources found in ${namespace} namespace.`);
    return 0;
  }
  const { allNamespaces = false, containers = false, sum = false, headers = true } = flags;
  const text = computePodTable(measured, { sortBy, headers, containers, withNamespace: allNamespaces, sum });
  await context.printTable(text, headers);
  return 0;
}

/** @throws UsageError in kubectl's words when there are pods, of which nothing was measured */
function refuseUnmeasured(selected: readonly KubeObject[], nowMs: number): void {
  if (selected.length === 0) return;
  for (const { metadata } of selected) {
    const ageMs = nowMs - Date.parse(metadata.creationTimestamp ?? '');
    if (ageMs > firstMetricsMs) {
      const pod = `${metadata.namespace}/${metadata.name}`;
      throw new UsageError(
        `Metrics not available for pod ${pod}, age: ${humanDuration(ageMs)}`,
        'only what runs is measured',
      );
    }
  }
  throw new UsageError('metrics not available yet', 'try again in a moment');
}

async function getPod(name: string, context: CommandContext): Promise<PodMetrics> {
  const { client, namespace } = await context.session();
  return await client.get<PodMetrics>(podMetrics, { namespace, name }, context.signal);
}

async function listPods(
  namespace: string | undefined,
  flags: TopFlags,
  context: CommandContext,
): Promise<readonly PodMetrics[]> {
  const session = await context.session();
  const { fieldSelector: _fields, ...labels } = selectionOf(flags);
  const scope = { session, signal: context.signal, flags: labels };
  const measured = (await listAll(podMetrics, namespace, scope)) as unknown as readonly PodMetrics[];
  if (flags.fieldSelector === undefined) return measured;
  // Metrics have no fields to select by: the pods themselves do.
  const selected = await listAll({ ...pods, kind: 'Pod' }, namespace, { ...scope, flags: selectionOf(flags) });
  const keyOf = ({ metadata }: Pick<KubeObject, 'metadata'>): string => `${metadata.namespace}/${metadata.name}`;
  const wanted = new Set(selected.map(keyOf));
  return measured.filter((pod) => wanted.has(keyOf(pod)));
}

/** Shows one node or those selected; resolves with the exit code. */
export async function runTopNodes(name: string | undefined, flags: TopFlags, context: CommandContext): Promise<number> {
  const sortBy = parseSortBy(flags.sortBy);
  if (name !== undefined && flags.selector !== undefined) {
    throw new UsageError('only one of NAME or --selector can be provided');
  }
  const measured = await readNodes<NodeMetrics>(nodeMetrics, name, flags, context);
  if (measured.length === 0) throw new UsageError('metrics not available yet', 'try again in a moment');
  const known = await readNodes<Node>({ ...nodes, kind: 'Node' }, name, flags, context);
  const availableOf = (node: Node | undefined): Readonly<Record<string, string>> =>
    (flags.showCapacity ? node?.status.capacity : node?.status.allocatable) ?? {};
  const used = measured.map((one) => {
    return { metrics: one, available: availableOf(known.find((node) => node.metadata.name === one.metadata.name)) };
  });
  const names = new Set(measured.map(({ metadata }) => metadata.name));
  const missing = known.map(({ metadata }) => metadata.name ?? '').filter((one) => !names.has(one));
  const headers = flags.headers ?? true;
  await context.printTable(computeNodeTable(used, missing, { sortBy, headers }), headers);
  return 0;
}

async function readNodes<T>(
  kind: GroupVersionResource & { readonly kind: string },
  name: string | undefined,
  flags: TopFlags,
  context: CommandContext,
): Promise<readonly T[]> {
  const session = await context.session();
  if (name !== undefined) return [await session.client.get<T>(kind, { name }, context.signal)];
  const scope = { session, signal: context.signal, flags: selectionOf(flags) };
  return (await listAll(kind, undefined, scope)) as readonly T[];
}

/** Without `--sort-by` and the like, which mean something else to others. */
function selectionOf({ selector, fieldSelector }: TopFlags): Pick<TopFlags, 'selector' | 'fieldSelector'> {
  return {
    ...(selector === undefined ? {} : { selector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function parseSortBy(text: string | undefined): SortBy {
  if (text === undefined || text === '' || text === 'cpu' || text === 'memory') return text === '' ? undefined : text;
  throw new UsageError('--sort-by accepts only cpu or memory');
}
