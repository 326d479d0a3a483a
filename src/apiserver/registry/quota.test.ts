import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { configMaps, namespaces, pods, replicaSets, resourceQuotas } from '../../api/resources.ts';
import {
  configMap,
  configMapKind,
  openRegistry,
  pod,
  podKind,
  type RegistryFixture,
  writeContext,
} from '../../testing/registry.ts';
import { replicaSetManifest } from '../../testing/workloads.ts';
import { systemUser } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';

describe('a namespace with a quota', () => {
  let fixture: RegistryFixture;
  let client: ObjectClient;
  beforeEach(async () => {
    fixture = await openRegistry();
    client = createLocalClient(fixture.registry, systemUser('tester'));
  });
  const limit = (hard: object, more: object = {}, name = 'team') =>
    client.create(resourceQuotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name, namespace: 'default' },
      spec: { hard, ...more },
    });
  const asking = (requests: object): object => ({
    containers: [{ name: 'main', image: 'i', resources: { requests } }],
  });
  const run = async (name: string, spec: object = {}, changes: Parameters<typeof writeContext>[0] = {}): Promise<Pod> =>
    (await fixture.registry.create(podKind, 'default', pod(name, spec), writeContext(changes))) as Pod;
  const store = (name: string, namespace = 'default') =>
    fixture.registry.create(configMapKind, namespace, configMap(name), writeContext());
  const refused = (message: string): object => ({ reason: 'Forbidden', message });

  it('takes objects up to the bound, and one more when one is deleted', async () => {
    await store('before');
    await limit({ configmaps: '2' });
    await store('a');
    await assert.rejects(
      store('b'),
      refused(
        'configmaps "b" is forbidden: exceeded quota: team, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
      ),
    );
    await client.delete(configMaps, { namespace: 'default', name: 'before' });
    await store('b');
  });

  it('never takes both of two objects that come at once for the last place', async () => {
    await limit({ configmaps: '3', pods: '1' });
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => store(name)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
    const ofPods = await Promise.allSettled(['a', 'b', 'c'].map((name) => run(name)));
    assert.equal(ofPods.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('counts what its pods ask for', async () => {
    await limit({ cpu: '1', memory: '500Mi', 'requests.example.com/camera': '1' });
    await run('a', asking({ cpu: '500m', memory: '252Mi' }));
    await assert.rejects(
      run('b', asking({ cpu: '600m', memory: '100Mi' })),
      refused('pods "b" is forbidden: exceeded quota: team, requested: cpu=600m, used: cpu=500m, limited: cpu=1'),
    );
    await run('b', asking({ cpu: '500m', memory: '248Mi' }));
  });

  it('takes no pod that does not say what is bounded', async () => {
    await limit({ 'requests.cpu': '1', 'limits.memory': '1Gi' });
    await assert.rejects(
      run('a', asking({ cpu: '1' })),
      refused('pods "a" is forbidden: failed quota: team: must specify limits.memory for: main'),
    );
  });

  it('frees what a pod takes when it has finished, and its place when it is gone', async () => {
    await limit({ pods: '1', 'count/pods': '2' });
    const finish = (name: string) =>
      client.patch(
        pods,
        { namespace: 'default', name },
        'merge',
        { status: { phase: 'Succeeded' } },
        { subresource: 'status' },
      );
    await run('a');
    await assert.rejects(run('b'), /exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1$/);
    await finish('a');
    await run('b');
    await finish('b');
    await assert.rejects(run('c'), /requested: count\/pods=1, used: count\/pods=2, limited: count\/pods=2$/);
    await client.delete(pods, { namespace: 'default', name: 'a' });
    await run('c');
  });

  it('counts each pod in the quotas of its scopes', async () => {
    await limit({ pods: '1' }, { scopes: ['BestEffort'] }, 'idle');
    await limit({ pods: '1' }, { scopes: ['NotBestEffort'] }, 'busy');
    await run('a');
    await run('b', asking({ cpu: '1' }));
    await assert.rejects(run('c'), /exceeded quota: idle/);
    await assert.rejects(run('c', asking({ cpu: '1' })), /exceeded quota: busy/);
  });

  it('counts objects of other groups, and quotas themselves', async () => {
    await limit({ 'count/replicasets.apps': '1', resourcequotas: '1' });
    const create = (name: string) => {
      const { metadata, ...rest } = replicaSetManifest() as { readonly metadata: object };
      return client.create(replicaSets, { ...rest, metadata: { ...metadata, namespace: 'default', name } } as never);
    };
    await create('a');
    await assert.rejects(
      create('b'),
      refused(
        'replicasets.apps "b" is forbidden: exceeded quota: team, requested: count/replicasets.apps=1, used: count/replicasets.apps=1, limited: count/replicasets.apps=1',
      ),
    );
    await assert.rejects(limit({}, {}, 'second'), /exceeded quota: team, requested: resourcequotas=1/);
  });

  it('refuses in a dry run what it would refuse, and charges nothing for one', async () => {
    await limit({ pods: '1' });
    await run('a', {}, { dryRun: true });
    await run('a');
    await assert.rejects(run('b', {}, { dryRun: true }), { reason: 'Forbidden' });
  });

  it('keeps generated names within it too, and everything that is applied', async () => {
    await limit({ configmaps: '0' });
    const generated = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'a-' } };
    await assert.rejects(fixture.registry.create(configMapKind, 'default', generated, writeContext()), {
      reason: 'Forbidden',
    });
    const applied = {
      key: { namespace: 'default', name: 'a' },
      subresource: undefined,
      body: configMap('a'),
      force: false,
    };
    await assert.rejects(fixture.registry.apply(configMapKind, applied, writeContext()), { reason: 'Forbidden' });
  });

  it('lets a pod not ask for more once it is there', async () => {
    await limit({ cpu: '1' });
    await run('a', asking({ cpu: '500m' }));
    const change = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '2' } } }] } };
    await assert.rejects(client.patch(pods, { namespace: 'default', name: 'a' }, 'strategic', change), {
      reason: 'Invalid',
      message: /pod updates may not change fields other than/,
    });
  });

  it('goes by the bounds that are wanted now, whatever its status says', async () => {
    await limit({ configmaps: '0' });
    const key = { namespace: 'default', name: 'team' };
    const status = { status: { hard: { configmaps: '9' } } };
    await client.patch(resourceQuotas, key, 'merge', status, { subresource: 'status' });
    await assert.rejects(store('a'), { reason: 'Forbidden' });
    await client.patch(resourceQuotas, key, 'merge', { spec: { hard: { configmaps: '1' } } });
    await store('a');
  });

  it('keeps no others within it', async () => {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    await limit({ configmaps: '0' });
    await store('a', 'other');
  });

  it('may be full when it is made, and is left alone then', async () => {
    await store('a');
    await store('b');
    await limit({ configmaps: '1' });
    await client.patch(configMaps, { namespace: 'default', name: 'a' }, 'merge', { data: { x: '1' } });
    await assert.rejects(store('c'), /used: configmaps=2, limited: configmaps=1$/);
  });
});
