/**
 * The devices of `eli get nodes`: those that were paired, and those that are on the network, as far as is known by now.
 * Pure: what is heard goes in, rows come out.
 */
import { nodeColumns, nodeRow } from '../../api/kinds/node/row.ts';
import type { Node } from '../../api/kinds/node/types.ts';
import { hostPort } from '../../lib/host-port.ts';
import type { PairedDevice } from '../devices/paired-devices.ts';
import type { Table, TableColumn, TableRow } from '../printers/table.ts';
import type { FoundDevice } from './found-devices.ts';

/** What a paired device answered. */
export type NodeAnswer =
  | { readonly kind: 'Node'; readonly node: Node; readonly server: string }
  /** Nothing, or not what it is paired for. */
  | { readonly kind: 'Failed'; readonly why: 'Unreachable' | 'Unauthorized' };

export interface BoardDevice {
  readonly paired: PairedDevice | undefined;
  /** Undefined: it has not answered on the network. */
  readonly found: FoundDevice | undefined;
  readonly answer: NodeAnswer | undefined;
}

/** The port that devices have unless they are told another. */
const usualPort = 6443;

/** What `kubectl get nodes` shows, with the address that a person needs to know in place of the others. */
const columns: readonly TableColumn[] = [
  ...nodeColumns.filter(({ priority }) => priority === 0),
  { name: 'Address', type: 'string', priority: 0 },
  ...nodeColumns.filter(({ priority, name }) => priority > 0 && !name.endsWith('-IP')),
];

/**
 * Paired devices in the order of the kubeconfig, then the others by name. A device is known by its fingerprint, so that one
 * at another address is the same, and one that only has the name of another is not.
 *
 * @param answers by name of the paired device
 */
export function computeBoard(
  paired: readonly PairedDevice[],
  found: readonly FoundDevice[],
  answers: ReadonlyMap<string, NodeAnswer>,
): readonly BoardDevice[] {
  const mine = paired.map((device) => ({
    paired: device,
    found: found.find(({ fingerprint }) => fingerprint === device.fingerprint),
    answer: answers.get(device.name),
  }));
  const taken = new Set(mine.map((device) => device.found));
  const others = found.filter((device) => !taken.has(device));
  return [...mine, ...others.map((device) => ({ paired: undefined, found: device, answer: undefined }))];
}

export function boardTable(board: readonly BoardDevice[], nowMs: number): Table {
  return { kind: 'Table', columnDefinitions: columns, rows: board.map((device) => rowOf(device, nowMs)) };
}

/** As objects, for formats that print objects; of a device that answers nobody but its owner what it says of itself. */
export function boardNodes(board: readonly BoardDevice[]): readonly Node[] {
  return board.map(nodeOf);
}

function rowOf(device: BoardDevice, nowMs: number): TableRow {
  const node = nodeOf(device);
  const byColumn = new Map(nodeRow(node, nowMs).map((cell, index) => [nodeColumns[index]?.name, cell]));
  byColumn.set('Address', addressOf(device));
  byColumn.set('Name', node.metadata.name ?? '');
  byColumn.set('Status', statusOf(device) ?? byColumn.get('Status') ?? '');
  byColumn.set('Version', byColumn.get('Version') || '<unknown>');
  return { cells: columns.map(({ name }) => byColumn.get(name)), object: { metadata: node.metadata } };
}

/** Undefined: what the node says itself. */
function statusOf({ paired, found, answer }: BoardDevice): string | undefined {
  if (answer?.kind === 'Node') return undefined;
  if (paired === undefined) return 'Unpaired';
  if (answer !== undefined) return answer.why;
  return found === undefined ? 'Unknown' : 'Paired';
}

function addressOf({ paired, found, answer }: BoardDevice): string {
  const server = answer?.kind === 'Node' ? answer.server : paired?.server;
  const [address] = found?.addresses ?? [];
  if (found !== undefined && address !== undefined && answer?.kind !== 'Node') return shortAddress(address, found.port);
  if (server === undefined || !URL.canParse(server)) return '<unknown>';
  const { hostname, port } = new URL(server);
  return shortAddress(hostname.replace(/^\[|\]$/g, ''), Number(port || 443));
}

function shortAddress(host: string, port: number): string {
  return port === usualPort ? host : hostPort(host, port);
}

/** Its own word, under the name by which it is called here; else what is known of it. */
function nodeOf({ paired, found, answer }: BoardDevice): Node {
  if (answer?.kind === 'Node') {
    const { node } = answer;
    return {
      ...node,
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { ...node.metadata, name: paired?.name ?? node.metadata.name ?? '' },
    };
  }
  const fingerprint = paired?.fingerprint ?? found?.fingerprint;
  const reason = statusOf({ paired, found, answer }) ?? 'Unknown';
  const known = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: paired?.name ?? found?.instance ?? '',
      ...(fingerprint === undefined ? {} : { annotations: { 'eliot.run/fingerprint': fingerprint } }),
    },
    spec: {},
    status: {
      addresses: (found?.addresses ?? []).map((address) => ({ type: 'InternalIP', address })),
      conditions: [{ type: 'Ready', status: 'Unknown', reason }],
      ...(found === undefined ? {} : { nodeInfo: { kubeletVersion: `eliot-${found.version}` } }),
    },
  };
  // Of its versions one alone is known.
  return known as unknown as Node;
}
