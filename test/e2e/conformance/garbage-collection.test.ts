/** Conformance: garbage collection by owner references. A ReplicaSet stands in for the replication controller. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deployments, pods, replicaSets } from '../../../src/api/resources.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { Workloads } from '../../support/workload-scenarios.ts';

/** What is orphaned is watched this long: it must stay for good. */
const quietMs = 3_000;

describe('conformance: garbage collection', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  it('gc/deployment-background: deleting a Deployment removes its ReplicaSets and their pods', async () => {
    await w.createDeployment('background', { replicas: 2 });
    await w.complete('background');
    await w.delete(deployments, 'background', 'Background');
    await w.until('no ReplicaSets', async () => (await w.replicaSetsOf('background')).length === 0);
    await w.until('no pods', async () => {
      const options = { namespace: 'default', labelSelector: 'app=background' };
      return (await on.client.list(pods, options)).items.length === 0;
    });
  });

  it('gc/deployment-orphan: ReplicaSet and pods live on without their owner', async () => {
    await w.createDeployment('orphan', { replicas: 2 });
    await w.complete('orphan');
    const before = (await w.podsOf('orphan')).map(({ metadata }) => metadata.uid).sort();
    await w.delete(deployments, 'orphan', 'Orphan');
    await w.until('the end of the Deployment', () => w.isGone(deployments, 'orphan'));
    await delay(quietMs);
    const [set, ...others] = await w.replicaSetsOf('orphan');
    assert.deepEqual([others.length, set?.metadata.ownerReferences, set?.spec.replicas], [0, undefined, 2]);
    assert.deepEqual((await w.podsOf('orphan')).map(({ metadata }) => metadata.uid).sort(), before);
    await w.delete(replicaSets, set?.metadata.name ?? '');
  });

  it('gc/pods-background: deleting the owner removes its pods', async () => {
    await w.createReplicaSet('owner', { replicas: 2 });
    await w.ready('owner', 2);
    await w.delete(replicaSets, 'owner', 'Background');
    assert.ok(await w.isGone(replicaSets, 'owner'), 'the owner goes at once');
    await w.until('no pods', async () => (await w.podsOf('owner')).length === 0);
  });

  it('gc/pods-orphan: pods that are orphaned run for good', async () => {
    await w.createReplicaSet('left', { replicas: 2 });
    await w.ready('left', 2);
    await w.delete(replicaSets, 'left', 'Orphan');
    await w.until('the end of the owner', () => w.isGone(replicaSets, 'left'));
    await delay(quietMs);
    const found = await w.podsOf('left');
    assert.deepEqual(
      found.map(({ metadata, status }) => [metadata.ownerReferences, status.phase]),
      [
        [undefined, 'Running'],
        [undefined, 'Running'],
      ],
    );
    for (const { metadata } of found) await on.delete(metadata.name ?? '');
  });

  it('gc/foreground-owner-last: the owner stays until its last pod is gone', async () => {
    await w.createReplicaSet('last', { replicas: 2 });
    await w.ready('last', 2);
    const [held] = await w.podsOf('last');
    const name = held?.metadata.name ?? '';
    await on.patch(pods, name, { metadata: { finalizers: ['eliot.test/hold'] } });
    await w.delete(replicaSets, 'last', 'Foreground');
    await w.until('the end of the other pod', async () => {
      const options = { namespace: 'default', labelSelector: 'app=last' };
      return (await on.client.list(pods, options)).items.length === 1;
    });
    const { metadata } = await w.replicaSet('last');
    assert.ok(metadata.deletionTimestamp);
    assert.deepEqual(metadata.finalizers, ['foregroundDeletion']);
    await on.patch(pods, name, { metadata: { finalizers: null } }, 'merge');
    await w.until('the end of the owner', () => w.isGone(replicaSets, 'last'));
  });

  it('gc/two-owners: a pod with a second living owner stays, and loses only the one that ends', async () => {
    await w.createReplicaSet('ends', { replicas: 4 });
    const stays = await w.createReplicaSet('stays', { replicas: 0 });
    await w.ready('ends', 4);
    const shared = (await w.podsOf('ends')).slice(0, 2).map(({ metadata }) => metadata.name ?? '');
    const { name, uid } = stays.metadata;
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid }];
    for (const pod of shared) await on.patch(pods, pod, { metadata: { ownerReferences } });
    await w.delete(replicaSets, 'ends', 'Foreground');
    await w.until('the end of the owner', () => w.isGone(replicaSets, 'ends'));
    await delay(quietMs);
    const left = await w.podsOf('ends');
    assert.deepEqual(left.map(({ metadata }) => metadata.name).sort(), shared.toSorted());
    for (const { metadata } of left)
      assert.deepEqual(
        metadata.ownerReferences?.map((owner) => owner.name),
        ['stays'],
      );
    await w.delete(replicaSets, 'stays');
    await w.until('no pods', async () => (await w.podsOf('ends')).length === 0);
  });

  it('gc/cycle: three pods that own each other all go after one is deleted', async () => {
    const names = await Promise.all([1, 2, 3].map(() => on.running({ line: 'sleep 3600' })));
    const found = await Promise.all(names.map((name) => on.pod(name)));
    for (const [index, name] of names.entries()) {
      const { metadata } = found[(index + 2) % 3] ?? {};
      const owner = { apiVersion: 'v1', kind: 'Pod', name: metadata?.name, uid: metadata?.uid };
      const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
      await on.patch(pods, name, { metadata: { ownerReferences } });
    }
    await w.delete(pods, names[0] ?? '', 'Foreground');
    await w.until('the end of all three', async () => {
      const gone = await Promise.all(names.map((name) => w.isGone(pods, name)));
      return gone.every(Boolean);
    });
  });
});
