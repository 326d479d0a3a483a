import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import {
  at,
  configMap,
  configMapKind,
  namespaceKind,
  openRegistry,
  pod,
  podKind,
  type RegistryFixture,
  writeContext,
} from '../../testing/registry.ts';

const key = { namespace: 'default', name: 'a' };
const isNotFound = (error: unknown): boolean => isStatusError(error, 'NotFound');

describe('deleting', () => {
  let fixture: RegistryFixture;

  beforeEach(async () => {
    fixture = await openRegistry();
    await fixture.registry.create(configMapKind, 'default', configMap('a'), writeContext());
    await fixture.registry.create(podKind, 'default', pod('a'), writeContext());
  });

  it('takes most objects out at once', async () => {
    const { removed } = await fixture.registry.delete(configMapKind, key);
    assert.equal(removed, true);
    await assert.rejects(fixture.registry.get(configMapKind, key), isNotFound);
    await assert.rejects(fixture.registry.delete(configMapKind, key), { message: 'configmaps "a" not found' });
  });

  it('only marks a pod, with its own grace period', async () => {
    const { object, removed } = await fixture.registry.delete(podKind, key);
    assert.equal(removed, false);
    assert.equal(object.metadata.deletionTimestamp, '2026-11-22T10:00:30Z');
    assert.equal(object.metadata.deletionGracePeriodSeconds, 30);
    assert.equal(object.metadata.generation, 2);
    assert.deepEqual(await fixture.registry.get(podKind, key), object);
  });

  it('lets a grace period be shortened and never grow', async () => {
    await fixture.registry.delete(podKind, key, { gracePeriodSeconds: 20 });
    const longer = await fixture.registry.delete(podKind, key, { gracePeriodSeconds: 40 });
    assert.equal(longer.object.metadata.deletionGracePeriodSeconds, 20);
    fixture.clock.advance(3000);
    const shorter = await fixture.registry.delete(podKind, key, { gracePeriodSeconds: 5 });
    assert.equal(shorter.object.metadata.deletionGracePeriodSeconds, 5);
    assert.equal(shorter.object.metadata.deletionTimestamp, '2026-11-22T10:00:05Z');
  });

  it('changes nothing when asked again', async () => {
    await fixture.registry.delete(podKind, key);
    const before = fixture.store.revision();
    await fixture.registry.delete(podKind, key);
    assert.equal(fixture.store.revision(), before);
  });

  it('removes a pod at once without grace, and ends a wait that way', async () => {
    await fixture.registry.delete(podKind, key);
    const { removed } = await fixture.registry.delete(podKind, key, { gracePeriodSeconds: 0 });
    assert.equal(removed, true);
    await assert.rejects(fixture.registry.get(podKind, key), isNotFound);
  });

  it('removes a finished pod at once', async () => {
    const finish = { type: 'merge', body: { status: { phase: 'Succeeded' } } } as const;
    await fixture.registry.patch(podKind, key, finish, writeContext(), 'status');
    assert.equal((await fixture.registry.delete(podKind, key)).removed, true);
  });

  it('reads a negative grace as one second', async () => {
    const { object } = await fixture.registry.delete(podKind, key, { gracePeriodSeconds: -1 });
    assert.equal(object.metadata.deletionGracePeriodSeconds, 1);
  });

  it('waits for finalizers, also without grace', async () => {
    const hold = { type: 'merge', body: { metadata: { finalizers: ['eliot.run/a'] } } } as const;
    const release = { type: 'merge', body: { metadata: { finalizers: [] } } } as const;
    await fixture.registry.patch(podKind, key, hold, writeContext());
    const { object, removed } = await fixture.registry.delete(podKind, key, { gracePeriodSeconds: 0 });
    assert.equal(removed, false);
    assert.equal(object.metadata.deletionGracePeriodSeconds, 0);
    await fixture.registry.patch(podKind, key, release, writeContext());
    await assert.rejects(fixture.registry.get(podKind, key), isNotFound);
  });

  it('keeps a pod whose grace is running when its last finalizer goes', async () => {
    const hold = { type: 'merge', body: { metadata: { finalizers: ['eliot.run/a'] } } } as const;
    const release = { type: 'merge', body: { metadata: { finalizers: [] } } } as const;
    await fixture.registry.patch(podKind, key, hold, writeContext());
    await fixture.registry.delete(podKind, key);
    await fixture.registry.patch(podKind, key, release, writeContext());
    assert.equal((await fixture.registry.get(podKind, key)).metadata.deletionGracePeriodSeconds, 30);
  });

  it('checks uid and resourceVersion first', async () => {
    const { uid, resourceVersion } = (await fixture.registry.get(configMapKind, key)).metadata;
    await assert.rejects(fixture.registry.delete(configMapKind, key, { preconditions: { uid: 'other' } }), {
      message: `Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: other, UID in object meta: ${uid}`,
    });
    await assert.rejects(fixture.registry.delete(configMapKind, key, { preconditions: { resourceVersion: '1' } }), {
      message: `Operation cannot be fulfilled on configmaps "a": Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: ${resourceVersion}`,
    });
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
    assert.equal((await fixture.registry.delete(configMapKind, key, { preconditions })).removed, true);
  });

  it('stores nothing under dryRun', async () => {
    const before = fixture.store.revision();
    await fixture.registry.delete(configMapKind, key, { dryRun: true });
    const { object } = await fixture.registry.delete(podKind, key, { dryRun: true });
    assert.equal(object.metadata.deletionGracePeriodSeconds, 30);
    assert.equal(fixture.store.revision(), before);
  });

  it('deletes what a selection matches and nothing else', async () => {
    await fixture.registry.create(
      configMapKind,
      'default',
      configMap('b', {}, { labels: { app: 'b' } }),
      writeContext(),
    );
    const { items } = await fixture.registry.deleteCollection(configMapKind, {
      namespace: 'default',
      labelSelector: 'app=b',
    });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['b'],
    );
    assert.equal((await fixture.registry.list(configMapKind)).items.length, 1);
  });
});

describe('deleting a namespace', () => {
  it('marks it Terminating, until finalize takes its last finalizer', async () => {
    const { registry } = await openRegistry();
    await registry.create(namespaceKind, undefined, { metadata: { name: 'b' } }, writeContext());
    const { object, removed } = await registry.delete(namespaceKind, { name: 'b' });
    assert.equal(removed, false);
    assert.equal(at(object, 'status', 'phase'), 'Terminating');
    const emptied = { ...object, spec: { finalizers: [] } };
    await registry.update(namespaceKind, { name: 'b' }, emptied, writeContext(), 'finalize');
    await assert.rejects(registry.get(namespaceKind, { name: 'b' }), isNotFound);
  });

  it('is refused for those that always exist', async () => {
    const { registry } = await openRegistry();
    await assert.rejects(registry.delete(namespaceKind, { name: 'default' }), {
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    });
  });
});
