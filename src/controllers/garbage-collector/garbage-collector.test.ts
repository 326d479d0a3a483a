import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeObject, OwnerReference } from '../../api/meta.ts';
import type { DeleteOptions } from '../../api/object-client.ts';
import { configMaps, leases, secrets } from '../../api/resources.ts';
import { kinds } from '../../api/scheme.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { collectedKinds, ownershipOf } from './collected-kinds.ts';
import { GarbageCollector } from './garbage-collector.ts';

let cluster: WorkloadCluster;

beforeEach(async () => {
  cluster = await WorkloadCluster.start();
});
afterEach(() => cluster.stop());

const start = (): void => {
  const { client, clock, log } = cluster;
  const followed = collectedKinds(kinds, new Map(), (resource) => cluster.follow(resource, ownershipOf));
  cluster.run((signal) => new GarbageCollector({ client, clock, log, kinds: followed }).run(signal));
};

interface Owner {
  readonly object: KubeObject;
  readonly block?: boolean;
}

/** A ConfigMap that belongs to others. */
async function create(name: string, owners: readonly Owner[] = []): Promise<KubeObject> {
  const ownerReferences = owners.map(({ object, block = true }) => reference(object, block));
  return cluster.client.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
  } as KubeObject);
}

function reference({ apiVersion, kind, metadata }: KubeObject, blockOwnerDeletion: boolean): OwnerReference {
  return { apiVersion, kind, name: metadata.name ?? '', uid: metadata.uid ?? '', blockOwnerDeletion };
}

async function get(name: string): Promise<KubeObject | undefined> {
  try {
    return await cluster.client.get<KubeObject>(configMaps, { namespace: 'default', name });
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

const isGone = async (name: string) => (await get(name)) === undefined;
const remove = (name: string, propagationPolicy: DeleteOptions['propagationPolicy']) =>
  cluster.client.delete(configMaps, { namespace: 'default', name }, propagationPolicy ? { propagationPolicy } : {});

describe('the garbage collector', () => {
  for (const policy of [undefined, 'Background'] as const) {
    it(`removes what belongs to an object that is deleted ${policy ? 'in the background' : 'without a policy'}, and what belongs to that`, async () => {
      const owner = await create('owner');
      const child = await create('child', [{ object: owner }]);
      await create('grandchild', [{ object: child }]);
      await create('stranger');
      start();
      await cluster.settle();
      await remove('owner', policy);
      assert.ok(await isGone('owner'), 'the owner goes first, at once');
      await cluster.until(() => isGone('grandchild'));
      assert.ok((await isGone('child')) && !(await isGone('stranger')));
    });
  }

  it('keeps an owner that is deleted in the foreground until its last dependent is gone', async () => {
    const owner = await create('owner');
    await create('child', [{ object: owner }]);
    await cluster.client.patch(configMaps, { namespace: 'default', name: 'child' }, 'merge', {
      metadata: { finalizers: ['test/hold'] },
    });
    start();
    await cluster.settle();
    await remove('owner', 'Foreground');
    await cluster.until(async () => (await get('child'))?.metadata.deletionTimestamp !== undefined);
    await cluster.settle();
    const { deletionTimestamp, finalizers } = (await get('owner'))?.metadata ?? {};
    assert.ok(deletionTimestamp);
    assert.deepEqual(finalizers, ['foregroundDeletion']);
    await cluster.client.patch(configMaps, { namespace: 'default', name: 'child' }, 'merge', {
      metadata: { finalizers: null },
    });
    await cluster.until(() => isGone('owner'));
  });

  it('does not let an owner wait for what does not block it, but removes that too', async () => {
    const owner = await create('owner');
    await create('child', [{ object: owner, block: false }]);
    start();
    await cluster.settle();
    await remove('owner', 'Foreground');
    await cluster.until(async () => (await isGone('owner')) && (await isGone('child')));
  });

  it('leaves alone, without its owner, what is orphaned', async () => {
    const owner = await create('owner');
    await create('child', [{ object: owner }]);
    start();
    await cluster.settle();
    await remove('owner', 'Orphan');
    await cluster.until(() => isGone('owner'));
    await cluster.advance(60_000);
    assert.equal((await get('child'))?.metadata.ownerReferences, undefined);
  });

  it('keeps what has another owner, and takes the lost one off', async () => {
    const [gone, stays] = [await create('gone'), await create('stays')];
    await create('child', [{ object: gone }, { object: stays }]);
    start();
    await cluster.settle();
    await remove('gone', 'Foreground');
    await cluster.until(() => isGone('gone'));
    await cluster.settle();
    assert.deepEqual(
      (await get('child'))?.metadata.ownerReferences?.map(({ name }) => name),
      ['stays'],
    );
  });

  it('removes three that own each other in a ring', async () => {
    const ring = [await create('a'), await create('b'), await create('c')];
    for (const [index, object] of ring.entries()) {
      const owner = ring[(index + 2) % 3];
      assert.ok(owner);
      const key = { namespace: 'default', name: object.metadata.name ?? '' };
      await cluster.client.patch(configMaps, key, 'merge', { metadata: { ownerReferences: [reference(owner, true)] } });
    }
    start();
    await cluster.settle();
    await remove('a', 'Foreground');
    await cluster.until(async () => (await isGone('a')) && (await isGone('b')) && (await isGone('c')));
  });

  it('removes what lost its owner while nobody looked, or is made for one that never was', async () => {
    const owner = await create('owner');
    await create('before', [{ object: owner }]);
    await remove('owner', 'Background');
    start();
    await cluster.until(() => isGone('before'));
    await create('after', [{ object: owner }]);
    await cluster.until(() => isGone('after'));
  });

  it('knows an owner by its uid: one made anew under its name is another', async () => {
    const owner = await create('owner');
    await create('child', [{ object: owner }]);
    await remove('owner', 'Background');
    await create('owner');
    start();
    await cluster.until(() => isGone('child'));
    assert.ok(!(await isGone('owner')));
  });

  it('judges no owner of a kind that is not served', async () => {
    const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'u' }];
    const metadata = { name: 'child', namespace: 'default', ownerReferences };
    await cluster.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata } as KubeObject);
    start();
    await cluster.advance(60_000);
    assert.ok(!(await isGone('child')));
  });

  it('does not look for an owner in another namespace, nor across kinds', async () => {
    const owner = await create('owner');
    const ownerReferences = [{ ...reference(owner, true), kind: 'Secret' }];
    const metadata = { name: 'child', namespace: 'default', ownerReferences };
    await cluster.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata } as unknown as KubeObject);
    start();
    await cluster.until(async () => (await cluster.list(secrets)).length === 0);
  });
});

describe('owners that end with the boot', () => {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
  const createLease = (): Promise<KubeObject> =>
    cluster.client.create(leases, { ...lease, metadata: { name: 'lock', namespace: 'default' } });
  const ownedBy = (uid: string): Promise<KubeObject> =>
    cluster.client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'child', namespace: 'default', ownerReferences: [{ ...lease, name: 'lock', uid }] },
    } as KubeObject);

  it('leave what belongs to them, also when others came under their names', async () => {
    await ownedBy('of-an-earlier-boot');
    start();
    await cluster.advance(60_000);
    assert.ok(!(await isGone('child')));
    await createLease();
    await cluster.advance(60_000);
    assert.ok(!(await isGone('child')));
  });

  it('take what belongs to them with them when they are deleted', async () => {
    const { metadata } = await createLease();
    await ownedBy(metadata.uid ?? '');
    start();
    await cluster.settle();
    assert.ok(!(await isGone('child')));
    await cluster.client.delete(leases, { namespace: 'default', name: 'lock' });
    await cluster.until(() => isGone('child'));
  });

  it('take with them what comes to be known only after their end', async () => {
    const { metadata } = await createLease();
    start();
    await cluster.settle();
    await cluster.client.delete(leases, { namespace: 'default', name: 'lock' });
    await cluster.settle();
    await ownedBy(metadata.uid ?? '');
    await cluster.until(() => isGone('child'));
  });
});

describe('two references with one uid', () => {
  for (const order of ['first', 'last'] as const) {
    it(`keep an object while the owner is there under one of them, named ${order}`, async () => {
      const owner = await create('owner');
      const wrong = { ...reference(owner, true), kind: 'Secret' };
      const right = reference(owner, true);
      const ownerReferences = order === 'first' ? [right, wrong] : [wrong, right];
      const metadata = { name: 'child', namespace: 'default', ownerReferences };
      await cluster.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata } as KubeObject);
      start();
      await cluster.advance(60_000);
      assert.deepEqual((await get('child'))?.metadata.ownerReferences, ownerReferences);
      await remove('owner', 'Background');
      await cluster.until(() => isGone('child'));
    });
  }
});

describe('the policy of a second deletion', () => {
  it('replaces that of the first', async () => {
    const owner = await create('owner');
    await create('child', [{ object: owner }]);
    await remove('owner', 'Foreground');
    assert.deepEqual((await get('owner'))?.metadata.finalizers, ['foregroundDeletion']);
    await remove('owner', 'Orphan');
    assert.deepEqual((await get('owner'))?.metadata.finalizers, ['orphan']);
    await remove('owner', 'Background');
    assert.ok(await isGone('owner'));
  });
});
