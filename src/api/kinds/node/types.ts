/** TypeScript types of a node and its parts, derived from the field table. */
import type { ObjectOfKind } from '../../schema/kind.ts';
import type { nodeFields } from './fields.ts';

export type Node = ObjectOfKind<typeof nodeFields>;
export type NodeSpec = Node['spec'];
export type NodeStatus = Node['status'];
export type NodeCondition = NonNullable<NodeStatus['conditions']>[number];
export type NodeAddress = NonNullable<NodeStatus['addresses']>[number];
export type NodeSystemInfo = NodeStatus['nodeInfo'];
export type Taint = NonNullable<NodeSpec['taints']>[number];
