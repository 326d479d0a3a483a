/** `describe node`, in the order and words of kubectl, with the pods that run there. */
import type { Lease } from '../../api/kinds/lease.ts';
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { leases, pods as podsResource } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { Session } from '../session.ts';
import { addAllocation } from './allocation.ts';
import type { DescribeInput } from './describe-input.ts';
import { addEvents } from './events.ts';
import { annotationsText, Lines, labelsText } from './lines.ts';
import { formatLocalTime } from './times.ts';

const roleLabel = 'node-role.kubernetes.io/';

/** The description of a node; asks the device for its lease and its pods. */
export async function describeNode(
  { object, events, nowMs }: DescribeInput<KubeObject>,
  session: Session,
  signal: AbortSignal,
): Promise<string> {
  const node = object as Node;
  const name = node.metadata.name ?? '';
  const [lease, pods] = await Promise.all([fetchLease(name, session, signal), fetchPods(name, session, signal)]);
  const lines = new Lines();
  addHead(lines, node);
  addLease(lines, lease);
  addConditions(lines, node);
  lines.section(0, 'Addresses', () => {
    for (const { type, address } of node.status.addresses ?? []) lines.field(1, type, address);
  });
  addQuantities(lines, 'Capacity', node.status.capacity);
  addQuantities(lines, 'Allocatable', node.status.allocatable);
  addSystem(lines, node);
  if (node.spec.podCIDR) lines.field(0, 'PodCIDR', node.spec.podCIDR);
  if (node.spec.podCIDRs?.length) lines.field(0, 'PodCIDRs', node.spec.podCIDRs.join(','));
  if (pods === undefined) lines.field(0, 'Non-terminated Pods', 'these credentials may not see pods');
  else addAllocation(lines, node, pods, nowMs);
  addEvents(lines, events, nowMs);
  return lines.toString();
}

function addHead(lines: Lines, node: Node): void {
  const { metadata, spec } = node;
  const roles = Object.keys(metadata.labels ?? {})
    .filter((key) => key.startsWith(roleLabel) && key.length > roleLabel.length)
    .map((key) => key.slice(roleLabel.length))
    .sort();
  lines.field(0, 'Name', metadata.name ?? '');
  lines.field(0, 'Roles', roles.join(',') || '<none>');
  lines.field(0, 'Labels', labelsText(metadata.labels));
  lines.field(0, 'Annotations', annotationsText(metadata.annotations));
  lines.field(0, 'CreationTimestamp', formatLocalTime(metadata.creationTimestamp));
  const taints = (spec.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`);
  lines.field(0, 'Taints', taints.sort().join('\n') || '<none>');
  lines.field(0, 'Unschedulable', spec.unschedulable ?? false);
}

function addLease(lines: Lines, lease: Lease | string): void {
  if (typeof lease === 'string') {
    lines.field(0, 'Lease', `Failed to get lease: ${lease}`);
    return;
  }
  lines.section(0, 'Lease', () => {
    lines.field(1, 'HolderIdentity', lease.spec?.holderIdentity ?? '<unset>');
    lines.field(1, 'AcquireTime', formatLocalTime(lease.spec?.acquireTime));
    lines.field(1, 'RenewTime', formatLocalTime(lease.spec?.renewTime));
  });
}

function addConditions(lines: Lines, node: Node): void {
  const conditions = node.status.conditions ?? [];
  if (conditions.length === 0) return;
  lines.section(0, 'Conditions', () => {
    lines.table(
      1,
      ['Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message'],
      conditions.map((condition) => [
        // kubectl writes a blank after each cell, and scripts that cut columns know it.
        `${condition.type} `,
        `${condition.status} `,
        `${formatLocalTime(condition.lastHeartbeatTime)} `,
        `${formatLocalTime(condition.lastTransitionTime)} `,
        `${condition.reason ?? ''} `,
        condition.message ?? '',
      ]),
    );
  });
}

function addQuantities(lines: Lines, name: string, quantities: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(quantities ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return;
  lines.section(0, name, () => {
    for (const [resource, quantity] of entries) lines.field(1, resource, quantity);
  });
}

function addSystem(lines: Lines, node: Node): void {
  const system = node.status.nodeInfo;
  if (system === undefined) return;
  lines.section(0, 'System Info', () => {
    lines.field(1, 'Machine ID', system.machineID);
    lines.field(1, 'System UUID', system.systemUUID);
    lines.field(1, 'Boot ID', system.bootID);
    lines.field(1, 'Kernel Version', system.kernelVersion);
    lines.field(1, 'OS Image', system.osImage);
    lines.field(1, 'Operating System', system.operatingSystem);
    lines.field(1, 'Architecture', system.architecture);
    lines.field(1, 'Container Runtime Version', system.containerRuntimeVersion);
    lines.field(1, 'Kubelet Version', system.kubeletVersion);
    lines.field(1, 'Kube-Proxy Version', system.kubeProxyVersion);
  });
}

/** The lease, or why there is none. */
async function fetchLease(name: string, session: Session, signal: AbortSignal): Promise<Lease | string> {
  try {
    return await session.client.get<Lease>(leases, { namespace: 'kube-node-lease', name }, signal);
  } catch (error) {
    if (isStatusError(error, 'NotFound', 'Forbidden')) return error.message;
    throw error;
  }
}

/** Undefined when these credentials may not see them. */
async function fetchPods(node: string, session: Session, signal: AbortSignal): Promise<readonly Pod[] | undefined> {
  const fieldSelector = `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed`;
  try {
    return (await session.client.list<Pod>(podsResource, { fieldSelector }, signal)).items;
  } catch (error) {
    if (isStatusError(error, 'Forbidden')) return undefined;
    throw error;
  }
}
