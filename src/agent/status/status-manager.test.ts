import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod, PodStatus } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { namespaces, pods } from '../../api/resources.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeObjectClient } from '../../testing/fake-object-client.ts';
import { makePod } from '../../testing/pods.ts';
import { StatusManager } from './status-manager.ts';

describe('the writer of pod status', () => {
  let client: FakeObjectClient;
  let manager: StatusManager;
  let pod: Pod;

  beforeEach(async () => {
    client = new FakeObjectClient(new FakeClock());
    manager = new StatusManager(client);
    await client.create<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
    const { uid: _, ...metadata } = makePod().metadata;
    pod = await client.create(pods, { ...makePod(), metadata } as Pod);
  });

  const updates = (): number => client.requests.filter(({ verb }) => verb === 'update').length;
  const phase = (value: string) => (): PodStatus => ({ phase: value }) as PodStatus;

  it('writes a status that differs, and only that', async () => {
    await manager.publish(pod, phase('Running'));
    await manager.publish(pod, phase('Running'));
    assert.equal(updates(), 1);
    assert.equal((await client.get<Pod>(pods, { namespace: 'default', name: 'web' })).status.phase, 'Running');
    const request = client.requests.find(({ verb }) => verb === 'update');
    assert.deepEqual(request?.options, { subresource: 'status' });
  });

  it('writes onto what others wrote meanwhile', async () => {
    const gate = { type: 'gate', status: 'True' };
    await client.update(pods, { ...pod, status: { conditions: [gate] } } as unknown as Pod, { subresource: 'status' });
    const published = await manager.publish(pod, (current) => ({ ...current.status, phase: 'Running' }) as PodStatus);
    assert.deepEqual(published?.status.conditions, [gate]);
    assert.equal(published?.status.phase, 'Running');
  });

  it('gives up on a pod that is gone, or whose name another pod has now', async () => {
    await client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    assert.equal(await manager.publish(pod, phase('Running')), undefined);
    const { uid: _, resourceVersion: __, ...metadata } = pod.metadata;
    await client.create(pods, { ...pod, metadata } as Pod);
    assert.equal(await manager.publish(pod, phase('Running')), undefined);
    assert.notEqual((await client.get<Pod>(pods, { namespace: 'default', name: 'web' })).status?.phase, 'Running');
  });

  it('knows its own last write before the watch delivers it', async () => {
    await manager.publish(pod, phase('Running'));
    assert.equal(manager.newest(pod).status.phase, 'Running');
    const current = await client.get<Pod>(pods, { namespace: 'default', name: 'web' });
    assert.equal(manager.isOwn(current), true);
    assert.equal(manager.isOwn({ ...current, status: { phase: 'Failed' } } as Pod), false);
    manager.forget(pod.metadata.uid ?? '');
    assert.notEqual(manager.newest(pod).status?.phase, 'Running');
  });
});
