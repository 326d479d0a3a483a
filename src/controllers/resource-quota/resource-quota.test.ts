import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { jsonEqual } from '../../api/json-value.ts';
import type { ResourceQuota, ResourceQuotaStatus } from '../../api/kinds/resource-quota.ts';
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import { configMaps, namespaces, pods, replicaSets, resourceQuotas } from '../../api/resources.ts';
import { kinds } from '../../api/scheme.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { replicaSetManifest } from '../../testing/workloads.ts';
import { collectedKinds, ownershipOf } from '../garbage-collector/collected-kinds.ts';
import type { ObjectSource } from '../object-source.ts';
import { withoutManagedFields } from '../without-managed-fields.ts';
import { ResourceQuotaController } from './resource-quota.ts';

let cluster: WorkloadCluster;
/** Every status that was written, in order. */
let written: ResourceQuotaStatus[];

beforeEach(async () => {
  cluster = await WorkloadCluster.start();
  const { client, clock, log } = cluster;
  written = [];
  const quotas = cluster.follow<ResourceQuota>(resourceQuotas, withoutManagedFields);
  quotas.onChange(({ type, object, previous }) => {
    if (type === 'modified' && !jsonEqual(object.status, previous?.status)) written.push(object.status);
  });
  const copies = new Map<string, ObjectSource<{ readonly metadata: ObjectMeta }>>([
    ['/pods', cluster.pods],
    ['/resourcequotas', quotas],
  ]);
  const others = collectedKinds(kinds, copies, (resource) => cluster.follow(resource, ownershipOf)).filter(
    ({ namespaced, source }) => namespaced && source !== cluster.pods,
  );
  const controller = new ResourceQuotaController({ client, clock, log, quotas, pods: cluster.pods, others });
  cluster.run((signal) => controller.run(signal));
});
afterEach(() => cluster.stop());

const limit = (hard: object, spec: object = {}) =>
  cluster.client.create(resourceQuotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'team', namespace: 'default' },
    spec: { hard, ...spec },
  });
const statusOf = async (): Promise<ResourceQuotaStatus> =>
  (await cluster.client.get<ResourceQuota>(resourceQuotas, { namespace: 'default', name: 'team' })).status;
const untilUsed = async (used: object): Promise<void> => {
  await cluster.until(async () => jsonEqual((await statusOf()).used, used), JSON.stringify(used));
};
const store = (name: string, namespace = 'default') =>
  cluster.client.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
  } as KubeObject);
const run = (name: string, image = 'app', spec: object = {}) =>
  cluster.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'app', image, resources: { requests: { cpu: '500m' } } }], ...spec },
  });

describe('the status of a quota', () => {
  it('says what is in force and used, from its creation on', async () => {
    await store('before');
    await limit({ configmaps: '5', pods: '2', services: '1', resourcequotas: '1' });
    await untilUsed({ configmaps: '1', pods: '0', services: '0', resourcequotas: '1' });
    assert.deepEqual((await statusOf()).hard, { configmaps: '5', pods: '2', services: '1', resourcequotas: '1' });
  });

  it('follows objects that come and go, of its own namespace only', async () => {
    await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    await limit({ configmaps: '5', 'count/replicasets.apps': '5' });
    await untilUsed({ configmaps: '0', 'count/replicasets.apps': '0' });
    await store('elsewhere', 'other');
    await store('a');
    await cluster.create(replicaSetManifest({ replicas: 0 }));
    await untilUsed({ configmaps: '1', 'count/replicasets.apps': '1' });
    await cluster.client.delete(configMaps, { namespace: 'default', name: 'a' });
    const [replicaSet] = await cluster.list(replicaSets);
    await cluster.client.delete(replicaSets, { namespace: 'default', name: replicaSet?.metadata.name ?? '' });
    await untilUsed({ configmaps: '0', 'count/replicasets.apps': '0' });
  });

  it('follows pods to their end', async () => {
    await limit({ cpu: '2', pods: '2', 'count/pods': '2' });
    await run('a');
    await run('b');
    await untilUsed({ cpu: '1', pods: '2', 'count/pods': '2' });
    await cluster.patch(pods, 'a', { status: { phase: 'Succeeded' } }, 'status');
    await untilUsed({ cpu: '500m', pods: '1', 'count/pods': '2' });
    await cluster.client.delete(pods, { namespace: 'default', name: 'b' });
    await cluster.client.delete(pods, { namespace: 'default', name: 'a' });
    await untilUsed({ cpu: '0', pods: '0', 'count/pods': '0' });
  });

  it('counts a pod elsewhere when it gets a deadline', async () => {
    await limit({ pods: '2' }, { scopes: ['Terminating'] });
    await run('a');
    await untilUsed({ pods: '0' });
    await cluster.patch(pods, 'a', { spec: { activeDeadlineSeconds: 600 } });
    await untilUsed({ pods: '1' });
  });

  it('follows the bounds, and is put right when somebody else writes it', async () => {
    await limit({ pods: '2' });
    await untilUsed({ pods: '0' });
    await cluster.patch(resourceQuotas, 'team', { status: { hard: { pods: '9' } } }, 'status');
    await cluster.until(async () => (await statusOf()).hard?.['pods'] === '2', 'the bound of the spec');
    await cluster.patch(resourceQuotas, 'team', { spec: { hard: { pods: '3', secrets: '1' } } });
    await untilUsed({ pods: '0', secrets: '0' });
    assert.deepEqual((await statusOf()).hard, { pods: '3', secrets: '1' });
  });

  it('is written when it changes and not otherwise', async () => {
    await limit({ pods: '2' });
    await run('a');
    await untilUsed({ pods: '1' });
    await cluster.settle();
    const before = written.length;
    await store('a');
    for (const word of ['b', 'c']) await cluster.patch(pods, 'a', { metadata: { labels: { word } } });
    await cluster.settle();
    assert.equal(written.length, before);
  });
});
