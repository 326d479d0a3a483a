/** Conformance: Deployments. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Deployment } from '../../../src/api/kinds/deployment.ts';
import type { Scale } from '../../../src/api/kinds/scale.ts';
import { deployments, pods, replicaSets } from '../../../src/api/resources.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { template, Workloads } from '../../support/workload-scenarios.ts';

const revision = 'deployment.kubernetes.io/revision';

describe('conformance: Deployments', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  const pathOf = (name: string, part: string) => `/apis/apps/v1/namespaces/default/deployments/${name}/${part}`;

  it('deployment/lifecycle: it is created, changed, scaled, listed and deleted, and a watch sees all of it', async () => {
    const seen: Deployment[] = [];
    const stop = new AbortController();
    const options = { namespace: 'default', labelSelector: 'app=life' };
    const events: string[] = [];
    const watching = (async () => {
      for await (const event of on.client.watch<Deployment>(deployments, options, stop.signal)) {
        if (event.type === 'BOOKMARK') continue;
        events.push(event.type);
        seen.push(event.object);
      }
    })();
    await w.createDeployment('life', { replicas: 2 });
    await w.complete('life');
    const image = 'eliot.test/busybox:2';
    await on.device.loadImage(image);
    const containers = [{ name: 'app', image }];
    await on.patch(deployments, 'life', {
      metadata: { labels: { patched: 'yes' } },
      spec: { replicas: 1, template: { spec: { containers } } },
    });
    await w.complete('life');
    const { items } = await on.client.list<Deployment>(deployments, { labelSelector: 'patched=yes' });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['life'],
    );
    const scaled = await on.rest.json<Scale>({ method: 'GET', path: pathOf('life', 'scale') });
    assert.deepEqual([scaled.spec.replicas, scaled.status.selector], [1, 'app=life']);
    const status = { conditions: [{ type: 'Mine', status: 'True', reason: 'Because', message: 'x' }] };
    await on.client.patch(
      deployments,
      { namespace: 'default', name: 'life' },
      'merge',
      { status },
      { subresource: 'status' },
    );
    const read = await w.deployment('life');
    const changed = { ...read, spec: { ...read.spec, replicas: 2 } };
    // Somebody else may write in between, as the controller does.
    const { resourceVersion: _, ...metadata } = changed.metadata;
    await on.client.update(deployments, { ...changed, metadata } as Deployment);
    await w.complete('life');
    await w.delete(deployments, 'life');
    await w.until('the end of the watch', async () => events.at(-1) === 'DELETED');
    stop.abort();
    await watching.catch(() => {});
    assert.equal(events[0], 'ADDED');
    assert.ok(
      seen.some((each) => each.status.readyReplicas === 2),
      'two ready were seen',
    );
    assert.ok(seen.some((each) => each.metadata.labels?.['patched'] === 'yes'));
    assert.ok(seen.some((each) => each.status.conditions?.some(({ type }) => type === 'Mine')));
  });

  it('deployment/scale-subresource: the number of replicas is read, replaced and patched by itself', async () => {
    await w.createDeployment('scale', { replicas: 1 });
    await w.complete('scale');
    const path = pathOf('scale', 'scale');
    const scale = await on.rest.json<Scale>({ method: 'GET', path });
    assert.deepEqual([scale.kind, scale.spec.replicas], ['Scale', 1]);
    const { resourceVersion: _, ...metadata } = scale.metadata;
    await on.rest.json({ method: 'PUT', path, body: { ...scale, metadata, spec: { replicas: 2 } } });
    assert.equal((await w.complete('scale')).spec.replicas, 2);
    const contentType = 'application/merge-patch+json';
    await on.rest.json({ method: 'PATCH', path, contentType, body: { spec: { replicas: 3 } } });
    assert.equal((await w.complete('scale')).spec.replicas, 3);
    assert.equal((await w.podsOf('scale')).length, 3);
    await w.delete(deployments, 'scale');
  });

  it('deployment/status-subresource: the status is read, replaced and patched, and the spec stays', async () => {
    await w.createDeployment('status');
    const before = await w.complete('status');
    const found = await on.rest.json<Deployment>({ method: 'GET', path: pathOf('status', 'status') });
    assert.equal(found.metadata.uid, before.metadata.uid);
    const condition = (reason: string) => ({ type: 'StatusUpdate', status: 'True', reason, message: 'by e2e' });
    const { resourceVersion: _, ...metadata } = found.metadata;
    const conditions = [...(found.status.conditions ?? []), condition('E2E')];
    const body = { ...found, metadata, spec: { ...found.spec, replicas: 9 }, status: { ...found.status, conditions } };
    await on.rest.json({ method: 'PUT', path: pathOf('status', 'status'), body });
    const hasReason = async (reason: string) =>
      (await w.deployment('status')).status.conditions?.some((each) => each.reason === reason);
    assert.ok(await hasReason('E2E'));
    const patch = { status: { conditions: [condition('Patched')] } };
    const contentType = 'application/merge-patch+json';
    await on.rest.json({ method: 'PATCH', path: pathOf('status', 'status'), contentType, body: patch });
    assert.ok(await hasReason('Patched'));
    assert.deepEqual((await w.deployment('status')).spec, before.spec);
    await w.delete(deployments, 'status');
  });

  it('deployment/recreate: no new pod runs while an old one does', async () => {
    await w.createDeployment('recreate', { strategy: { type: 'Recreate' } });
    await w.complete('recreate');
    const [old] = await w.podsOf('recreate');
    const stop = new AbortController();
    const running = new Map<string, string>();
    const together: string[] = [];
    const watching = (async () => {
      const options = { namespace: 'default', labelSelector: 'app=recreate' };
      for await (const event of on.client.watch<typeof old & object>(pods, options, stop.signal)) {
        if (event.type === 'BOOKMARK') continue;
        const { name = '', labels } = event.object.metadata;
        // One that has ended may still be there for a moment: Recreate waits for the end, not for the last trace.
        if (event.type === 'DELETED' || event.object.status.phase !== 'Running') running.delete(name);
        else running.set(name, labels?.['pod-template-hash'] ?? '');
        if (new Set(running.values()).size > 1) together.push(name);
      }
    })();
    await w.change(deployments, 'recreate', { template: template('recreate', { env: [{ name: 'V', value: '2' }] }) });
    await w.complete('recreate');
    stop.abort();
    await watching.catch(() => {});
    assert.deepEqual(together, []);
    assert.notEqual((await w.podsOf('recreate'))[0]?.metadata.uid, old?.metadata.uid);
    await w.delete(deployments, 'recreate');
  });

  it('deployment/rolling-update: pods go over from a ReplicaSet that was there before, and revisions are counted', async () => {
    const annotations = { [revision]: '3546343826724305832' };
    await w.createReplicaSet('rolling', { replicas: 1 }, { annotations });
    await w.ready('rolling', 1);
    await w.createDeployment('rolling', { template: template('rolling', { env: [{ name: 'V', value: '2' }] }) });
    const deployment = await w.complete('rolling');
    assert.equal(deployment.metadata.annotations?.[revision], '3546343826724305833');
    const old = await w.replicaSet('rolling');
    assert.equal(old.spec.replicas, 0);
    assert.equal(old.metadata.ownerReferences?.[0]?.uid, deployment.metadata.uid);
    const sets = await w.replicaSetsOf('rolling');
    assert.equal(
      sets.find(({ metadata }) => metadata.name !== 'rolling')?.metadata.annotations?.[revision],
      '3546343826724305833',
    );
    await w.delete(deployments, 'rolling');
  });

  it('deployment/revision-history-limit: old ReplicaSets beyond the limit go', async () => {
    const rolled = template('history', { env: [{ name: 'V', value: '2' }] });
    await w.createReplicaSet('history', { replicas: 1 });
    await w.ready('history', 1);
    await w.createDeployment('history', { template: rolled, revisionHistoryLimit: 0 });
    await w.complete('history');
    await w.until('the end of the old ReplicaSet', () => w.isGone(replicaSets, 'history'));
    assert.deepEqual(await w.sizes('history'), [1]);
    await w.delete(deployments, 'history');
  });

  it('deployment/rollover: a template changed in mid-rollout goes straight to the newest', async () => {
    await w.createReplicaSet('rollover', { replicas: 1 });
    await w.ready('rollover', 1);
    const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
    const missing = template('rollover', { image: 'eliot.test/missing:1', imagePullPolicy: 'Never' });
    await w.createDeployment('rollover', { template: missing, strategy, minReadySeconds: 1 });
    await w.until('the second ReplicaSet', async () => (await w.sizes('rollover')).join() === '1,1');
    await w.change(deployments, 'rollover', { template: template('rollover', { env: [{ name: 'V', value: '3' }] }) });
    await w.complete('rollover');
    assert.deepEqual(await w.sizes('rollover'), [0, 0, 1]);
    await w.delete(deployments, 'rollover');
  });

  it('deployment/proportional-scaling: replicas that are added in mid-rollout are split by size', async () => {
    const strategy = { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
    const image = 'eliot.test/missing:404';
    await w.createDeployment('shares', { replicas: 10, strategy, template: template('shares') });
    await w.complete('shares');
    await w.change(deployments, 'shares', { template: template('shares', { image, imagePullPolicy: 'Never' }) });
    await w.until('8 and 5', async () => (await w.sizes('shares')).join() === '8,5');
    await w.until('8 available', async () => (await w.deployment('shares')).status.availableReplicas === 8);
    await w.change(deployments, 'shares', { replicas: 30 });
    await w.until('20 and 13', async () => (await w.sizes('shares')).join() === '20,13');
    await w.delete(deployments, 'shares');
  });
});
