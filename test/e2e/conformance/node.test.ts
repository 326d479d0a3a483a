/** Conformance: nodes, leases, events, runtime classes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Event } from '../../../src/api/kinds/event.ts';
import type { Lease } from '../../../src/api/kinds/lease.ts';
import type { NewEvent } from '../../../src/api/kinds/new-event.ts';
import type { Node } from '../../../src/api/kinds/node/types.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { events, leases, namespaces, nodes, runtimeClasses } from '../../../src/api/resources.ts';
import { rawApi } from '../../support/raw-api.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

const newEvents = { group: 'events.k8s.io', version: 'v1', resource: 'events' };
const gone = { reason: 'NotFound' };

describe('conformance: nodes, leases, events, runtime classes', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const createNamespace = (name: string) =>
    on.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  /** Deletes what the selector matches, in one namespace. */
  const deleteCollection = async (path: string, labelSelector: string): Promise<void> => {
    const { code } = await rawApi(on.device, `${path}?labelSelector=${encodeURIComponent(labelSelector)}`, {
      method: 'DELETE',
    });
    assert.equal(code, 200);
  };
  const namesOf = (list: { readonly items: readonly KubeObject[] }) => list.items.map(({ metadata }) => metadata.name);

  it("node/lifecycle-crud: a node that is not the device's can be made, changed and deleted", async () => {
    const labels = { 'e2e.example.com/other': 'yes' };
    const labelSelector = 'e2e.example.com/other=yes';
    const other = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'other', labels },
      spec: { unschedulable: true },
    };
    await on.client.create(nodes, other);
    const key = { name: 'other' };
    assert.deepEqual((await on.client.get<Node>(nodes, key)).metadata.labels, labels);
    await on.client.patch(nodes, key, 'strategic', { metadata: { labels: { patched: 'true' } } });
    assert.deepEqual(namesOf(await on.client.list(nodes, { labelSelector })), ['other']);
    const node = await on.client.get<Node>(nodes, key);
    assert.equal(node.metadata.labels?.['patched'], 'true');
    const { unschedulable: _, ...spec } = node.spec;
    const replaced = await on.client.update<Node>(nodes, {
      ...node,
      spec: { ...spec, podCIDR: '10.99.0.0/24' } as never,
    });
    assert.deepEqual([replaced.spec.unschedulable, replaced.spec.podCIDR], [undefined, '10.99.0.0/24']);
    // The device stays what it is, and runs pods on itself.
    assert.equal(await on.output({ line: 'echo here' }), 'here\n');
    await deleteCollection('/api/v1/nodes', labelSelector);
    await assert.rejects(on.client.get(nodes, key), gone);
    assert.deepEqual(namesOf(await on.client.list(nodes)), ['device']);
  });

  it('lease/crud: a lease is kept as it was written, to the microsecond', async () => {
    const key = { namespace: 'default', name: 'lease' };
    const labels = { deletecollection: 'true' };
    const spec = {
      holderIdentity: 'holder',
      leaseDurationSeconds: 30,
      acquireTime: '2026-01-02T03:04:05.123456Z',
      renewTime: '2026-01-02T03:04:10.654321Z',
      leaseTransitions: 0,
    };
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...key, labels }, spec };
    await on.client.create(leases, lease);
    const read = await on.client.get<Lease>(leases, key);
    assert.deepEqual(read.spec, spec);
    const next = { ...spec, holderIdentity: 'other', renewTime: '2026-01-02T03:05:00.000001Z', leaseTransitions: 1 };
    await on.client.update(leases, { ...read, spec: next });
    assert.deepEqual((await on.client.get<Lease>(leases, key)).spec, next);
    await on.client.patch(leases, key, 'strategic', { spec: { leaseDurationSeconds: 60 } });
    assert.deepEqual((await on.client.get<Lease>(leases, key)).spec, { ...next, leaseDurationSeconds: 60 });
    await on.client.create(leases, { ...lease, metadata: { ...lease.metadata, name: 'lease-2' } });
    const options = { namespace: 'default', labelSelector: 'deletecollection=true' };
    assert.deepEqual(namesOf(await on.client.list(leases, options)), ['lease', 'lease-2']);
    await deleteCollection('/apis/coordination.k8s.io/v1/namespaces/default/leases', 'deletecollection=true');
    assert.deepEqual(namesOf(await on.client.list(leases, options)), []);
    await on.client.create(leases, lease);
    await on.client.delete(leases, key);
    await assert.rejects(on.client.get(leases, key), gone);
  });

  const coreEvent = (name: string, labels: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'default', name, labels },
    message: 'This is a test event',
    reason: 'Test',
    type: 'Normal',
    count: 1,
    source: { component: 'e2e' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'some' },
  });

  it('event/core-lifecycle: an event is made, found, patched, updated with a series and deleted', async () => {
    const key = { namespace: 'default', name: 'core-event' };
    const labelSelector = 'testevent=lifecycle';
    await on.client.create(events, coreEvent(key.name, { testevent: 'lifecycle' }));
    assert.deepEqual(namesOf(await on.client.list(events, { labelSelector })), ['core-event']);
    await on.client.patch(events, key, 'strategic', { message: 'This is a test event - patched' });
    const patched = await on.client.get<Event>(events, key);
    assert.equal(patched.message, 'This is a test event - patched');
    const series = { count: 100, lastObservedTime: '2026-01-02T03:04:05.000006Z' };
    await on.client.update(events, { ...patched, series });
    assert.deepEqual((await on.client.get<Event>(events, key)).series, series);
    await on.client.delete(events, key);
    assert.deepEqual(namesOf(await on.client.list(events, { labelSelector })), []);
  });

  it('event/core-deletecollection: the events of a label go at once', async () => {
    for (const name of ['set-1', 'set-2', 'set-3']) await on.client.create(events, coreEvent(name, { set: 'core' }));
    await on.client.create(events, coreEvent('kept', { set: 'other' }));
    await deleteCollection('/api/v1/namespaces/default/events', 'set=core');
    assert.deepEqual(namesOf(await on.client.list(events, { labelSelector: 'set' })), ['kept']);
  });

  const newEvent = (namespace: string, name: string, labels: Record<string, string>) => ({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name, labels },
    regarding: { kind: 'Pod', namespace, name: 'some' },
    eventTime: '2026-01-02T03:04:05.000006Z',
    note: 'This is a test',
    type: 'Normal',
    reason: 'Test',
    action: 'Do',
    reportingController: 'test-controller',
    reportingInstance: 'test-node',
  });

  it('event/new-lifecycle: an event of the newer form is one of the older form too', async () => {
    await createNamespace('new-events');
    const key = { namespace: 'new-events', name: 'event-test' };
    const labelSelector = 'testevent=new';
    await on.client.create(newEvents, newEvent(key.namespace, key.name, { testevent: 'new' }));
    assert.deepEqual(namesOf(await on.client.list(newEvents, { labelSelector })), ['event-test']);
    assert.deepEqual(namesOf(await on.client.list(newEvents, { namespace: 'new-events' })), ['event-test']);
    const bySource = await on.client.list<Event>(events, {
      namespace: 'new-events',
      fieldSelector: 'source=test-controller',
    });
    assert.deepEqual(
      bySource.items.map(({ message, involvedObject }) => [message, involvedObject.name]),
      [['This is a test', 'some']],
    );
    const byController = { namespace: 'new-events', fieldSelector: 'reportingController=test-controller' };
    assert.deepEqual(namesOf(await on.client.list(newEvents, byController)), ['event-test']);

    await on.client.patch(newEvents, key, 'strategic', { note: 'This is a test - patched' });
    const patched = await on.client.get<NewEvent>(newEvents, key);
    assert.equal(patched.note, 'This is a test - patched');
    const series = { count: 2, lastObservedTime: '2026-01-02T03:05:05.000006Z' };
    await on.client.update(newEvents, { ...patched, series });
    assert.deepEqual((await on.client.get<NewEvent>(newEvents, key)).series, series);
    assert.deepEqual((await on.client.get<Event>(events, key)).series, series);
    await on.client.delete(newEvents, key);
    await assert.rejects(on.client.get(events, key), gone);
  });

  it("the kubelet's own events are shown in both forms", async () => {
    const name = await on.running({ line: 'sleep 3600' });
    const fieldSelector = `regarding.name=${name}`;
    const seen = await on.client.list<NewEvent>(newEvents, { namespace: 'default', fieldSelector });
    const started = seen.items.find(({ reason }) => reason === 'Started');
    assert.equal(started?.regarding.kind, 'Pod');
    assert.equal(started?.deprecatedSource.component, 'kubelet');
    await on.delete(name);
  });

  it('event/new-deletecollection: only the events of the label go', async () => {
    await createNamespace('new-sets');
    for (const name of ['set-1', 'set-2'])
      await on.client.create(newEvents, newEvent('new-sets', name, { set: 'new' }));
    await on.client.create(newEvents, newEvent('new-sets', 'kept', { set: 'other' }));
    await deleteCollection('/apis/events.k8s.io/v1/namespaces/new-sets/events', 'set=new');
    assert.deepEqual(namesOf(await on.client.list(newEvents, { namespace: 'new-sets' })), ['kept']);
  });

  const runtimeClass = (name: string, more: object = {}) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name, labels: { test: 'api' } },
    handler: 'runc',
    ...more,
  });

  it('runtimeclass/api: classes are discovered, made, read, watched, changed and deleted', async () => {
    const groups = (await rawApi(on.device, '/apis')).json.groups.map(({ name }: { name: string }) => name);
    assert.ok(groups.includes('node.k8s.io'));
    const { resources } = (await rawApi(on.device, '/apis/node.k8s.io/v1')).json;
    assert.equal(resources[0].name, 'runtimeclasses');

    const start = await on.client.create<KubeObject>(runtimeClasses, runtimeClass('api-1'));
    const seen: string[] = [];
    const watching = (async () => {
      const resourceVersion = start.metadata.resourceVersion ?? '';
      const options = { resourceVersion, labelSelector: 'test=api' };
      for await (const event of on.client.watch(runtimeClasses, options, AbortSignal.timeout(60_000))) {
        if (event.type === 'BOOKMARK') continue;
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (seen.length === 5) return;
      }
    })();
    await on.client.create(runtimeClasses, runtimeClass('api-2'));
    assert.deepEqual(namesOf(await on.client.list(runtimeClasses, { labelSelector: 'test=api' })), ['api-1', 'api-2']);
    const annotations = { patched: 'true' };
    await on.client.patch(runtimeClasses, { name: 'api-1' }, 'merge', { metadata: { annotations } });
    const patched = await on.client.get<KubeObject>(runtimeClasses, { name: 'api-1' });
    assert.deepEqual(patched.metadata.annotations, annotations);
    const metadata = { ...patched.metadata, annotations: { ...annotations, updated: 'true' } };
    await on.client.update(runtimeClasses, { ...patched, metadata });
    await on.client.delete(runtimeClasses, { name: 'api-1' });
    await deleteCollection('/apis/node.k8s.io/v1/runtimeclasses', 'test=api');
    await watching;
    assert.deepEqual(seen, ['ADDED api-2', 'MODIFIED api-1', 'MODIFIED api-1', 'DELETED api-1', 'DELETED api-2']);
    assert.deepEqual(namesOf(await on.client.list(runtimeClasses, { labelSelector: 'test=api' })), []);
  });

  /** Whether the pod was given the node, and its spec. */
  const placed = async (runtimeClassName: string) => {
    const name = await on.create({ line: 'true', spec: { runtimeClassName } });
    const { spec, status } = await on.until(name, 'a node', (pod) => Boolean(pod.spec.nodeName));
    await on.delete(name);
    const condition = status.conditions?.find(({ type }) => type === 'PodScheduled');
    return { spec, scheduled: condition?.status };
  };

  it('runtimeclass/no-overhead: a pod of a class without overhead is placed and has none', async () => {
    await on.client.create(runtimeClasses, runtimeClass('no-overhead', { metadata: { name: 'no-overhead' } }));
    const { spec, scheduled } = await placed('no-overhead');
    assert.deepEqual([scheduled, spec.overhead], ['True', undefined]);
  });

  it('runtimeclass/overhead: a pod of a class with overhead is placed and takes it over', async () => {
    const overhead = { podFixed: { cpu: '10m', memory: '1Mi' } };
    await on.client.create(runtimeClasses, runtimeClass('overhead', { metadata: { name: 'overhead' }, overhead }));
    const { spec, scheduled } = await placed('overhead');
    assert.deepEqual([scheduled, spec.overhead], ['True', overhead.podFixed]);
  });

  it('runtimeclass/reject-missing: a pod of an unknown class is refused', async () => {
    await assert.rejects(on.create({ line: 'true', spec: { runtimeClassName: 'nope' } }), {
      reason: 'Forbidden',
      message: /pod rejected: RuntimeClass "nope" not found/,
    });
  });

  it('runtimeclass/reject-deleted: a pod of a class that was deleted is refused', async () => {
    await on.client.create(runtimeClasses, runtimeClass('deleted', { metadata: { name: 'deleted' } }));
    await on.client.delete(runtimeClasses, { name: 'deleted' });
    await assert.rejects(on.create({ line: 'true', spec: { runtimeClassName: 'deleted' } }), {
      reason: 'Forbidden',
      message: /pod rejected: RuntimeClass "deleted" not found/,
    });
  });
});
