/** Conformance: quotas and limits. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LimitRange } from '../../../src/api/kinds/limit-range.ts';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import type { ResourceQuota } from '../../../src/api/kinds/resource-quota.ts';
import { configMaps, limitRanges, pods, replicaSets, resourceQuotas, secrets } from '../../../src/api/resources.ts';
import { amounts, BoundedNamespace } from '../../support/quota-scenarios.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';
import { template } from '../../support/workload-scenarios.ts';

const forbidden = { reason: 'Forbidden' };
/** What the official scenarios bound. */
const hard = {
  pods: '5',
  services: '10',
  'services.nodeports': '1',
  'services.loadbalancers': '1',
  replicationcontrollers: '10',
  resourcequotas: '1',
  cpu: '1',
  memory: '500Mi',
  configmaps: '10',
  secrets: '10',
  persistentvolumeclaims: '10',
  'requests.storage': '10Gi',
  'ephemeral-storage': '50Gi',
  'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '10',
  'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
  'count/replicasets.apps': '5',
  'requests.example.com/dongle': '3',
};
const quotaName = 'test-quota';

describe('conformance: quotas and limits', { concurrency: 6 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const namespace = (prefix: string): Promise<BoundedNamespace> => BoundedNamespace.create(on, prefix);
  const listByLabel = async <T>(resource: typeof pods, labelSelector: string): Promise<readonly T[]> =>
    (await on.client.list<T>(resource, { labelSelector })).items;

  it('limitrange/defaults-applied: fills in requests and limits, keeps pods in bounds, and can be changed', async () => {
    const ns = await namespace('limits');
    const defaultRequest = amounts('100m', '200Mi', '200Gi');
    const most = amounts('500m', '500Mi', '500Gi');
    const bounds = { min: amounts('50m', '100Mi', '100Gi'), max: most, default: most, defaultRequest };
    const seen: string[] = [];
    const abort = new AbortController();
    const watching = (async () => {
      const options = { namespace: ns.name, labelSelector: 'time=now' };
      for await (const event of on.client.watch(limitRanges, options, abort.signal)) seen.push(event.type);
    })();
    const made = await ns.limitRange('limit-range', bounds, { labels: { time: 'now' } });
    await waitFor('ADDED', () => seen.includes('ADDED'));
    const [item] = (await ns.get<LimitRange>(limitRanges, 'limit-range')).spec.limits ?? [];
    assert.deepEqual([item?.defaultRequest, item?.default], [defaultRequest, most]);

    const resourcesOf = async (name: string) => (await ns.get<Pod>(pods, name)).spec.containers[0]?.resources;
    await ns.pod('no-resources');
    assert.deepEqual(await resourcesOf('no-resources'), { requests: defaultRequest, limits: most });
    await ns.pod('partial', { requests: { memory: '150Mi', 'ephemeral-storage': '150Gi' }, limits: { cpu: '300m' } });
    const { requests, limits } = (await resourcesOf('partial')) ?? {};
    assert.deepEqual({ ...requests }, { cpu: '300m', memory: '150Mi', 'ephemeral-storage': '150Gi' });
    assert.deepEqual({ ...limits }, { cpu: '300m', memory: '500Mi', 'ephemeral-storage': '500Gi' });

    const small = { requests: amounts('10m', '50Mi', '50Gi') };
    const large = { requests: amounts('600m', '600Mi', '600Gi') };
    await assert.rejects(ns.pod('small', small), {
      ...forbidden,
      message:
        'pods "small" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, minimum ephemeral-storage usage per Container is 100Gi, but request is 50Gi, minimum memory usage per Container is 100Mi, but request is 50Mi]',
    });
    await assert.rejects(ns.pod('large', { ...large, limits: large.requests }), {
      ...forbidden,
      message: /maximum cpu usage per Container is 500m, but limit is 600m, /,
    });
    const min = amounts('9m', '49Mi', '49Gi');
    await on.client.update(limitRanges, {
      ...made,
      spec: { limits: [{ ...made.spec.limits?.[0], min }] },
    } as LimitRange);
    await ns.pod('small', small);
    await assert.rejects(ns.pod('large', large));
    await ns.delete(limitRanges, 'limit-range');
    await waitFor('its end', () => ns.isGone(limitRanges, 'limit-range'));
    await ns.pod('large', large);
    abort.abort();
    await watching.catch(() => {});
  });

  it('limitrange/collection: is found in all namespaces, patched, and deleted in one of them', async () => {
    const [one, two] = await Promise.all([namespace('collected'), namespace('collected')]);
    const labels = { kind: 'collected', state: 'created' };
    const item = { min: amounts('50m', '100Mi', '100Gi'), max: amounts('500m', '500Mi', '500Gi') };
    for (const ns of [one, two]) await ns.limitRange('bounds', item, { labels });
    assert.equal((await listByLabel(limitRanges, 'kind=collected')).length, 2);
    const min = amounts('9m', '49Mi', '49Gi');
    const patch = {
      metadata: { labels: { state: 'patched' } },
      spec: { limits: [{ type: 'Container', ...item, min }] },
    };
    const key = { namespace: one.name, name: 'bounds' };
    const patched = await on.client.patch<LimitRange>(limitRanges, key, 'strategic', patch);
    assert.equal(patched.metadata.labels?.['state'], 'patched');
    assert.deepEqual(patched.spec.limits?.[0]?.min, min);
    await one.deleteAll(limitRanges, 'state=patched');
    await waitFor('its end', () => one.isGone(limitRanges, 'bounds'));
    const left = await listByLabel<LimitRange>(limitRanges, 'kind=collected');
    assert.deepEqual(
      left.map(({ metadata }) => metadata.namespace),
      [two.name],
    );
  });

  it('quota/lifecycle: is found in all namespaces, patched and deleted by its label', async () => {
    const ns = await namespace('quota-life');
    await ns.quota('life', { cpu: '1', memory: '500Mi' }, {}, { labels: { life: 'created' } });
    assert.equal((await listByLabel(resourceQuotas, 'life=created')).length, 1);
    const patch = { metadata: { labels: { life: 'patched' } }, spec: { hard: { memory: '750Mi' } } };
    const key = { namespace: ns.name, name: 'life' };
    const patched = await on.client.patch<ResourceQuota>(resourceQuotas, key, 'strategic', patch);
    assert.deepEqual(patched.spec.hard, { cpu: '1', memory: '750Mi' });
    await ns.deleteAll(resourceQuotas, 'life=patched');
    await waitFor('its end', () => ns.isGone(resourceQuotas, 'life'));
    assert.deepEqual(await listByLabel(resourceQuotas, 'life=patched'), []);
  });

  it('quota/update-delete: its bounds are changed by update, and once deleted it is not found', async () => {
    const ns = await namespace('quota-update');
    await ns.quota('bounds', { cpu: '1', memory: '500Mi' });
    const found = await ns.get<ResourceQuota>(resourceQuotas, 'bounds');
    assert.deepEqual(found.spec.hard, { cpu: '1', memory: '500Mi' });
    const { resourceVersion: _, ...metadata } = found.metadata;
    await on.client.update(resourceQuotas, { ...found, metadata, spec: { hard: { cpu: '2', memory: '1Gi' } } });
    assert.deepEqual((await ns.get<ResourceQuota>(resourceQuotas, 'bounds')).spec.hard, { cpu: '2', memory: '1Gi' });
    await ns.delete(resourceQuotas, 'bounds');
    await assert.rejects(ns.get(resourceQuotas, 'bounds'), {
      reason: 'NotFound',
      message: 'resourcequotas "bounds" not found',
    });
  });

  it('quota/status-subresource: its status is written by itself, and is put right by what the spec says', async () => {
    const ns = await namespace('quota-status');
    await ns.quota('status', { cpu: '500m', memory: '500Mi' });
    const path = `/api/v1/namespaces/${ns.name}/resourcequotas/status/status`;
    const hardOf = async () => (await ns.get<ResourceQuota>(resourceQuotas, 'status')).status.hard;
    const found = await on.rest.json<ResourceQuota>({ method: 'GET', path });
    const { resourceVersion: _, ...metadata } = found.metadata;
    const body = { ...found, metadata, status: { hard: { cpu: '3', memory: '3Gi' } } };
    const updated = await on.rest.json<ResourceQuota>({ method: 'PUT', path, body });
    assert.deepEqual([updated.status.hard, updated.spec.hard], [body.status.hard, { cpu: '500m', memory: '500Mi' }]);
    const key = { namespace: ns.name, name: 'status' };
    const spec = { hard: { cpu: '1', memory: '1Gi' } };
    await on.client.patch(resourceQuotas, key, 'strategic', { spec });
    await waitFor('the new bounds', async () => (await hardOf())?.['cpu'] === '1');
    const status = { hard: { cpu: '2', memory: '2Gi' } };
    const contentType = 'application/strategic-merge-patch+json';
    const patched = await on.rest.json<ResourceQuota>({ method: 'PATCH', path, contentType, body: { status } });
    assert.deepEqual([patched.status.hard, patched.spec.hard], [status.hard, spec.hard]);
    await waitFor('the bounds of the spec', async () => JSON.stringify(await hardOf()) === JSON.stringify(spec.hard));
    assert.deepEqual((await on.rest.json<ResourceQuota>({ method: 'GET', path })).spec.hard, spec.hard);
  });

  it('quota/prompt-status: says at once what is used of everything that it bounds', async () => {
    const ns = await namespace('prompt');
    await ns.quota(quotaName, hard);
    await ns.used(quotaName, { resourcequotas: '1', pods: '0', services: '0', 'requests.example.com/dongle': '0' });
    const { status } = await ns.get<ResourceQuota>(resourceQuotas, quotaName);
    assert.deepEqual(status.hard, hard);
    assert.deepEqual(Object.keys(status.used ?? {}).sort(), Object.keys(hard).sort());
  });

  for (const { slug, name, kind, resource } of [
    { slug: 'quota/configmap-count', name: 'configmaps', kind: 'ConfigMap', resource: configMaps },
    { slug: 'quota/secret-count', name: 'secrets', kind: 'Secret', resource: secrets },
  ]) {
    it(`${slug}: its count follows one that comes and goes, beside those that are there`, async () => {
      const ns = await namespace('count');
      const found = (await ns.list(resource)).length;
      await ns.quota(quotaName, { ...hard, [name]: String(found + 1) });
      await ns.used(quotaName, { [name]: String(found) });
      await ns.create(resource, kind, { metadata: { name: 'one' } });
      await ns.used(quotaName, { [name]: String(found + 1) });
      await assert.rejects(ns.create(resource, kind, { metadata: { name: 'more' } }), {
        ...forbidden,
        message: `${name} "more" is forbidden: exceeded quota: test-quota, requested: ${name}=1, used: ${name}=${found + 1}, limited: ${name}=${found + 1}`,
      });
      await ns.delete(resource, 'one');
      await ns.used(quotaName, { [name]: String(found) });
    });
  }

  it('quota/replicaset-count: its count follows a ReplicaSet that comes and goes', async () => {
    const ns = await namespace('count');
    const count = 'count/replicasets.apps';
    await ns.quota(quotaName, hard);
    await ns.used(quotaName, { resourcequotas: '1', [count]: '0' });
    const spec = { replicas: 0, selector: { matchLabels: { app: 'one' } }, template: template('one') };
    await ns.create(replicaSets, 'ReplicaSet', { metadata: { name: 'one' }, spec });
    await ns.used(quotaName, { [count]: '1' });
    await ns.delete(replicaSets, 'one');
    await ns.used(quotaName, { [count]: '0' });
  });

  it('quota/pod-usage: a pod is charged, one too many is refused, and its end frees what it took', async () => {
    const ns = await namespace('usage');
    const dongle = 'example.com/dongle';
    await ns.quota(quotaName, hard);
    await ns.used(quotaName, { resourcequotas: '1' });
    const requests = { ...amounts('500m', '252Mi', '30Gi'), [dongle]: '2' };
    const limits = { [dongle]: '2' };
    await ns.pod('fits', { requests, limits });
    const used = { pods: '1', cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [`requests.${dongle}`]: '2' };
    await ns.used(quotaName, used);

    await assert.rejects(ns.pod('greedy', { requests: { cpu: '600m', memory: '100Mi' } }), {
      ...forbidden,
      message:
        'pods "greedy" is forbidden: exceeded quota: test-quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1',
    });
    await assert.rejects(ns.pod('silent'), {
      ...forbidden,
      message: 'pods "silent" is forbidden: failed quota: test-quota: must specify cpu for: main; memory for: main',
    });
    await assert.rejects(ns.pod('dongles', { requests: { ...requests, memory: '100Mi' }, limits }), {
      ...forbidden,
      message: /exceeded quota: test-quota, requested: ephemeral-storage=30Gi,requests.example.com\/dongle=2, used: /,
    });
    const change = {
      spec: { containers: [{ name: 'main', resources: { requests: amounts('100m', '100Mi', '10Gi') } }] },
    };
    const key = { namespace: ns.name, name: 'fits' };
    await assert.rejects(on.client.patch(pods, key, 'strategic', change), { reason: 'Invalid' });
    await ns.used(quotaName, used);
    await ns.delete(pods, 'fits');
    await ns.used(quotaName, Object.fromEntries(Object.keys(used).map((name) => [name, '0'])));
  });

  it('quota/scope-besteffort: pods count where their quality of service counts', async () => {
    const ns = await namespace('scopes');
    await ns.quota('best-effort', { pods: '5' }, { scopes: ['BestEffort'] });
    await ns.quota('not-best-effort', { pods: '5' }, { scopes: ['NotBestEffort'] });
    const counts = async (bestEffort: string, notBestEffort: string): Promise<void> => {
      await ns.used('best-effort', { pods: bestEffort });
      await ns.used('not-best-effort', { pods: notBestEffort });
    };
    await counts('0', '0');
    await ns.pod('idle');
    await counts('1', '0');
    await ns.delete(pods, 'idle');
    await counts('0', '0');
    await ns.pod('busy', { requests: { cpu: '10m' }, limits: { cpu: '20m' } });
    await counts('0', '1');
    await ns.delete(pods, 'busy');
    await counts('0', '0');
  });

  it('quota/scope-terminating: pods with a deadline count in one quota, all others in the other', async () => {
    const ns = await namespace('scopes');
    await ns.quota('terminating', { pods: '5' }, { scopes: ['Terminating'] });
    await ns.quota('not-terminating', { pods: '5' }, { scopes: ['NotTerminating'] });
    const counts = async (terminating: string, others: string): Promise<void> => {
      await ns.used('terminating', { pods: terminating });
      await ns.used('not-terminating', { pods: others });
    };
    await counts('0', '0');
    await ns.pod('lasting');
    await counts('0', '1');
    await ns.delete(pods, 'lasting');
    await counts('0', '0');
    await ns.pod('short', {}, { activeDeadlineSeconds: 3600 });
    await counts('1', '0');
    await ns.delete(pods, 'short');
    await counts('0', '0');
  });

  it('kubectl makes quotas and describes them, limit ranges and namespaces', async () => {
    const ns = await namespace('kubectl');
    const kubectl = async (...args: string[]): Promise<string> =>
      (await on.device.kubectlOk([...args, '-n', ns.name])).stdout;
    await ns.pod('web', { requests: { cpu: '100m' }, limits: { cpu: '200m' } });
    assert.equal(
      await kubectl('create', 'quota', 'team', '--hard=cpu=1,limits.cpu=2,pods=2', '--scopes=NotTerminating'),
      'resourcequota/team created\n',
    );
    await ns.used('team', { pods: '1' });
    assert.match(
      await kubectl('get', 'quota'),
      /^NAME +REQUEST +LIMIT +AGE\nteam +cpu: 100m\/1, pods: 1\/2 +limits.cpu: 200m\/2 +\d+s\n$/,
    );
    const described = await kubectl('describe', 'quota', 'team');
    assert.match(described, /\nScopes: +NotTerminating\n \* Matches all pods that do not have an active deadline\./);
    assert.match(described, /\ncpu +100m +1\nlimits.cpu +200m +2\npods +1 +2\n/);
    await ns.limitRange('bounds', { max: { cpu: '1' }, maxLimitRequestRatio: { cpu: '4' } });
    assert.match(await kubectl('get', 'limits'), /^NAME +CREATED AT\nbounds +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/);
    assert.match(await kubectl('describe', 'limits', 'bounds'), /\nContainer +cpu +- +1 +1 +1 +4\n/);
    const whole = await kubectl('describe', 'ns', ns.name);
    assert.match(whole, /\nResource Quotas\n {2}Name: +team\n/);
    assert.match(whole, /\nResource Limits\n Type .*\n[ -]+\n Container +cpu +- +1 +1 +1 +4\n/);
    assert.match(await kubectl('describe', 'ns', 'default'), /\nNo resource quota\.\n\nNo LimitRange resource\.\n/);
  });
});
