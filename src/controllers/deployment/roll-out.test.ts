import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { ImagesState } from '../image-preparation.ts';
import { computeRollOut } from './roll-out.ts';

const replicaSet = (name: string, replicas: number, available: number): ReplicaSet =>
  ({
    metadata: { name, uid: name, creationTimestamp: name },
    spec: { replicas },
    status: { replicas: available, availableReplicas: available },
  }) as unknown as ReplicaSet;

interface Idea {
  readonly strategy: object;
  readonly replicas?: number;
  readonly old: ReplicaSet;
  readonly newest?: ReplicaSet;
  readonly images?: ImagesState;
  readonly rollsBack?: boolean;
}

/** `['old 0']`: what is scaled to how many, and what the images are waited for. */
function decide({ strategy, replicas = 1, old, newest, images, rollsBack = false }: Idea): string[] {
  const annotations = rollsBack ? { 'eliot.run/rollback-on-failure': 'true' } : {};
  const deployment = { metadata: { annotations }, spec: { replicas, strategy } } as unknown as Deployment;
  const { steps, waitsForImages } = computeRollOut({
    deployment,
    target: { target: newest ?? replicaSet('new', 0, 0), others: [old] },
    pods: [],
    lookAtImages: () => images ?? { kind: 'Ready' },
    room: { fitsWithout: () => false },
  });
  const scaled = steps.map((step) => `${step.replicaSet.metadata.name} ${step.replicas}`);
  return waitsForImages === undefined ? scaled : [...scaled, `waits: ${waitsForImages}`];
}

const missing: ImagesState = { kind: 'Waiting', message: 'no network' };
const replace = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
const surge = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
const recreate = { type: 'Recreate' };

describe('before the last pod is ended', () => {
  for (const strategy of [replace, recreate]) {
    it(`its successor's image must be here (${strategy.type})`, () => {
      assert.deepEqual(decide({ strategy, old: replicaSet('old', 1, 1), images: missing }), ['waits: no network']);
      assert.deepEqual(decide({ strategy, old: replicaSet('old', 1, 1) }), ['old 0']);
    });

    it(`nothing is known of it after a boot, and it is kept all the same (${strategy.type})`, () => {
      assert.deepEqual(decide({ strategy, old: replicaSet('old', 1, 0), images: missing }), ['waits: no network']);
    });
  }

  it('others may go, as many as the strategy says', () => {
    const old = replicaSet('old', 3, 3);
    assert.deepEqual(decide({ strategy: replace, replicas: 3, old, images: missing }), ['old 2']);
  });

  it('and none at all when the Deployment asks for roll-back', () => {
    const old = replicaSet('old', 3, 3);
    const idea = { strategy: replace, replicas: 3, old, images: missing, rollsBack: true };
    assert.deepEqual(decide(idea), ['waits: no network']);
    assert.deepEqual(decide({ ...idea, strategy: surge }), ['new 1']);
  });

  it('images are not asked for when pods of them run', () => {
    const idea = { strategy: surge, old: replicaSet('old', 1, 1), newest: replicaSet('new', 1, 1), images: missing };
    assert.deepEqual(decide(idea), ['old 0']);
  });
});
