/** `v1.Node`: the device itself. */
import { allVerbs, type KindDescription } from '../schema/kind.ts';
import { nodeFields } from './node/fields.ts';
import { nodeColumns, nodeRow } from './node/row.ts';
import type { Node } from './node/types.ts';
import { validateNode, validateNodeUpdate } from './node/validation.ts';

export type * from './node/types.ts';

export const nodeKind: KindDescription<typeof nodeFields, Node> = {
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Node' }],
  fields: nodeFields,
  storage: 'split',
  hasGeneration: false,
  // SetDefaults_NodeStatus: without reservations everything may be used.
  normalize: (node) =>
    node.status.capacity === undefined || node.status.allocatable !== undefined
      ? node
      : { ...node, status: { ...node.status, allocatable: node.status.capacity } },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  columns: nodeColumns,
  row: nodeRow,
  selectableFields: {
    'spec.unschedulable': (node) => String(node.spec.unschedulable ?? false),
  },
};
