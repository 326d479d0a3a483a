import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Deployment } from '../../api/kinds/deployment.ts';
import { rollingUpdateLimits } from '../../api/kinds/deployment-strategy.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { computeRollingUpdate } from './compute-rolling-update.ts';
import { availableReplicas, type ScaleStep, wantedReplicas } from './scale-step.ts';

const share = fc.oneof(
  fc.nat(4),
  fc.nat(100).map((percent) => `${percent}%`),
);

/** A Deployment that the API would take. */
const deployment = fc
  .record({ replicas: fc.nat(12), maxSurge: share, maxUnavailable: share })
  .filter(
    ({ maxSurge, maxUnavailable }) => Number.parseInt(`${maxSurge}`, 10) + Number.parseInt(`${maxUnavailable}`, 10) > 0,
  )
  .map(({ replicas, ...rollingUpdate }) => {
    return { spec: { replicas, strategy: { type: 'RollingUpdate', rollingUpdate } } } as unknown as Deployment;
  });

const replicaSet = (name: string, replicas: number, available: number): ReplicaSet =>
  ({
    metadata: { name, creationTimestamp: name },
    spec: { replicas },
    status: { replicas, availableReplicas: Math.min(available, replicas) },
  }) as unknown as ReplicaSet;

const others = fc
  .array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 3 })
  .map((sets) => sets.map(([replicas, available], index) => replicaSet(`old-${index}`, replicas, available)));
const target = fc.tuple(fc.nat(12), fc.nat(12)).map(([replicas, available]) => replicaSet('new', replicas, available));

const none = { keepAvailable: 0, withoutRoom: 0 };

/** The sets after the steps, as when pods that do not work end first and nothing has started yet. */
function after(sets: readonly ReplicaSet[], steps: readonly ScaleStep[]): ReplicaSet[] {
  return sets.map((set) => {
    const { replicas = set.spec.replicas } = steps.find((step) => step.replicaSet === set) ?? {};
    return replicaSet(set.metadata.name ?? '', replicas, Math.min(set.status.availableReplicas ?? 0, replicas));
  });
}

describe('a step of a rolling update', () => {
  test('never makes more pods than the surge allows', () => {
    fc.assert(
      fc.property(deployment, target, others, (d, newest, old) => {
        const steps = computeRollingUpdate({ deployment: d, target: newest, others: old, ...none });
        const before = wantedReplicas([newest, ...old]);
        const { maxSurge } = rollingUpdateLimits(d.spec.strategy, d.spec.replicas);
        const now = wantedReplicas(after([newest, ...old], steps));
        assert.ok(now <= Math.max(before, d.spec.replicas + maxSurge), `${before} became ${now}`);
      }),
    );
  });

  test('never ends a pod that works when too few would be left', () => {
    fc.assert(
      fc.property(deployment, target, others, fc.nat(3), (d, newest, old, keepAvailable) => {
        const { replicas, strategy } = d.spec;
        fc.pre(newest.spec.replicas <= replicas);
        const steps = computeRollingUpdate({
          deployment: d,
          target: newest,
          others: old,
          withoutRoom: 0,
          keepAvailable,
        });
        const least = Math.max(keepAvailable, replicas - rollingUpdateLimits(strategy, replicas).maxUnavailable);
        const before = availableReplicas([newest, ...old]);
        const now = availableReplicas(after([newest, ...old], steps));
        assert.ok(now >= Math.min(before, least), `${before} became ${now}, at least ${least} are wanted`);
      }),
    );
  });

  test('leads, step by step, to all pods at the new template, if they work', () => {
    fc.assert(
      fc.property(deployment, others, (d, old) => {
        let sets = [replicaSet('new', 0, 0), ...old];
        for (let round = 0; round < 100; round += 1) {
          const [newest, ...rest] = sets;
          assert.ok(newest);
          const steps = computeRollingUpdate({ deployment: d, target: newest, others: rest, ...none });
          // Every pod that is wanted becomes available.
          sets = after(sets, steps).map(({ metadata, spec }) =>
            replicaSet(metadata.name ?? '', spec.replicas, spec.replicas),
          );
        }
        assert.deepEqual(
          sets.map(({ spec }) => spec.replicas),
          [d.spec.replicas, ...old.map(() => 0)],
        );
      }),
    );
  });
});
