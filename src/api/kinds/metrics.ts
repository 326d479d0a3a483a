/**
 * `metrics.k8s.io/v1beta1` NodeMetrics and PodMetrics: what `kubectl top` shows. Worked out when they are asked for,
 * never stored.
 */
import { list, map, message, scalars, string, time } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { column, nameColumn } from './common/columns.ts';
import { metadata } from './common/object-fields.ts';

const usage = map(4, scalars.quantity, { doc: 'CPU and memory in use.' });
const timestamp = time(2, { doc: 'End of the time that was measured.' });
const window = string(3, { doc: 'How long was measured.' });

/** `metrics.k8s.io/v1beta1` NodeMetrics. */
export const nodeMetricsFields = message('io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics', {
  metadata,
  timestamp,
  window,
  usage,
});

const containerMetrics = message('io.k8s.metrics.pkg.apis.metrics.v1beta1.ContainerMetrics', {
  name: string(1),
  usage: map(2, scalars.quantity),
});

/** `metrics.k8s.io/v1beta1` PodMetrics. */
export const podMetricsFields = message('io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics', {
  metadata,
  timestamp,
  window,
  containers: list(4, containerMetrics, { doc: 'The containers that run.' }),
});

export type NodeMetrics = ObjectOfKind<typeof nodeMetricsFields>;
export type PodMetrics = ObjectOfKind<typeof podMetricsFields>;

const shared = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  singular: '',
  shortNames: [],
  categories: [],
  verbs: ['get', 'list'],
  subresources: [],
  storage: 'none',
  hasGeneration: false,
  validate: () => [],
  validateUpdate: () => [],
  selectableFields: {},
} as const;

const cpuColumn = column('Cpu', 'string', 'CPU in use.');
const memoryColumn = column('Memory', 'string', 'Memory in use.');
const windowColumn = column('Window', 'string', 'How long was measured.');

export const nodeMetricsKind: KindDescription<typeof nodeMetricsFields, NodeMetrics> = {
  ...shared,
  kind: 'NodeMetrics',
  resource: 'nodes',
  namespaced: false,
  fields: nodeMetricsFields,
  columns: [nameColumn, cpuColumn, memoryColumn, windowColumn],
  row: (node) => [node.metadata.name ?? '', node.usage?.['cpu'] ?? '', node.usage?.['memory'] ?? '', node.window ?? ''],
};

export const podMetricsKind: KindDescription<typeof podMetricsFields, PodMetrics> = {
  ...shared,
  kind: 'PodMetrics',
  resource: 'pods',
  namespaced: true,
  fields: podMetricsFields,
  columns: [nameColumn, column('Containers', 'integer', 'Containers that run.'), windowColumn],
  row: (pod) => [pod.metadata.name ?? '', (pod.containers ?? []).length, pod.window ?? ''],
};
