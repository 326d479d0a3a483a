/** Conformance: ReplicaSets; `quota/replicaset-count` stands with the quotas. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ReplicaSet } from '../../../src/api/kinds/replica-set.ts';
import type { Scale } from '../../../src/api/kinds/scale.ts';
import { pods, replicaSets } from '../../../src/api/resources.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { template, Workloads } from '../../support/workload-scenarios.ts';

describe('conformance: ReplicaSets', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  const pathOf = (name: string, part: string) => `/apis/apps/v1/namespaces/default/replicasets/${name}/${part}`;

  it('replicaset/serve-image: each replica runs and answers with its own name', async () => {
    const answer = 'printf "HTTP/1.0 200 OK\\r\\n\\r\\n%s" $HOSTNAME';
    const line = `mkdir -p /tmp/w; cd /tmp/w; echo '#!/bin/sh' >a; echo '${answer}' >>a; chmod +x a; while :; do nc -l -p 9376 -e ./a; done`;
    await w.createReplicaSet('serve', { replicas: 3, template: template('serve', { command: ['sh', '-c', line] }) });
    await w.ready('serve', 3);
    for (const pod of await w.podsOf('serve')) {
      const url = `http://${pod.status.podIP}:9376/`;
      const text = await w.until(`an answer of ${url}`, async () => (await fetch(url)).text());
      assert.equal(text, pod.metadata.name);
    }
    await w.delete(replicaSets, 'serve');
  });

  it('replicaset/scale-subresource: the number of replicas is read, replaced and patched by itself', async () => {
    await w.createReplicaSet('scale', { replicas: 1 });
    await w.ready('scale', 1);
    const path = pathOf('scale', 'scale');
    const scale = await on.rest.json<Scale>({ method: 'GET', path });
    assert.equal(scale.spec.replicas, 1);
    const { resourceVersion: _, ...metadata } = scale.metadata;
    await on.rest.json({ method: 'PUT', path, body: { ...scale, metadata, spec: { replicas: 2 } } });
    await w.ready('scale', 2);
    const contentType = 'application/merge-patch+json';
    await on.rest.json({ method: 'PATCH', path, contentType, body: { spec: { replicas: 4 } } });
    assert.equal((await w.replicaSet('scale')).spec.replicas, 4);
    await w.ready('scale', 4);
    await w.delete(replicaSets, 'scale');
  });

  it('replicaset/status-subresource: the status is read, replaced and patched, and the spec stays', async () => {
    await w.createReplicaSet('status');
    const before = await w.ready('status', 1);
    const path = pathOf('status', 'status');
    const found = await on.rest.json<ReplicaSet>({ method: 'GET', path });
    const condition = (reason: string) => ({ type: 'StatusUpdate', status: 'True', reason, message: 'by e2e' });
    const { resourceVersion: _, ...metadata } = found.metadata;
    const body = { ...found, metadata, status: { ...found.status, conditions: [condition('E2E')] } };
    await on.rest.json({ method: 'PUT', path, body });
    const reasons = async () => (await w.replicaSet('status')).status.conditions?.map(({ reason }) => reason);
    assert.deepEqual(await reasons(), ['E2E']);
    const contentType = 'application/merge-patch+json';
    const patch = { status: { conditions: [condition('Patched')] } };
    await on.rest.json({ method: 'PATCH', path, contentType, body: patch });
    assert.deepEqual(await reasons(), ['Patched']);
    assert.deepEqual((await w.replicaSet('status')).spec, before.spec);
    await w.delete(replicaSets, 'status');
  });

  it('replicaset/replace-and-patch: a PUT scales it, a patch of replicas, image and labels is carried out', async () => {
    await w.createReplicaSet('replace');
    const { metadata, ...found } = await w.ready('replace', 1);
    const { resourceVersion: _, ...rest } = metadata;
    await on.client.update(replicaSets, {
      ...found,
      metadata: rest,
      spec: { ...found.spec, replicas: 2 },
    } as ReplicaSet);
    await w.ready('replace', 2);
    const image = 'eliot.test/busybox:patched';
    await on.device.loadImage(image);
    const spec = {
      replicas: 3,
      template: {
        metadata: { labels: { 'test-rs': 'patched' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] },
      },
    };
    await on.patch(replicaSets, 'replace', { metadata: { labels: { 'test-rs': 'patched' } }, spec });
    const patched = await w.ready('replace', 3);
    assert.equal(patched.metadata.labels?.['test-rs'], 'patched');
    const images = (await w.podsOf('replace')).map((pod) => pod.spec.containers[0]?.image);
    assert.equal(images.filter((each) => each === image).length, 1, 'only the pod that was added has the new image');
    await w.delete(replicaSets, 'replace');
  });

  it('replicaset/adopt-release: a matching pod is adopted, and one that matches no longer is let go', async () => {
    const pod = await on.running({
      line: 'sleep 3600',
      metadata: { labels: { app: 'adopt' } },
      spec: { restartPolicy: 'Always' },
    });
    const { metadata } = await w.createReplicaSet('adopt');
    const owner = async () => (await on.pod(pod)).metadata.ownerReferences?.[0];
    await w.until('adoption', async () => (await owner())?.uid === metadata.uid);
    assert.equal((await owner())?.controller, true);
    assert.equal((await w.podsOf('adopt')).length, 1);
    await on.patch(pods, pod, { metadata: { labels: { app: 'released' } } });
    await w.until('release', async () => (await owner()) === undefined);
    await w.until('another pod', async () => (await w.podsOf('adopt')).length === 1);
    await on.delete(pod);
    await w.delete(replicaSets, 'adopt');
  });

  it('replicaset/collection: a collection is listed by label and deleted', async () => {
    const labels = { e2e: 'collection' };
    const created = ['many-1', 'many-2', 'many-3'];
    await Promise.all(created.map((name) => w.createReplicaSet(name, {}, { labels })));
    const labelSelector = 'e2e=collection';
    const list = async () => (await on.client.list(replicaSets, { namespace: 'default', labelSelector })).items;
    assert.equal((await list()).length, 3);
    await on.rest.json({
      method: 'DELETE',
      path: '/apis/apps/v1/namespaces/default/replicasets',
      query: { labelSelector },
    });
    await w.until('an empty list', async () => (await list()).length === 0);
    await w.until('the end of their pods', async () => {
      const all = await Promise.all(created.map((name) => w.podsOf(name)));
      return all.flat().length === 0;
    });
  });

  it('kubectl/describe: pods, their controller, node and namespace are described with their facts', async () => {
    await w.createReplicaSet('described');
    await w.ready('described', 1);
    const [pod] = await w.podsOf('described');
    const name = pod?.metadata.name ?? '';
    const describe = async (...args: string[]): Promise<string> =>
      (await on.device.kubectlOk(['describe', ...args])).stdout;
    const ofPod = await describe('pod', name);
    for (const says of [
      new RegExp(`^Name: +${name}\n`),
      /\nNamespace: +default\n/,
      /\nNode: +device\//,
      /\nLabels: +app=described\n/,
      /\nStatus: +Running\n/,
      /\nIP: +10\./,
      /\nControlled By: +ReplicaSet\/described\n/,
      /Image: +eliot.test\/busybox:1\n/,
      /State: +Running/,
      /QoS Class: +BestEffort/,
    ]) {
      assert.match(ofPod, says);
    }
    const ofSet = await describe('replicaset', 'described');
    for (const says of [
      /^Name: +described\n/,
      /\nSelector: +app=described\n/,
      /\nReplicas: +1 current \/ 1 desired\n/,
      /\nPods Status: +1 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed\n/,
      new RegExp(`SuccessfulCreate +\\S+.* replicaset-controller +Created pod: ${name}`),
    ]) {
      assert.match(ofSet, says);
    }
    assert.match(await describe('node', 'device'), new RegExp(`default +${name} `));
    assert.match(await describe('namespace', 'default'), /\nStatus: +Active\n/);
    await w.delete(replicaSets, 'described');
  });
});
