/** The columns of `kubectl get nodes`. */
import type { Cell, Column } from '../../schema/kind.ts';
import { age, ageColumn, column, nameColumn, orNone, wideColumn } from '../common/columns.ts';
import type { Node } from './types.ts';

export const nodeColumns: readonly Column[] = [
  nameColumn,
  column('Status', 'string', 'Whether the node is ready, and whether it takes new pods.'),
  column('Roles', 'string', 'Roles that the labels of the node give it.'),
  ageColumn,
  column('Version', 'string', 'Version of the agent on the node.'),
  wideColumn('Internal-IP', 'string', 'Address of the node within its network.'),
  wideColumn('External-IP', 'string', 'Address of the node from outside.'),
  wideColumn('OS-Image', 'string', 'Operating system of the node.'),
  wideColumn('Kernel-Version', 'string', 'Kernel of the node.'),
  wideColumn('Container-Runtime', 'string', 'Container runtime and its version.'),
];

export function nodeRow(node: Node, nowMs: number): readonly Cell[] {
  const { nodeInfo } = node.status;
  return [
    node.metadata.name ?? '',
    statusOf(node),
    orNone(rolesOf(node).join(',')),
    age(node, nowMs),
    nodeInfo?.kubeletVersion ?? '',
    addressOf(node, 'InternalIP'),
    addressOf(node, 'ExternalIP'),
    nodeInfo?.osImage || '<unknown>',
    nodeInfo?.kernelVersion || '<unknown>',
    nodeInfo?.containerRuntimeVersion || '<unknown>',
  ];
}

function statusOf(node: Node): string {
  const ready = node.status.conditions?.find((condition) => condition.type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec.unschedulable ? `${word},SchedulingDisabled` : word;
}

const roleLabelPrefix = 'node-role.kubernetes.io/';

function rolesOf(node: Node): readonly string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(roleLabelPrefix) && key !== roleLabelPrefix) roles.add(key.slice(roleLabelPrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return [...roles].sort();
}

function addressOf(node: Node, type: string): string {
  return orNone(node.status.addresses?.find((address) => address.type === type)?.address);
}
