/** The tables of `eli top`, in kubectl's layout: whole milli-CPUs and mebibytes, and shares in per cent. Pure. */
import type { NodeMetrics, PodMetrics } from '../../api/kinds/metrics.ts';
import {
  addQuantities,
  compareQuantities,
  integerValueOf,
  milliValueOf,
  parseQuantity,
  type Quantity,
} from '../../api/quantity.ts';
import { escapeControls } from '../terminal/escape-controls.ts';

export type SortBy = 'cpu' | 'memory' | undefined;

interface Usage {
  readonly cpu: Quantity;
  readonly memory: Quantity;
}

export interface PodTableOptions {
  readonly sortBy: SortBy;
  readonly headers: boolean;
  /** A row for each container instead of each pod. */
  readonly containers: boolean;
  readonly withNamespace: boolean;
  /** A last line with the sum of all. */
  readonly sum: boolean;
}

const zero: Quantity = { nanos: 0n, format: 'DecimalSI' };
const mebibyte = 1024 * 1024;

/** The table of pods or containers before it is aligned; empty for none. */
export function computePodTable(pods: readonly PodMetrics[], options: PodTableOptions): string {
  if (pods.length === 0) return '';
  const { withNamespace, containers, sortBy } = options;
  const rows = sortRows(
    pods.map((pod) => ({ pod, name: nameOf(pod, withNamespace), usage: podUsage(pod) })),
    sortBy,
  );
  const lines = rows.flatMap(({ pod, usage }) => {
    const namespace = withNamespace ? [pod.metadata.namespace ?? ''] : [];
    const name = pod.metadata.name ?? '';
    if (!containers) return [[...namespace, name, ...figures(usage)]];
    const inside = (pod.containers ?? []).map((one) => ({ name: one.name ?? '', usage: usageOf(one.usage) }));
    return sortRows(inside, sortBy).map((one) => [...namespace, name, one.name, ...figures(one.usage)]);
  });
  const before = [...(withNamespace ? ['NAMESPACE'] : []), ...(containers ? ['POD'] : [])];
  const headings = [...before, 'NAME', 'CPU(cores)', 'MEMORY(bytes)'];
  // kubectl leaves the columns of its sum where they are without headings.
  const blanks = options.headers ? before.map(() => '') : [];
  const total = rows.map(({ usage }) => usage).reduce(addUsage, { cpu: zero, memory: zero });
  return tableText([
    ...(options.headers ? [headings] : []),
    ...lines,
    ...(options.sum
      ? [
          [...blanks, '', '________', '________'],
          [...blanks, '', ...figures(total)],
        ]
      : []),
  ]);
}

export interface NodeUsage {
  readonly metrics: NodeMetrics;
  /** Of what the share is taken: its allocatable resources or its capacity. */
  readonly available: Readonly<Record<string, string>>;
}

/** The table of nodes before it is aligned. `missing` names those that have not been measured. */
export function computeNodeTable(
  nodes: readonly NodeUsage[],
  missing: readonly string[],
  options: Pick<PodTableOptions, 'sortBy' | 'headers'>,
): string {
  const rows = nodes.map(({ metrics, available }) => {
    return { name: metrics.metadata.name ?? '', usage: usageOf(metrics.usage), available: usageOf(available) };
  });
  return tableText([
    ...(options.headers ? [['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)']] : []),
    ...sortRows(rows, options.sortBy).map(({ name, usage, available }) => {
      const [cpu = '', memory = ''] = figures(usage);
      return [name, cpu, share(usage.cpu, available.cpu), memory, share(usage.memory, available.memory)];
    }),
    ...missing.map((name) => [name, ...Array<string>(4).fill('<unknown>')]),
  ]);
}

/** kubectl ends each cell with a tab, the last one too. */
function tableText(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map((cell) => `${escapeControls(cell)}\t`).join('')}\n`).join('');
}

/** By use, the greatest first; else by name. */
function sortRows<Row extends { readonly name: string; readonly usage: Usage }>(
  rows: readonly Row[],
  sortBy: SortBy,
): readonly Row[] {
  return rows.toSorted((a, b) =>
    sortBy === undefined ? compareText(a.name, b.name) : compareQuantities(b.usage[sortBy], a.usage[sortBy]),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameOf({ metadata }: PodMetrics, withNamespace: boolean): string {
  return withNamespace ? `${metadata.namespace}\0${metadata.name}` : (metadata.name ?? '');
}

function podUsage({ containers = [] }: PodMetrics): Usage {
  return containers.map(({ usage }) => usageOf(usage)).reduce(addUsage, { cpu: zero, memory: zero });
}

function usageOf(usage: Readonly<Record<string, string>> = {}): Usage {
  return { cpu: quantityOf(usage['cpu']), memory: quantityOf(usage['memory']) };
}

function quantityOf(text: string | undefined): Quantity {
  return text === undefined ? zero : parseQuantity(text);
}

function addUsage(a: Usage, b: Usage): Usage {
  return { cpu: addQuantities(a.cpu, b.cpu), memory: addQuantities(a.memory, b.memory) };
}

function figures({ cpu, memory }: Usage): readonly string[] {
  return [`${milliValueOf(cpu)}m`, `${Math.trunc(integerValueOf(memory) / mebibyte)}Mi`];
}

function share(used: Quantity, available: Quantity): string {
  const whole = milliValueOf(available);
  return `${whole === 0 ? 0 : Math.trunc((milliValueOf(used) / whole) * 100)}%`;
}
