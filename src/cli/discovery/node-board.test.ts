import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/kinds/node/types.ts';
import type { PairedDevice } from '../devices/paired-devices.ts';
import { renderTable } from '../printers/table.ts';
import type { FoundDevice } from './found-devices.ts';
import { boardNodes, boardTable, computeBoard, type NodeAnswer } from './node-board.ts';

const nowMs = Date.UTC(2026, 0, 2);
const paired = (name: string, fingerprint: string): PairedDevice => ({
  name,
  server: 'https://192.168.1.1:6443',
  namespace: undefined,
  fingerprint,
  isCurrent: false,
});
const found = (node: string, fingerprint: string, change: Partial<FoundDevice> = {}): FoundDevice => ({
  instance: node,
  node,
  fingerprint,
  version: '0.1.0',
  isPaired: false,
  addresses: ['192.168.1.9'],
  port: 6443,
  ...change,
});
const node = (name: string, ready: string): Node =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {},
    status: { conditions: [{ type: 'Ready', status: ready }], nodeInfo: { kubeletVersion: 'v1.35.0+eliot-0.1.0' } },
  }) as unknown as Node;
const answer = (name: string, ready = 'True', server = 'https://192.168.1.1:6443'): NodeAnswer => ({
  kind: 'Node',
  node: node(name, ready),
  server,
});
const failed = (why: 'Unreachable' | 'Unauthorized'): NodeAnswer => ({ kind: 'Failed', why });

/** Rows without the head, cells apart. */
function rows(board: ReturnType<typeof computeBoard>, wide = false): string[][] {
  const options = { wide, noHeaders: true, withNamespace: false, showLabels: false, labelColumns: [] };
  return renderTable(boardTable(board, nowMs), options)
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(/ {2,}/));
}

describe('the list of devices', () => {
  it('shows the node of a paired device as kubectl does, and its address', () => {
    const board = computeBoard(
      [paired('kitchen', 'a')],
      [found('kitchen', 'a')],
      new Map([['kitchen', answer('kitchen')]]),
    );
    assert.deepEqual(rows(board), [['kitchen', 'Ready', '<none>', '24h', 'v1.35.0+eliot-0.1.0', '192.168.1.1']]);
  });

  for (const { what, discovered, said, status, address } of [
    {
      what: 'that has not answered yet',
      discovered: false,
      said: undefined,
      status: 'Unknown',
      address: '192.168.1.1',
    },
    { what: 'that shows up', discovered: true, said: undefined, status: 'Paired', address: '192.168.1.9' },
    {
      what: 'that does not answer',
      discovered: false,
      said: failed('Unreachable'),
      status: 'Unreachable',
      address: '192.168.1.1',
    },
    {
      what: 'that does not know us any more',
      discovered: true,
      said: failed('Unauthorized'),
      status: 'Unauthorized',
      address: '192.168.1.9',
    },
    {
      what: 'that is not well',
      discovered: true,
      said: answer('kitchen', 'False'),
      status: 'NotReady',
      address: '192.168.1.1',
    },
    {
      what: 'at another address',
      discovered: true,
      said: answer('kitchen', 'True', 'https://10.0.0.5:7443'),
      status: 'Ready',
      address: '10.0.0.5:7443',
    },
    {
      what: 'at an address of IPv6',
      discovered: true,
      said: answer('kitchen', 'True', 'https://[fd00::5]:6443'),
      status: 'Ready',
      address: 'fd00::5',
    },
  ]) {
    it(`calls one ${what} ${status}, at ${address}`, () => {
      const board = computeBoard(
        [paired('kitchen', 'a')],
        discovered ? [found('kitchen', 'a')] : [],
        new Map(said === undefined ? [] : [['kitchen', said]]),
      );
      const [[name, shown, , , , at] = []] = rows(board);
      assert.deepEqual([name, shown, at], ['kitchen', status, address]);
    });
  }

  it('knows a device by its fingerprint: one that only has its name is another', () => {
    const board = computeBoard(
      [paired('kitchen', 'a')],
      [found('kitchen', 'b')],
      new Map([['kitchen', failed('Unreachable')]]),
    );
    assert.deepEqual(
      rows(board).map(([name, status, , , version]) => [name, status, version]),
      [
        ['kitchen', 'Unreachable', '<unknown>'],
        ['kitchen', 'Unpaired', 'eliot-0.1.0'],
      ],
    );
  });

  it('shows both when a memory card was copied', () => {
    const copies = [
      found('kitchen', 'a'),
      found('kitchen', 'a', { instance: 'kitchen (2)', addresses: ['192.168.1.10'] }),
    ];
    const board = computeBoard([paired('kitchen', 'a')], copies, new Map([['kitchen', answer('kitchen')]]));
    assert.deepEqual(
      rows(board).map(([name, status]) => [name, status]),
      [
        ['kitchen', 'Ready'],
        ['kitchen (2)', 'Unpaired'],
      ],
    );
  });

  it('calls a node by the name that its context has', () => {
    const board = computeBoard([paired('kitchen-2', 'a')], [], new Map([['kitchen-2', answer('kitchen')]]));
    assert.equal(rows(board)[0]?.[0], 'kitchen-2');
    assert.deepEqual(
      boardNodes(board).map(({ kind, metadata }) => [kind, metadata.name]),
      [['Node', 'kitchen-2']],
    );
  });

  it('has an object for each device, with what is known', () => {
    const [known] = boardNodes(computeBoard([], [found('garage', 'b')], new Map()));
    assert.deepEqual(known, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'garage', annotations: { 'eliot.run/fingerprint': 'b' } },
      spec: {},
      status: {
        addresses: [{ type: 'InternalIP', address: '192.168.1.9' }],
        conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Unpaired' }],
        nodeInfo: { kubeletVersion: 'eliot-0.1.0' },
      },
    });
  });
});
