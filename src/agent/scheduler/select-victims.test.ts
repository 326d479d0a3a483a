import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../api/kinds/pod-disruption-budget.ts';
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
const victims = (
  wanted: Pod,
  others: readonly Pod[],
  budgets: readonly PodDisruptionBudget[] = [],
): readonly (string | undefined)[] | undefined =>
  selectVictims(wanted, { node, load: new NodeLoad(others), namespaceLabels: () => undefined }, budgets)?.map(
    ({ metadata }) => metadata.name,
  );
const labelled = (pod: Pod): Pod => ({ ...pod, metadata: { ...pod.metadata, labels: { app: 'web' } } });
const budget = (disruptionsAllowed: number, disruptedPods: readonly string[] = []): PodDisruptionBudget =>
  ({
    metadata: { namespace: 'default', name: 'web' },
    spec: { selector: { matchLabels: { app: 'web' } } },
    status: { disruptionsAllowed, disruptedPods: Object.fromEntries(disruptedPods.map((name) => [name, ''])) },
  }) as unknown as PodDisruptionBudget;

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

  describe('and a disruption budget', () => {
    const web = labelled(pod('web', 1, '500m', '2026-01-01T00:00:09Z'));
    const other = pod('other', 3, '500m', '2026-01-01T00:00:00Z');

    it('spares its pods when others can go, though they are more important', () => {
      assert.deepEqual(victims(pod('new', 5, '500m'), [web, other]), ['web']);
      assert.deepEqual(victims(pod('new', 5, '500m'), [web, other], [budget(0)]), ['other']);
    });

    it('spares none that it can do without', () => {
      assert.deepEqual(victims(pod('new', 5, '500m'), [web, other], [budget(1)]), ['web']);
    });

    it('is counted down by each pod of it that would go', () => {
      const two = [labelled(pod('a', 2, '250m')), labelled(pod('b', 1, '250m')), pod('c', 3, '250m')];
      // The first, more important one is within the budget of one, the second is not.
      assert.deepEqual(victims(pod('new', 5, '500m'), two, [budget(1)]), ['a']);
    });

    it('says nothing of a pod whose eviction it has granted', () => {
      assert.deepEqual(victims(pod('new', 5, '500m'), [web, other], [budget(0, ['web'])]), ['web']);
    });

    it('saves nobody when there is no other way', () => {
      assert.deepEqual(victims(pod('new', 5, '1'), [web, other], [budget(0)]), ['web', 'other']);
    });
  });
});
