import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { type PodDisruptionBudget, podDisruptionBudgetKind } from '../../api/kinds/pod-disruption-budget.ts';
import { deployments, podDisruptionBudgets, pods, replicaSets } from '../../api/resources.ts';
import { FakeImagePreparation } from '../../testing/fake-image-preparation.ts';
import { writeContext } from '../../testing/registry.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { deploymentManifest, podTemplate, replicaSetManifest } from '../../testing/workloads.ts';
import { DeploymentController } from '../deployment/deployment.ts';
import { ReplicaSetController } from '../replica-set/replica-set.ts';
import { DisruptionController } from './disruption.ts';

let cluster: WorkloadCluster;

beforeEach(async () => {
  cluster = await WorkloadCluster.start();
  const { client, clock, log } = cluster;
  const shared = { client, clock, log, events: { recordFor: cluster.recordFor }, pods: cluster.pods };
  const budgets = cluster.follow<PodDisruptionBudget>(podDisruptionBudgets);
  cluster.run((signal) => new DisruptionController({ ...shared, budgets }).run(signal));
  const replicas = { ...shared, replicaSets: cluster.replicaSets };
  cluster.run((signal) => new ReplicaSetController(replicas).run(signal));
  const rollOuts = {
    ...replicas,
    deployments: cluster.deployments,
    images: new FakeImagePreparation(),
    room: { fitsWithout: () => true },
  };
  cluster.run((signal) => new DeploymentController(rollOuts).run(signal));
});
afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'budget' };
const create = (spec: object) =>
  cluster.create({
    apiVersion: 'policy/v1',
    kind: podDisruptionBudgetKind.kind,
    metadata: key,
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  });
const get = (): Promise<PodDisruptionBudget> => cluster.client.get(podDisruptionBudgets, key);
const untilCounts = async (counts: Partial<PodDisruptionBudget['status']>): Promise<void> => {
  const isSo = async (): Promise<boolean> => {
    const { status } = await get();
    return Object.entries(counts).every(([name, count]) => status[name as keyof typeof status] === count);
  };
  await cluster.until(isSo, JSON.stringify(counts));
};
const evict = (name: string) => cluster.registry.evictPod({ key: { ...key, name }, options: {} }, writeContext());
const names = async () => (await cluster.list<Pod>(pods)).map(({ metadata }) => metadata.name ?? '').sort();

describe('DisruptionController', () => {
  it('counts the pods of a ReplicaSet, and again when their number changes', async () => {
    await create({ maxUnavailable: 1 });
    await cluster.create(replicaSetManifest({ replicas: 3 }));
    await untilCounts({ expectedPods: 3, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 });
    await cluster.patch(replicaSets, 'web', { spec: { replicas: 5 } });
    await untilCounts({ expectedPods: 5, desiredHealthy: 4, currentHealthy: 5, disruptionsAllowed: 1 });
    const { status } = await get();
    assert.deepEqual([status.observedGeneration, status.conditions?.[0]?.reason], [1, 'SufficientPods']);
  });

  it('takes the number that a Deployment wants for the pods of its ReplicaSets', async () => {
    await cluster.create(deploymentManifest({ replicas: 4 }));
    await create({ minAvailable: '75%' });
    await untilCounts({ expectedPods: 4, desiredHealthy: 3, disruptionsAllowed: 1 });
    await cluster.patch(deployments, 'web', { spec: { replicas: 1 } });
    await untilCounts({ expectedPods: 1, desiredHealthy: 1, disruptionsAllowed: 0 });
  });

  it('follows its own changes and the labels of pods', async () => {
    await cluster.create(replicaSetManifest({ replicas: 2 }));
    await create({ minAvailable: 2 });
    await untilCounts({ expectedPods: 2, disruptionsAllowed: 0 });
    await cluster.patch(podDisruptionBudgets, 'budget', { spec: { minAvailable: 1 } });
    await untilCounts({ observedGeneration: 2, disruptionsAllowed: 1 });
    const [first = ''] = await names();
    await cluster.patch(pods, first, { metadata: { labels: { app: 'released' } } });
    // The ReplicaSet makes another one in its place.
    await cluster.until(async () => (await names()).length === 3);
    await untilCounts({ expectedPods: 2 });
  });

  it('grants evictions one after the other while a ReplicaSet replaces what goes', async () => {
    await cluster.create(replicaSetManifest({ replicas: 2 }));
    await create({ minAvailable: 1 });
    await untilCounts({ disruptionsAllowed: 1, currentHealthy: 2 });
    const [first = '', second = ''] = await names();
    cluster.behaviours.set('nginx:1.27', 'unready');
    assert.equal(await evict(first), 'Evicted');
    await cluster.until(async () => !(await names()).includes(first));
    await untilCounts({ currentHealthy: 1, disruptionsAllowed: 0 });
    await assert.rejects(evict(second), { reason: 'TooManyRequests' });
    const replacement = (await cluster.list<Pod>(pods)).find(({ metadata }) => metadata.name !== second);
    await cluster.setReady(replacement as Pod, true);
    await untilCounts({ currentHealthy: 2, disruptionsAllowed: 1 });
    assert.equal((await get()).status.disruptedPods, undefined);
    assert.equal(await evict(second), 'Evicted');
  });

  it('gives a grant back, after two minutes, that nothing came of', async () => {
    await cluster.create(replicaSetManifest({ replicas: 2 }));
    await create({ minAvailable: 1 });
    await untilCounts({ disruptionsAllowed: 1 });
    const [first = ''] = await names();
    const grantedAt = new Date(cluster.clock.now()).toISOString();
    await cluster.patch(
      podDisruptionBudgets,
      'budget',
      { status: { disruptedPods: { [first]: grantedAt } } },
      'status',
    );
    await untilCounts({ currentHealthy: 1 });
    await cluster.advance(119_000);
    assert.equal((await get()).status.currentHealthy, 1);
    await cluster.advance(3_000);
    await untilCounts({ currentHealthy: 2, disruptionsAllowed: 1 });
    const told = `Warning NotDeleted Pod/${first} Pod was expected by PDB default/budget to be deleted but it wasn't`;
    assert.ok(cluster.events.includes(told));
  });

  it('says that pods are in no number that nobody makes, and counts the others', async () => {
    const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { ...key, name: 'bare', labels: { app: 'web' } } };
    await cluster.create({ ...bare, spec: podTemplate()['spec'] });
    await create({ maxUnavailable: 1 });
    await untilCounts({ observedGeneration: 1, expectedPods: 0, disruptionsAllowed: 0 });
    assert.ok(cluster.events.some((event) => event.startsWith('Warning UnmanagedPods PodDisruptionBudget/budget ')));
    await cluster.patch(podDisruptionBudgets, 'budget', { spec: { maxUnavailable: null, minAvailable: 0 } });
    await untilCounts({ expectedPods: 1, disruptionsAllowed: 1 });
  });

  it('allows nothing when pods cannot be counted, says why, and counts again when they can', async () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'lost', uid: 'lost', controller: true };
    const metadata = { ...key, name: 'orphan', labels: { app: 'web' }, ownerReferences: [owner] };
    await cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podTemplate()['spec'] });
    await create({ maxUnavailable: 1 });
    const reason = async () => (await get()).status.conditions?.[0]?.reason;
    await cluster.until(async () => (await reason()) === 'SyncFailed');
    assert.equal((await get()).status.conditions?.[0]?.message, 'found no controllers for pod "orphan"');
    const told =
      'Warning CalculateExpectedPodCountFailed PodDisruptionBudget/budget Failed to calculate the number of expected pods: found no controllers for pod "orphan"';
    assert.ok(cluster.events.includes(told));
    await cluster.client.delete(pods, { ...key, name: 'orphan' }, { gracePeriodSeconds: 0 });
    await cluster.until(async () => (await reason()) === 'InsufficientPods');
    assert.ok(cluster.events.includes('Normal NoPods PodDisruptionBudget/budget No matching pods found'));
  });
});
