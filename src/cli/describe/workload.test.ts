/** `eli describe deployment` and `replicaset` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { deployments, pods, replicaSets } from '../../api/resources.ts';
import { eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';

function template(labels: Readonly<Record<string, string>>, image: string): object {
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } };
}

describe('describe', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    const labels = { app: 'web' };
    const deployment = await device.client.create<KubeObject>(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: template(labels, 'x:2') },
    });
    const condition = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' };
    const counts = { replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1, unavailableReplicas: 1 };
    const status = { ...counts, conditions: [condition] };
    const key = { namespace: 'default', name: 'web' };
    await device.client.patch(deployments, key, 'merge', { status }, { subresource: 'status' });
    for (const [name, uid] of [
      ['x:1', deployment.metadata.uid],
      ['x:2', deployment.metadata.uid],
      ['x:3', 'somebody-else'],
    ] as const) {
      const hash = name.replace(':', '');
      const hashed = { ...labels, 'pod-template-hash': hash };
      const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: uid ?? '', controller: true };
      await device.client.create<KubeObject>(replicaSets, {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: `web-${hash}`, namespace: 'default', labels: hashed, ownerReferences: [owner] },
        spec: { replicas: 0, selector: { matchLabels: hashed }, template: template(hashed, name) },
      });
    }
  });
  after(() => device.close());

  const run = async (args: string): Promise<string> => {
    const { stdout, stderr } = await eli(['describe', ...args.split(' ')], {
      env: { ELIOT_RUN_DIR: device.runDirectory },
    });
    assert.equal(stderr, '');
    return stdout;
  };

  it('tells how far a Deployment is, what its pods are, and which ReplicaSets are its own', async () => {
    const text = await run('deploy web');
    for (const line of [
      /^Selector: +app=web$/m,
      /^Replicas: +2 desired \| 2 updated \| 2 total \| 1 available \| 1 unavailable$/m,
      /^RollingUpdateStrategy: +25% max unavailable, 25% max surge$/m,
      /^Pod Template:\n {2}Labels: +app=web\n {2}Containers:\n {3}main:\n {4}Image: +x:2$/m,
      /^Conditions:\n {2}Type +Status +Reason\n {2}---- +------ +------\n {2}Available +True +MinimumReplicasAvailable$/m,
      /^OldReplicaSets: +web-x1 \(0\/0 replicas created\)$/m,
      /^NewReplicaSet: +web-x2 \(0\/0 replicas created\)$/m,
    ]) {
      assert.match(text, line);
    }
  });

  it('counts the pods of a ReplicaSet by what they do', async () => {
    const set = await device.client.get<KubeObject>(replicaSets, { namespace: 'default', name: 'web-x1' });
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web-x1',
      uid: set.metadata.uid,
      controller: true,
    };
    for (const [name, phase] of [
      ['a', 'Running'],
      ['b', 'Failed'],
      ['c', 'Running'],
    ] as const) {
      await startTestPod(device.client, { name, labels: { app: 'web', 'pod-template-hash': 'x1' } }, phase);
      if (name === 'c') continue;
      const key = { namespace: 'default', name };
      await device.client.patch(pods, key, 'merge', { metadata: { ownerReferences: [owner] } });
    }
    const text = await run('rs web-x1');
    assert.match(text, /^Controlled By: +Deployment\/web\nReplicas: +0 current \/ 0 desired$/m);
    assert.match(text, /^Pods Status: +1 Running \/ 0 Waiting \/ 0 Succeeded \/ 1 Failed$/m);
  });
});
