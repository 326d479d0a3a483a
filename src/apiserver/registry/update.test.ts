import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { deployments } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import {
  at,
  configMap,
  configMapKind,
  kindOf,
  leaseKind,
  openRegistry,
  pod,
  podKind,
  type RegistryFixture,
  writeContext,
} from '../../testing/registry.ts';
import { deploymentManifest } from '../../testing/workloads.ts';

const key = { namespace: 'default', name: 'a' };

describe('changing an object', () => {
  let fixture: RegistryFixture;
  let stored: KubeObject;

  beforeEach(async () => {
    fixture = await openRegistry();
    stored = await fixture.registry.create(configMapKind, 'default', configMap('a', { x: '1' }), writeContext());
  });

  const put = (body: object, changes = {}) =>
    fixture.registry.update(configMapKind, key, body, writeContext(changes)).then(({ object }) => object);
  const merge = (body: unknown, changes = {}) =>
    fixture.registry.patch(configMapKind, key, { type: 'merge', body }, writeContext(changes));

  it('replaces what was there and raises the resourceVersion', async () => {
    const next = await put(configMap('a', { y: '2' }));
    assert.deepEqual(next['data'], { y: '2' });
    assert.equal(next.metadata.uid, stored.metadata.uid);
    assert.ok(Number(next.metadata.resourceVersion) > Number(stored.metadata.resourceVersion));
  });

  it('writes nothing when nothing changes', async () => {
    const before = fixture.store.revision();
    const next = await put(configMap('a', { x: '1' }), { fieldManager: 'somebody-else' });
    assert.equal(fixture.store.revision(), before);
    assert.deepEqual(next, stored);
  });

  it('refuses a write that is based on an older version', async () => {
    await put(configMap('a', { x: '2' }));
    const { resourceVersion } = stored.metadata;
    await assert.rejects(put(configMap('a', { x: '3' }, { resourceVersion })), (error) => {
      assert.ok(isStatusError(error, 'Conflict'));
      assert.equal(
        error.message,
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      );
      assert.deepEqual(error.details, { name: 'a', kind: 'configmaps' });
      return true;
    });
  });

  it('refuses a write meant for another object of the same name', async () => {
    await assert.rejects(put(configMap('a', {}, { uid: 'other' })), {
      message: `Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: other, UID in object meta: ${stored.metadata.uid}`,
    });
  });

  it('loses no change of two who patch at the same time', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `k${index}`);
    await Promise.all(names.map((name) => merge({ data: { [name]: 'v' } })));
    const { data } = (await fixture.registry.get(configMapKind, key)) as KubeObject & { data: object };
    assert.deepEqual(Object.keys(data).sort(), [...names, 'x'].sort());
  });

  it('stores nothing under dryRun', async () => {
    const before = fixture.store.revision();
    const next = await merge({ data: { y: '2' } }, { dryRun: true });
    assert.deepEqual(next['data'], { x: '1', y: '2' });
    assert.equal(fixture.store.revision(), before);
  });

  for (const { what, body, message } of [
    {
      what: 'another name than the URL',
      body: configMap('b'),
      message: 'the name of the object (b) does not match the name on the URL (a)',
    },
    {
      what: 'no name',
      body: { data: {} },
      message: 'the name of the object (a based on URL) was undeterminable: name must be provided',
    },
    {
      what: 'another namespace than the URL',
      body: configMap('a', {}, { namespace: 'other' }),
      message: 'the namespace of the object (other) does not match the namespace on the request (default)',
    },
  ]) {
    it(`refuses a PUT with ${what}`, async () => {
      await assert.rejects(put(body), { message });
    });
  }

  it('refuses a patch of the name', async () => {
    await assert.rejects(merge({ metadata: { name: 'b' } }), {
      message: 'ConfigMap "a" is invalid: metadata.name: Invalid value: "b": field is immutable',
    });
  });

  it('answers NotFound for what does not exist, and creates leases', async () => {
    await assert.rejects(
      fixture.registry.update(configMapKind, { ...key, name: 'b' }, configMap('b'), writeContext()),
      { message: 'configmaps "b" not found' },
    );
    const lease = { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } };
    const { created } = await fixture.registry.update(leaseKind, key, lease, writeContext());
    assert.equal(created, true);
  });

  it('refuses new finalizers on an object that is being deleted, and removes it with its last one', async () => {
    await merge({ metadata: { finalizers: ['eliot.run/a'] } });
    await fixture.registry.delete(configMapKind, key);
    await assert.rejects(merge({ metadata: { finalizers: ['eliot.run/a', 'eliot.run/b'] } }), {
      message:
        'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"eliot.run/b"}',
    });
    await merge({ metadata: { finalizers: null } });
    await assert.rejects(fixture.registry.get(configMapKind, key), (error) => isStatusError(error, 'NotFound'));
  });

  for (const { type, body } of [
    { type: 'json', body: [{ op: 'add', path: '/data/y', value: '2' }] },
    { type: 'merge', body: { data: { y: '2' } } },
    { type: 'strategic', body: { data: { y: '2' } } },
  ] as const) {
    it(`applies a ${type} patch`, async () => {
      const next = await fixture.registry.patch(configMapKind, key, { type, body }, writeContext());
      assert.deepEqual(next['data'], { x: '1', y: '2' });
    });
  }

  it('refuses a strict patch that brings an unknown field, and warns once of it else', async () => {
    await assert.rejects(merge({ bogus: 1 }), /strict decoding error: unknown field "bogus"/);
    const warnings: string[] = [];
    await merge({ bogus: 1 }, { fieldValidation: 'Warn', warn: (message: string) => warnings.push(message) });
    assert.deepEqual(warnings, ['unknown field "bogus"']);
  });

  describe('with owners in the request', () => {
    const fields = { 'f:data': { 'f:x': {} } };
    const entry = { manager: 'other', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: fields };

    it('stores them, though nothing else changes', async () => {
      const next = await put(configMap('a', { x: '1' }, { managedFields: [entry] }));
      assert.deepEqual(next.metadata.managedFields, [entry]);
      assert.ok(Number(next.metadata.resourceVersion) > Number(stored.metadata.resourceVersion));
      assert.deepEqual((await fixture.registry.get(configMapKind, key)).metadata.managedFields, [entry]);
    });

    it('forgets all for [{}]', async () => {
      assert.equal((await merge({ metadata: { managedFields: [{}] } })).metadata.managedFields, undefined);
    });

    it('writes nothing when only times differ', async () => {
      const managedFields = stored.metadata.managedFields?.map((each) => ({ ...each, time: '2020-01-01T00:00:00Z' }));
      const before = fixture.store.revision();
      assert.deepEqual(await put(configMap('a', { x: '1' }, { managedFields })), stored);
      assert.equal(fixture.store.revision(), before);
    });
  });
});

describe('the generation of a Deployment', () => {
  it('grows with its annotations, which its ReplicaSets get, but not with labels nor beside the status', async () => {
    const { registry } = await openRegistry();
    const kind = kindOf(deployments);
    const web = { namespace: 'default', name: 'web' };
    await registry.create(kind, 'default', deploymentManifest(), writeContext());
    const patch = async (metadata: object, subresource?: string): Promise<number | undefined> => {
      const change = { type: 'merge', body: { metadata } } as const;
      return (await registry.patch(kind, web, change, writeContext(), subresource)).metadata.generation;
    };
    assert.equal(await patch({ annotations: { a: 'b' } }), 2);
    assert.equal(await patch({ annotations: { a: 'b' } }), 2);
    assert.equal(await patch({ labels: { a: 'b' } }), 2);
    assert.equal(await patch({ annotations: { a: 'c' } }, 'status'), 2);
    assert.equal(await patch({ annotations: { a: null } }), 3);
  });
});

describe('the status of a pod', () => {
  let fixture: RegistryFixture;
  let stored: KubeObject;

  beforeEach(async () => {
    fixture = await openRegistry();
    stored = await fixture.registry.create(podKind, 'default', pod('a'), writeContext());
  });

  it('is written by its subresource only', async () => {
    const sent = { ...stored, status: { phase: 'Running' } };
    const { object } = await fixture.registry.update(podKind, key, sent, writeContext(), 'status');
    assert.equal(at(object, 'status', 'phase'), 'Running');
    const labelled = { ...object, metadata: { ...object.metadata, labels: { a: 'b' } }, status: { phase: 'Failed' } };
    const { object: next } = await fixture.registry.update(podKind, key, labelled, writeContext());
    assert.equal(at(next, 'status', 'phase'), 'Running');
    assert.deepEqual(next.metadata.labels, { a: 'b' });
  });

  it('takes labels, annotations and finalizers with it, as in Kubernetes, but no other field', async () => {
    const body = {
      metadata: {
        labels: { a: 'b' },
        annotations: { c: 'd' },
        finalizers: ['example.com/f'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: '1' }],
        uid: stored.metadata.uid,
        generation: 99,
        creationTimestamp: null,
      },
      spec: { activeDeadlineSeconds: 5 },
      status: { phase: 'Running' },
    };
    const next = await fixture.registry.patch(podKind, key, { type: 'merge', body }, writeContext(), 'status');
    const { labels, annotations, finalizers, ownerReferences, generation, creationTimestamp } = next.metadata;
    assert.deepEqual([labels, annotations, finalizers], [{ a: 'b' }, { c: 'd' }, ['example.com/f']]);
    assert.equal(ownerReferences, undefined);
    assert.deepEqual([generation, creationTimestamp], [1, stored.metadata.creationTimestamp]);
    assert.equal(at(next, 'spec', 'activeDeadlineSeconds'), undefined);
    const entry = next.metadata.managedFields?.find(({ subresource }) => subresource === 'status');
    assert.ok(JSON.stringify(entry?.fieldsV1).includes('f:labels'));
  });

  it('is completed by its defaults, as an object of the main resource is', async () => {
    const status = { containerStatuses: [{ name: 'main' }], initContainerStatuses: [{ name: 'i', lastState: {} }] };
    const { object } = await fixture.registry.update(podKind, key, { ...stored, status }, writeContext(), 'status');
    const complete = { state: {}, lastState: {}, ready: false, restartCount: 0, image: '', imageID: '' };
    assert.deepEqual(at(object, 'status', 'containerStatuses'), [{ name: 'main', ...complete }]);
    assert.deepEqual(at(object, 'status', 'initContainerStatuses'), [{ name: 'i', ...complete }]);
    assert.equal(at(object, 'status', 'qosClass'), 'BestEffort');
  });

  it('is refused with a label or finalizer that is none', async () => {
    const change = (metadata: object) =>
      fixture.registry.patch(podKind, key, { type: 'merge', body: { metadata } }, writeContext(), 'status');
    for (const metadata of [{ labels: { 'a b': 'c' } }, { finalizers: ['a b'] }]) {
      await assert.rejects(change(metadata), (error) => isStatusError(error, 'Invalid'));
    }
  });

  it('raises no generation and leaves the durable part untouched', async () => {
    const entryKey = '/registry/core/pods/default/a';
    const before = await fixture.store.get(entryKey);
    const patch = { type: 'merge', body: { status: { phase: 'Running' } } } as const;
    const next = await fixture.registry.patch(podKind, key, patch, writeContext({ fieldManager: 'kubelet' }), 'status');
    const after = await fixture.store.get(entryKey);
    assert.equal(next.metadata.generation, 1);
    assert.equal(after?.intent, before?.intent);
    assert.notEqual(after?.observation, before?.observation);
    assert.ok(next.metadata.managedFields?.some((entry) => entry.subresource === 'status'));
  });

  it('is told apart from the spec by the generation', async () => {
    const patch = { type: 'strategic', body: { spec: { containers: [{ name: 'main', image: 'other' }] } } } as const;
    const next = await fixture.registry.patch(podKind, key, patch, writeContext());
    assert.equal(next.metadata.generation, 2);
    const labels = { type: 'merge', body: { metadata: { labels: { a: 'b' } } } } as const;
    assert.equal((await fixture.registry.patch(podKind, key, labels, writeContext())).metadata.generation, 2);
  });
});
