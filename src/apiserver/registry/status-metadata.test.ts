import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonEqual } from '../../api/json-value.ts';
import { imageObjectName } from '../../api/kinds/image.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { deployments, images, namespaces, nodes, pods, replicaSets } from '../../api/resources.ts';
import { kindOf, openRegistry, pod, writeContext } from '../../testing/registry.ts';
import { deploymentManifest, replicaSetManifest } from '../../testing/workloads.ts';
import { objectKey } from './keys.ts';

const image = 'docker.io/library/app:1';
const sent = {
  annotations: { a: 'b' },
  finalizers: ['example.com/f'],
  labels: { c: 'd' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: '1' }],
};
const all = ['annotations', 'finalizers', 'labels', 'ownerReferences'] as const;

describe('a write to the status', () => {
  it('leaves a spec alone that was stored before a rule was made', async () => {
    const { registry, store } = await openRegistry();
    const kind = kindOf(pods);
    const key = { namespace: 'default', name: 'web' };
    await registry.create(kind, 'default', pod('web'), writeContext());
    const entry = await store.get(objectKey(kind, key));
    assert.ok(entry?.intent);
    const intent = JSON.parse(entry.intent) as { spec: Pod['spec'] };
    const [container] = intent.spec.containers;
    const old = { ...container, lifecycle: { stopSignal: 'SIGUSR1' } };
    const spec = { ...intent.spec, hostNetwork: true, hostnameOverride: 'No Name', containers: [old] };
    await store.put({ key: entry.key, intent: JSON.stringify({ ...intent, spec }), expected: entry.revision });
    const patch = { type: 'merge', body: { status: { phase: 'Running' } } } as const;
    const after = await registry.patch(kind, key, patch, writeContext(), 'status');
    assert.deepEqual(after['spec'], spec);
  });

  // As the status strategy of each has it in Kubernetes; an Image is what a custom resource is there.
  for (const { resource, object, changes } of [
    { resource: deployments, object: deploymentManifest(), changes: ['annotations', 'finalizers', 'ownerReferences'] },
    { resource: images, object: { spec: { image } }, changes: [] },
    { resource: namespaces, object: {}, changes: all },
    { resource: nodes, object: {}, changes: all },
    { resource: pods, object: pod('web'), changes: ['annotations', 'finalizers', 'labels'] },
    { resource: replicaSets, object: replicaSetManifest(), changes: all },
  ]) {
    it(`changes of the metadata of ${resource.resource}: ${changes.join(', ') || 'nothing'}`, async () => {
      const { registry } = await openRegistry();
      const kind = kindOf(resource);
      const name = resource === images ? imageObjectName(image) : 'web';
      const namespace = kind.namespaced ? 'default' : undefined;
      const before = await registry.create(kind, namespace, { ...object, metadata: { name } }, writeContext());
      const key = { name, ...(namespace === undefined ? {} : { namespace }) };
      const patch = { type: 'merge', body: { metadata: sent } } as const;
      const after = await registry.patch(kind, key, patch, writeContext(), 'status');
      const changed = all.filter((field) => !jsonEqual(after.metadata[field] ?? null, before.metadata[field] ?? null));
      assert.deepEqual(changed, changes);
    });
  }
});
