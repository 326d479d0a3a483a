import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { namespaces, pods, replicaSets, resourceQuotas } from '../../api/resources.ts';
import { StatusError } from '../../lib/status-error.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { podTemplate, replicaSetManifest } from '../../testing/workloads.ts';
import { ReplicaSetController } from './replica-set.ts';

let cluster: WorkloadCluster;

beforeEach(async () => {
  cluster = await WorkloadCluster.start();
});
afterEach(() => cluster.stop());

const start = (): void => {
  const { client, clock, log } = cluster;
  const events = { recordFor: cluster.recordFor };
  const deps = { client, clock, log, events, replicaSets: cluster.replicaSets, pods: cluster.pods };
  cluster.run((signal) => new ReplicaSetController(deps).run(signal));
};
const get = (): Promise<ReplicaSet> => cluster.client.get(replicaSets, { namespace: 'default', name: 'web' });
const list = () => cluster.list<Pod>(pods);
const create = (spec: Readonly<Record<string, unknown>> = {}) => cluster.create<ReplicaSet>(replicaSetManifest(spec));

describe('ReplicaSetController', () => {
  it('makes the pods of the template, owned by their ReplicaSet, and counts them', async () => {
    start();
    const { metadata } = await create({ replicas: 3 });
    await cluster.until(async () => (await get()).status.availableReplicas === 3);
    const [pod, ...others] = await list();
    assert.equal(others.length, 2);
    assert.match(pod?.metadata.name ?? '', /^web-[a-z0-9]{5}$/);
    assert.deepEqual(pod?.metadata.labels, { app: 'web' });
    assert.deepEqual(pod?.metadata.ownerReferences, [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web',
        uid: metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    await cluster.settle();
    const { status } = await get();
    assert.deepEqual(status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    assert.equal(
      cluster.events.filter((event) => /^Normal SuccessfulCreate ReplicaSet\/web Created pod: web-/.test(event)).length,
      3,
    );
  });

  it('makes and ends no more than the difference when the number changes', async () => {
    start();
    await create({ replicas: 2 });
    await cluster.until(async () => (await get()).status.readyReplicas === 2);
    const before = new Set((await list()).map(({ metadata }) => metadata.uid));
    await cluster.patch(replicaSets, 'web', { spec: { replicas: 5 } });
    await cluster.until(async () => (await get()).status.readyReplicas === 5);
    const kept = (await list()).filter(({ metadata }) => before.has(metadata.uid));
    assert.deepEqual([(await list()).length, kept.length], [5, 2]);
    await cluster.patch(replicaSets, 'web', { spec: { replicas: 0 } });
    await cluster.until(async () => (await list()).length === 0);
    await cluster.settle();
    assert.deepEqual((await get()).status.replicas, 0);
  });

  it('brings back a pod that was deleted or has failed', async () => {
    start();
    await create({ replicas: 1 });
    await cluster.until(async () => (await get()).status.readyReplicas === 1);
    const [first] = await list();
    await cluster.patch(pods, first?.metadata.name ?? '', { status: { phase: 'Failed' } }, 'status');
    await cluster.until(async () => (await list()).length === 2, 'a second pod');
    const second = (await list()).find(({ metadata }) => metadata.uid !== first?.metadata.uid);
    await cluster.client.delete(pods, { namespace: 'default', name: second?.metadata.name ?? '' });
    await cluster.until(async () => (await list()).every(({ metadata }) => metadata.uid !== second?.metadata.uid));
    await cluster.until(async () => (await get()).status.readyReplicas === 1);
  });

  it('makes ever fewer pods when each fails as it is made, and at once again when one has worked', async () => {
    cluster.behaviours.set('nginx:1.27', 'refused');
    start();
    await create({ replicas: 1 });
    await cluster.until(async () => (await list()).length === 2, 'a replacement at once');
    await cluster.settle();
    assert.equal((await list()).length, 2);
    // After 1, 2, 4, … seconds; then every five minutes.
    await cluster.advance(60_000);
    const afterMinute = (await list()).length;
    assert.ok(afterMinute >= 5 && afterMinute <= 8, `${afterMinute} pods`);
    cluster.behaviours.delete('nginx:1.27');
    await cluster.advance(120_000);
    await cluster.until(async () => (await get()).status.readyReplicas === 1);
    const working = (await list()).find(({ status }) => status.phase === 'Running');
    const count = (await list()).length;
    await cluster.patch(pods, working?.metadata.name ?? '', { status: { phase: 'Failed' } }, 'status');
    await cluster.until(async () => (await list()).length === count + 1, 'a replacement at once');
  });

  it('adopts a pod that it selects, and lets go of one that it no longer selects', async () => {
    const template = podTemplate();
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
      spec: template['spec'],
    });
    start();
    const { metadata } = await create({ replicas: 1 });
    const orphan = (): Promise<Pod> => cluster.client.get(pods, { namespace: 'default', name: 'orphan' });
    await cluster.until(async () => (await orphan()).metadata.ownerReferences?.[0]?.uid === metadata.uid, 'adoption');
    assert.equal((await list()).length, 1);
    await cluster.patch(pods, 'orphan', { metadata: { labels: { app: 'other' } } });
    await cluster.until(async () => (await orphan()).metadata.ownerReferences === undefined, 'release');
    await cluster.until(async () => (await list()).length === 2, 'a new pod in its place');
  });

  it('counts a pod as available only after minReadySeconds, whatever the wall clock does', async () => {
    start();
    await create({ replicas: 1, minReadySeconds: 30 });
    await cluster.until(async () => (await get()).status.readyReplicas === 1);
    cluster.clock.jumpTo(Date.UTC(2036, 0, 1));
    await cluster.advance(29_000);
    assert.equal((await get()).status.availableReplicas, undefined);
    await cluster.advance(2_000);
    assert.equal((await get()).status.availableReplicas, 1);
  });

  it('is looked at ever more rarely while its copy does not become current', async () => {
    start();
    let refusals = 0;
    cluster.client.update = () => {
      refusals += 1;
      return Promise.reject(new StatusError('Conflict', 'the object has been modified'));
    };
    await create({ replicas: 0 });
    await cluster.advance(60_000);
    const before = refusals;
    assert.ok(before > 1);
    await cluster.advance(600_000);
    assert.ok(refusals - before <= 20, `${refusals - before} times in ten minutes`);
  });

  it('makes as many pods as the device takes, says that it wants more, and makes them when there is room', async () => {
    start();
    await create({ replicas: 100_000 });
    await cluster.until(async () => (await get()).status.conditions?.[0]?.type === 'ReplicaFailure');
    await cluster.until(async () => (await get()).status.readyReplicas === 100);
    await cluster.advance(120_000);
    assert.equal((await list()).length, 100);
    const [condition] = (await get()).status.conditions ?? [];
    assert.equal(condition?.reason, 'FailedCreate');
    assert.match(
      condition?.message ?? '',
      /^pods "web-[a-z0-9]{5}" is forbidden: exceeded quota: podQuota, requested: pods=1, used: pods=100, limited: pods=100$/,
    );
    const [first] = await list();
    await cluster.client.delete(pods, { namespace: 'default', name: first?.metadata.name ?? '' });
    await cluster.until(async () => {
      const found = await list();
      return found.length === 100 && found.every(({ metadata }) => metadata.uid !== first?.metadata.uid);
    });
    await cluster.patch(replicaSets, 'web', { spec: { replicas: 3 } });
    await cluster.until(async () => (await list()).length === 3);
    await cluster.until(async () => (await get()).status.conditions === undefined);
  });

  it('says why pods cannot be made, and tries again', async () => {
    start();
    const { create: original } = cluster.client;
    let refusals = 0;
    let isFull = true;
    cluster.client.create = (async (resource, object, options) => {
      if (resource.resource === 'pods' && isFull) {
        refusals += 1;
        throw new Error('no room');
      }
      return original.call(cluster.client, resource, object, options);
    }) as typeof original;
    await create({ replicas: 4 });
    await cluster.until(async () => (await get()).status.conditions !== undefined);
    const [condition] = (await get()).status.conditions ?? [];
    assert.deepEqual(
      [condition?.type, condition?.status, condition?.reason, condition?.message],
      ['ReplicaFailure', 'True', 'FailedCreate', 'no room'],
    );
    assert.ok(cluster.events.includes('Warning FailedCreate ReplicaSet/web Error creating: no room'));
    // Each try begins with one: the other three are spared. One more try came with the change of the status.
    await cluster.settle();
    assert.equal(refusals, 2);
    isFull = false;
    await cluster.advance(2_000);
    await cluster.until(async () => (await get()).status.readyReplicas === 4);
    assert.equal((await get()).status.conditions, undefined);
  });

  it('makes as many pods as a quota has room for, and the others when it has', async () => {
    start();
    const metadata = { name: 'team', namespace: 'default' };
    const spec = { hard: { pods: '2' } };
    await cluster.client.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec });
    await create({ replicas: 3 });
    await cluster.until(async () => (await get()).status.readyReplicas === 2);
    await cluster.settle();
    const said = 'is forbidden: exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2';
    assert.ok((await get()).status.conditions?.[0]?.message?.endsWith(said));
    const refusals = () => cluster.events.filter((event) => event.endsWith(said)).length;
    const before = refusals();
    assert.ok(before <= 5, `refused ${before} times in no time`);
    await cluster.advance(600_000);
    assert.ok(refusals() - before <= 20, `refused ${refusals() - before} times in ten minutes`);
    await cluster.patch(resourceQuotas, 'team', { spec: { hard: { pods: '3' } } });
    await cluster.advance(60_000);
    await cluster.until(async () => (await get()).status.readyReplicas === 3);
  });

  it('makes no pods in a namespace that is going away', async () => {
    start();
    const metadata = { name: 'shop' };
    await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const web = await cluster.create(replicaSetManifest({ replicas: 0 }, { namespace: 'shop' }));
    await cluster.settle();
    await cluster.client.delete(namespaces, metadata);
    const key = { namespace: 'shop', name: 'web' };
    await cluster.client.patch(replicaSets, key, 'merge', { spec: { replicas: 1 } });
    await cluster.until(async () => {
      const { metadata: now, status } = await cluster.client.get<ReplicaSet>(replicaSets, key);
      return status.observedGeneration === now.generation && now.uid === web.metadata.uid;
    });
    await cluster.advance(5_000);
    assert.deepEqual(await list(), []);
    assert.ok(!cluster.events.some((event) => event.includes('FailedCreate')));
  });

  it('leaves pods of another ReplicaSet alone, though it selects them', async () => {
    start();
    await cluster.create(replicaSetManifest({ replicas: 1 }, { name: 'other' }));
    await cluster.until(async () => (await list()).length === 1);
    await create({ replicas: 1 });
    await cluster.until(async () => (await get()).status.readyReplicas === 1);
    assert.deepEqual((await list()).map(({ metadata }) => metadata.ownerReferences?.[0]?.name).sort(), [
      'other',
      'web',
    ]);
  });

  it('that is made anew under its name does not wait for the pods of the one before', async () => {
    start();
    await create({ replicas: 2 });
    await cluster.until(async () => (await get()).status.readyReplicas === 2);
    const before = new Set((await list()).map(({ metadata }) => metadata.uid));
    await cluster.client.delete(replicaSets, { namespace: 'default', name: 'web' });
    const { metadata } = await create({ replicas: 2 });
    await cluster.until(async () => (await get()).status.readyReplicas === 2);
    const own = (await list()).filter(({ metadata: pod }) => pod.ownerReferences?.[0]?.uid === metadata.uid);
    assert.ok(own.length === 2 && own.every(({ metadata: pod }) => !before.has(pod.uid)));
  });
});
