/** Conformance: disruption budgets, and evictions that they hold up. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PodDisruptionBudget } from '../../../src/api/kinds/pod-disruption-budget.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { namespaces, podDisruptionBudgets, replicaSets } from '../../../src/api/resources.ts';
import { isStatusError, type StatusError } from '../../../src/lib/status-error.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { Workloads } from '../../support/workload-scenarios.ts';

type Fields = Readonly<Record<string, unknown>>;

describe('conformance: disruption budgets', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  const create = (name: string, spec: Fields, metadata: Fields = {}): Promise<PodDisruptionBudget> =>
    on.client.create(podDisruptionBudgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace: 'default', ...metadata },
      spec: { selector: { matchLabels: { app: name } }, ...spec },
    } as KubeObject) as Promise<never>;
  const get = (name: string): Promise<PodDisruptionBudget> =>
    on.client.get(podDisruptionBudgets, { namespace: 'default', name });
  const untilStatus = (name: string, isSo: (status: PodDisruptionBudget['status']) => boolean) =>
    w.until(`the status of ${name}`, async () => {
      const found = await get(name);
      return found.status.observedGeneration === found.metadata.generation && isSo(found.status) && found;
    });
  const pathOf = (name: string) => `/apis/policy/v1/namespaces/default/poddisruptionbudgets/${name}`;
  const evict = (name: string) =>
    on.rest.json<{ status: string }>({
      method: 'POST',
      path: `/api/v1/namespaces/default/pods/${name}/eviction`,
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } },
    });
  const podOf = async (app: string): Promise<string> => (await w.podsOf(app))[0]?.metadata.name ?? '';

  it('pdb/crud: a budget is made, replaced, patched and deleted, and takes effect each time', async () => {
    await create('crud', { minAvailable: 1 });
    const created = await untilStatus('crud', () => true);
    const { resourceVersion: _, ...metadata } = created.metadata;
    const body = { ...created, metadata, spec: { ...created.spec, minAvailable: '2%' } };
    await on.rest.json({ method: 'PUT', path: pathOf('crud'), body });
    assert.equal((await untilStatus('crud', () => true)).spec.minAvailable, '2%');
    const contentType = 'application/merge-patch+json';
    await on.rest.json({ method: 'PATCH', path: pathOf('crud'), contentType, body: { spec: { minAvailable: '3%' } } });
    assert.equal((await untilStatus('crud', () => true)).spec.minAvailable, '3%');
    // The selector is replaced, not merged.
    await on.patch(podDisruptionBudgets, 'crud', { spec: { selector: { matchLabels: { other: 'yes' } } } });
    assert.deepEqual((await get('crud')).spec.selector, { matchLabels: { other: 'yes' } });
    await w.delete(podDisruptionBudgets, 'crud');
    assert.ok(await w.isGone(podDisruptionBudgets, 'crud'));
  });

  it('pdb/collection: budgets are listed over all namespaces and deleted together', async () => {
    await on.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'beside' } });
    const labels = { e2e: 'collection' };
    await create('one', { minAvailable: 1 }, { labels });
    await create('two', { maxUnavailable: '10%' }, { labels });
    await create('three', { minAvailable: 1 }, { labels, namespace: 'beside' });
    const list = async (namespace?: string) => {
      const where = namespace === undefined ? {} : { namespace };
      const { items } = await on.client.list(podDisruptionBudgets, { ...where, labelSelector: 'e2e=collection' });
      return items.map(({ metadata }) => metadata.name).sort();
    };
    assert.deepEqual(await list(), ['one', 'three', 'two']);
    assert.deepEqual(await list('default'), ['one', 'two']);
    await on.rest.json({
      method: 'DELETE',
      path: '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
      query: { labelSelector: 'e2e=collection' },
    });
    assert.deepEqual(await list(), ['three']);
    await on.client.delete(namespaces, { name: 'beside' });
  });

  it('pdb/status-observed: the status tells of the pods that there are', async () => {
    await create('observed', { minAvailable: 1 });
    await untilStatus('observed', ({ expectedPods }) => expectedPods === 0);
    await w.createReplicaSet('observed', { replicas: 3 });
    const { status } = await untilStatus('observed', ({ currentHealthy }) => currentHealthy === 3);
    assert.deepEqual([status.expectedPods, status.desiredHealthy, status.disruptionsAllowed], [3, 1, 2]);
    assert.deepEqual(
      status.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
      [['DisruptionAllowed', 'True', 'SufficientPods']],
    );
    await w.delete(replicaSets, 'observed');
  });

  it('pdb/status-subresource: the status is replaced and patched by itself', async () => {
    await w.createReplicaSet('status');
    await w.ready('status', 1);
    await create('status', { minAvailable: 1 });
    const found = await untilStatus('status', ({ expectedPods }) => expectedPods === 1);
    // The controller forgets pods that are not there, and gives those that stay two minutes.
    const disruptedPods = { [await podOf('status')]: new Date().toISOString().replace(/\.\d+/, '') };
    const { resourceVersion: _, ...metadata } = found.metadata;
    const path = `${pathOf('status')}/status`;
    const body = { ...found, metadata, status: { ...found.status, disruptedPods } };
    await on.rest.json({ method: 'PUT', path, body });
    const replaced = await untilStatus('status', ({ currentHealthy }) => currentHealthy === 0);
    assert.deepEqual(replaced.status.disruptedPods, disruptedPods);
    const contentType = 'application/merge-patch+json';
    await on.rest.json({ method: 'PATCH', path, contentType, body: { status: { disruptedPods: null } } });
    const patched = await untilStatus('status', ({ currentHealthy }) => currentHealthy === 1);
    assert.equal(patched.status.disruptedPods, undefined);
    assert.deepEqual(patched.spec, found.spec);
    await w.delete(replicaSets, 'status');
  });

  it('pdb/eviction-blocked: an eviction is refused until the budget is loosened or gone', async () => {
    await w.createReplicaSet('blocked', { replicas: 3 });
    await w.ready('blocked', 3);
    await create('blocked', { minAvailable: 3 });
    await untilStatus('blocked', ({ currentHealthy }) => currentHealthy === 3);
    const pod = await podOf('blocked');
    const refused = async (): Promise<StatusError> =>
      evict(pod).then(
        () => assert.fail('the eviction was granted'),
        (error) => (isStatusError(error) ? error : Promise.reject(error)),
      );
    const error = await refused();
    assert.deepEqual([error.reason, error.code], ['TooManyRequests', 429]);
    assert.equal(error.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    assert.deepEqual(error.details?.causes, [
      { reason: 'DisruptionBudget', message: 'The disruption budget blocked needs 3 healthy pods and has 3 currently' },
    ]);
    await on.patch(podDisruptionBudgets, 'blocked', { spec: { minAvailable: '60%' } }, 'merge');
    await untilStatus('blocked', ({ disruptionsAllowed }) => disruptionsAllowed === 1);
    assert.equal((await evict(pod)).status, 'Success');
    await w.until('another pod in its place', async () => {
      const found = await w.podsOf('blocked');
      return found.length === 3 && found.every(({ metadata }) => metadata.name !== pod);
    });
    await untilStatus('blocked', ({ currentHealthy }) => currentHealthy === 3);
    await on.patch(podDisruptionBudgets, 'blocked', { spec: { minAvailable: null, maxUnavailable: 0 } }, 'merge');
    await untilStatus('blocked', ({ desiredHealthy }) => desiredHealthy === 3);
    const last = await podOf('blocked');
    await assert.rejects(evict(last), { reason: 'TooManyRequests' });
    await w.delete(podDisruptionBudgets, 'blocked');
    assert.equal((await evict(last)).status, 'Success');
    await w.delete(replicaSets, 'blocked');
  });

  it('kubectl makes, lists and describes them', async () => {
    const kubectl = async (...args: string[]): Promise<string> => (await on.device.kubectlOk(args)).stdout;
    await kubectl('create', 'poddisruptionbudget', 'typed', '--selector=app=typed', '--min-available=50%');
    assert.match(await kubectl('get', 'pdb', 'typed'), /\ntyped +50% +N\/A +0 +\d+s/);
    await w.createReplicaSet('typed', { replicas: 2 });
    await untilStatus('typed', ({ currentHealthy }) => currentHealthy === 2);
    const described = await kubectl('describe', 'pdb', 'typed');
    for (const says of [
      /^Name: +typed\n/,
      /\nMin available: +50%\n/,
      /\nSelector: +app=typed\n/,
      /Allowed disruptions: +1\n/,
      /Current: +2\n/,
      /Desired: +1\n/,
      /Total: +2\n/,
    ]) {
      assert.match(described, says);
    }
    await w.delete(podDisruptionBudgets, 'typed');
    await w.delete(replicaSets, 'typed');
  });
});
