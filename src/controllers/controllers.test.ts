import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Namespace } from '../api/kinds/namespace.ts';
import type { KubeObject } from '../api/meta.ts';
import type { GroupVersionResource } from '../api/object-client.ts';
import { configMaps, namespaces, pods, secrets, serviceAccounts } from '../api/resources.ts';
import { kinds } from '../api/scheme.ts';
import { Informer } from '../client/informer.ts';
import { silentLogger } from '../lib/logger.ts';
import { isStatusError, StatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeObjectClient } from '../testing/fake-object-client.ts';
import { settle, until } from '../testing/settle.ts';
import { NamespaceController } from './namespace.ts';
import { namespacedResources } from './namespaced-resources.ts';
import { ServiceAccountController } from './service-account.ts';
import { ensureSystemNamespaces, SystemNamespacesController, systemNamespaces } from './system-namespaces.ts';

let clock: FakeClock;
let client: FakeObjectClient;
let stop: AbortController;
let running: Promise<unknown>[];

beforeEach(() => {
  clock = new FakeClock();
  client = new FakeObjectClient(clock);
  stop = new AbortController();
  running = [];
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  assert.equal(clock.sleeping, 0, 'no timer is left');
});

function follow<T extends KubeObject>(resource: GroupVersionResource): Informer<T> {
  const informer = new Informer<T>({ client, resource, clock, log: silentLogger });
  running.push(informer.run(stop.signal));
  return informer;
}

async function create(
  resource: GroupVersionResource,
  name: string,
  namespace?: string,
  more: object = {},
): Promise<void> {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...more };
  await client.create(resource, { apiVersion: 'v1', kind: resource.resource, metadata });
}

async function exists(resource: GroupVersionResource, name: string, namespace?: string): Promise<boolean> {
  try {
    await client.get(resource, namespace === undefined ? { name } : { namespace, name });
    return true;
  } catch (error) {
    assert.ok(isStatusError(error, 'NotFound'));
    return false;
  }
}

const condition = async (name: string, type: string): Promise<string> => {
  const namespace = await client.get<Namespace>(namespaces, { name });
  const found = namespace.status?.conditions?.find((each) => each.type === type);
  return found === undefined ? 'none' : `${found.status} ${found.reason}: ${found.message}`;
};

describe('NamespaceController', () => {
  const start = (): void => {
    const deps = { client, clock, log: silentLogger, resources: namespacedResources(kinds) };
    const controller = new NamespaceController({
      ...deps,
      namespaces: follow<Namespace>(namespaces),
      pods: follow(pods),
    });
    running.push(controller.run(stop.signal));
  };

  it('removes a namespace with all that is in it, and nothing else', async () => {
    for (const name of ['shop', 'other']) {
      await create(namespaces, name);
      await create(configMaps, 'settings', name);
      await create(secrets, 'key', name);
    }
    start();
    await client.delete(namespaces, { name: 'shop' });
    await until(async () => !(await exists(namespaces, 'shop')));
    assert.equal(await exists(configMaps, 'settings', 'shop'), false);
    assert.equal(await exists(secrets, 'key', 'shop'), false);
    assert.equal(await exists(configMaps, 'settings', 'other'), true);
  });

  it('takes up a deletion that was asked for before it started', async () => {
    await create(namespaces, 'shop');
    await create(configMaps, 'settings', 'shop');
    await client.delete(namespaces, { name: 'shop' });
    start();
    await until(async () => !(await exists(namespaces, 'shop')));
  });

  it('leaves pods their grace, and their configuration until the last pod is gone', async () => {
    await create(namespaces, 'shop');
    await create(pods, 'web', 'shop');
    await create(secrets, 'key', 'shop');
    start();
    await client.delete(namespaces, { name: 'shop' });
    await until(async () => (await condition('shop', 'NamespaceContentRemaining')).startsWith('True'));
    assert.equal(await exists(secrets, 'key', 'shop'), true);
    const deletion = client.requests.find(({ verb, resource }) => verb === 'delete' && resource === 'pods');
    assert.equal('gracePeriodSeconds' in (deletion?.options ?? {}), false, "the grace is the pod's own");
    assert.equal(
      await condition('shop', 'NamespaceContentRemaining'),
      'True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances',
    );

    await client.finishPods('shop');
    await until(async () => !(await exists(namespaces, 'shop')), 'gone with the pod, without waiting for a timer');
  });

  it('says which finalizers it waits for, and goes on when they are gone', async () => {
    await create(namespaces, 'shop');
    await create(configMaps, 'held', 'shop', { finalizers: ['example.com/hold'] });
    start();
    await client.delete(namespaces, { name: 'shop' });
    await until(async () => (await condition('shop', 'NamespaceFinalizersRemaining')).startsWith('True'));
    assert.equal(
      await condition('shop', 'NamespaceFinalizersRemaining'),
      'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    assert.match(
      await condition('shop', 'NamespaceDeletionContentFailure'),
      /^False ContentDeleted: All content successfully deleted/,
    );

    const held = await client.get(configMaps, { namespace: 'shop', name: 'held' });
    await client.update(configMaps, { ...held, metadata: { ...held.metadata, finalizers: [] } });
    await until(() => clock.sleeping > 0);
    clock.advance(1_000);
    await until(async () => !(await exists(namespaces, 'shop')));
  });

  it('says what could not be deleted, deletes the rest, and tries again', async () => {
    await create(namespaces, 'shop');
    await create(configMaps, 'stuck', 'shop');
    await create(secrets, 'key', 'shop');
    let refuses = true;
    client.refuse = ({ verb, name }) => {
      if (refuses && verb === 'delete' && name === 'stuck')
        throw new StatusError('InternalError', 'the disk is broken');
    };
    start();
    await client.delete(namespaces, { name: 'shop' });
    await until(async () => (await condition('shop', 'NamespaceDeletionContentFailure')).startsWith('True'));
    assert.equal(
      await condition('shop', 'NamespaceDeletionContentFailure'),
      'True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: configmaps stuck: the disk is broken',
    );
    assert.equal(await exists(secrets, 'key', 'shop'), false);
    refuses = false;
    await until(() => clock.sleeping > 0);
    clock.advance(60_000);
    await until(async () => !(await exists(namespaces, 'shop')));
  });

  it('leaves a namespace that has other finalizers to those who put them there', async () => {
    await create(namespaces, 'shop', undefined, { finalizers: ['example.com/hold'] });
    await create(configMaps, 'settings', 'shop');
    start();
    await client.delete(namespaces, { name: 'shop' });
    await until(async () => !(await exists(configMaps, 'settings', 'shop')));
    await settle();
    const namespace = await client.get<Namespace>(namespaces, { name: 'shop' });
    assert.deepEqual([namespace.spec.finalizers, namespace.metadata.finalizers], [[], ['example.com/hold']]);
  });

  it('touches no namespace that is not being deleted', async () => {
    await create(namespaces, 'shop');
    await create(configMaps, 'settings', 'shop');
    start();
    await settle();
    assert.equal(
      client.requests.some(({ verb }) => verb === 'delete' || verb === 'update'),
      false,
    );
  });
});

describe('namespacedResources', () => {
  it('are those that live in namespaces and can be listed and deleted', () => {
    const names = namespacedResources(kinds).map(({ resource }) => resource);
    for (const name of ['pods', 'configmaps', 'secrets', 'serviceaccounts', 'events', 'leases'])
      assert.ok(names.includes(name), name);
    for (const name of ['nodes', 'namespaces', 'selfsubjectreviews']) assert.ok(!names.includes(name), name);
  });
});

describe('ServiceAccountController', () => {
  const start = (): void => {
    const controller = new ServiceAccountController({
      client,
      clock,
      log: silentLogger,
      namespaces: follow(namespaces),
      serviceAccounts: follow(serviceAccounts),
    });
    running.push(controller.run(stop.signal));
  };

  it('gives every namespace its account, old and new ones', async () => {
    await create(namespaces, 'old');
    start();
    await until(() => exists(serviceAccounts, 'default', 'old'));
    await create(namespaces, 'new');
    await until(() => exists(serviceAccounts, 'default', 'new'));
  });

  it('makes it again when somebody deleted it', async () => {
    await create(namespaces, 'shop');
    start();
    await until(() => exists(serviceAccounts, 'default', 'shop'));
    await settle();
    await client.delete(serviceAccounts, { namespace: 'shop', name: 'default' });
    await until(() => exists(serviceAccounts, 'default', 'shop'));
  });

  it('asks for nothing that is there', async () => {
    await create(namespaces, 'shop');
    await create(serviceAccounts, 'default', 'shop');
    const before = client.requests.length;
    start();
    await settle();
    assert.equal(
      client.requests.slice(before).some(({ verb }) => verb === 'create'),
      false,
    );
  });

  it('leaves a namespace alone that is being deleted', async () => {
    await create(namespaces, 'shop');
    await client.delete(namespaces, { name: 'shop' });
    start();
    await settle();
    assert.equal(
      client.requests.some(({ verb, resource }) => verb === 'create' && resource === 'serviceaccounts'),
      false,
    );
  });
});

describe('system namespaces', () => {
  it('are made once, and those that exist are left as they are', async () => {
    await create(namespaces, 'default', undefined, { labels: { mine: 'yes' } });
    await ensureSystemNamespaces(client);
    await ensureSystemNamespaces(client);
    for (const name of systemNamespaces) assert.equal(await exists(namespaces, name), true);
    assert.deepEqual((await client.get(namespaces, { name: 'default' })).metadata.labels, { mine: 'yes' });
  });

  it('are made again when somebody deleted them', async () => {
    const controller = new SystemNamespacesController({
      client,
      clock,
      log: silentLogger,
      namespaces: follow(namespaces),
    });
    running.push(controller.run(stop.signal));
    await until(() => exists(namespaces, 'kube-public'));
    await settle();
    const namespace = await client.delete<Namespace>(namespaces, { name: 'kube-public' });
    await client.update(namespaces, { ...namespace, spec: { finalizers: [] } }, { subresource: 'finalize' });
    await until(() => exists(namespaces, 'kube-public'));
    assert.equal((await client.get(namespaces, { name: 'kube-public' })).metadata.deletionTimestamp, undefined);
  });
});
