import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { makePod } from '../../testing/pods.ts';
import { NodeLoad } from './node-load.ts';
import { selectVictims } from './select-victims.ts';

const node = { metadata: {}, spec: {}, status: { allocatable: { cpu: '1', pods: '110' } } } as unknown as Node;
const pod = (name: string, priority: number, cpu: string, startTime?: string): Pod =>
  makePod({
    metadata: { name, uid: name },
    spec: { priority, containers: [{ name: 'a', image: 'i', resources: { requests: { cpu } } }] },
    status: startTime === undefined ? {} : { startTime },
  });
const victims = (wanted: Pod, others: readonly Pod[]): readonly (string | undefined)[] | undefined =>
  selectVictims(wanted, { node, load: new NodeLoad(others), namespaceLabels: () => undefined })?.map(
    ({ metadata }) => metadata.name,
  );

describe('who must go for a more important pod', () => {
  it('is nobody when only equals and betters are there', () => {
    assert.equal(victims(pod('new', 5, '500m'), [pod('a', 5, '500m'), pod('b', 9, '500m')]), undefined);
  });

  it('is nobody when the end of all lesser ones would not make room', () => {
    assert.equal(victims(pod('new', 5, '600m'), [pod('a', 1, '500m'), pod('b', 9, '500m')]), undefined);
  });

  it('is the least important, and of equals the youngest, and no more than needed', () => {
    const others = [
      pod('important', 3, '250m', '2026-01-01T00:00:09Z'),
      pod('old', 1, '250m', '2026-01-01T00:00:00Z'),
      pod('young', 1, '250m', '2026-01-01T00:00:05Z'),
    ];
    assert.deepEqual(victims(pod('new', 5, '500m'), others), ['young']);
    assert.deepEqual(victims(pod('new', 5, '750m'), others), ['old', 'young']);
  });
});
