import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Namespace } from '../../api/kinds/namespace.ts';
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { namespaces, nodes, pods } from '../../api/resources.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { Registry } from '../../apiserver/registry.ts';
import { Informer } from '../../client/informer.ts';
import { silentLogger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { TaskGroup } from '../../lib/task-group.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle, until } from '../../testing/settle.ts';
import { startScheduler } from './run-scheduler.ts';
import type { Scheduler } from './scheduler.ts';

/** An API in memory and the scheduler of its one node, which has 1 CPU and room for 10 pods. */
class Device {
  readonly clock = new FakeClock();
  readonly group = new TaskGroup();
  readonly events: string[] = [];
  readonly client: ObjectClient;
  readonly registry: Registry;
  #scheduler: Scheduler | undefined;

  constructor() {
    const placePod = (pod: KubeObject): string | undefined => this.#scheduler?.place(pod as unknown as Pod);
    this.registry = new Registry({ store: new MemoryStore(), clock: this.clock, nodeName: 'device', placePod });
    this.client = createLocalClient(this.registry, systemUser('tester'));
  }

  static async open(): Promise<Device> {
    const device = new Device();
    await device.client.create<KubeObject>(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'default' },
    });
    await device.client.create<KubeObject>(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'device' } });
    await device.setNode(
      { status: { capacity: { cpu: '1', pods: '10' }, allocatable: { cpu: '1', pods: '10' } } },
      'status',
    );
    return device;
  }

  async start(): Promise<void> {
    const { client, clock, registry, group } = this;
    const informer = <T extends KubeObject>(resource: typeof pods): Informer<T> => {
      const made = new Informer<T>({ client, resource, clock, log: silentLogger });
      group.start((signal) => made.run(signal));
      return made;
    };
    this.#scheduler = startScheduler(group, {
      nodeName: 'device',
      clientOf: () => client,
      bindPod: (key, binding) => registry.bindPod(key, binding),
      pods: informer<Pod>(pods),
      nodes: informer<Node & KubeObject>(nodes),
      namespaces: informer<Namespace & KubeObject>(namespaces),
      events: {
        record: (pod, { reason, message }) => void this.events.push(`${pod.metadata.name} ${reason} ${message}`),
      },
      clock,
      log: silentLogger,
    });
    await settle(50);
  }

  async setNode(patch: object, subresource?: string): Promise<void> {
    await this.client.patch(nodes, { name: 'device' }, 'merge', patch, subresource ? { subresource } : {});
  }

  async create(name: string, cpu: string, spec: object = {}, more: object = {}): Promise<Pod> {
    const containers = [{ name: 'a', image: 'i', resources: { requests: { cpu } } }];
    const metadata = { name, namespace: 'default', ...more };
    return (await this.client.create<KubeObject>(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers, ...spec },
    })) as unknown as Pod;
  }

  async pod(name: string): Promise<Pod | undefined> {
    try {
      return await this.client.get<Pod>(pods, { namespace: 'default', name });
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  untilBound(name: string): Promise<void> {
    return until(async () => (await this.pod(name))?.spec.nodeName === 'device', `${name} is bound`);
  }

  async untilRefused(name: string): Promise<string> {
    await until(async () => scheduled(await this.pod(name))?.status === 'False', `${name} is refused`);
    return scheduled(await this.pod(name))?.message ?? '';
  }

  delete(name: string): Promise<unknown> {
    return this.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
  }

  async close(): Promise<void> {
    this.group.stop();
    await this.group.join();
  }
}

function scheduled(pod: Pod | undefined) {
  return pod?.status.conditions?.find(({ type }) => type === 'PodScheduled');
}

const noVictims = 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';
const noHelp = 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';

describe('the scheduler of a device', () => {
  const test = (name: string, body: (device: Device) => Promise<void>, isStarted = true): void => {
    it(name, async () => {
      const device = await Device.open();
      try {
        if (isStarted) await device.start();
        await body(device);
      } finally {
        await device.close();
      }
    });
  };

  test('binds a pod that fits before the client gets its answer', async (device) => {
    const pod = await device.create('a', '500m');
    assert.equal(pod.spec.nodeName, 'device');
    assert.equal(scheduled(pod)?.status, 'True');
  });

  test('never gives the same room twice, however fast pods come', async (device) => {
    const made = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => device.create(name, '400m')));
    assert.equal(made.filter(({ spec }) => spec.nodeName === 'device').length, 2);
    await settle(50);
    const bound = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => device.pod(name)));
    assert.equal(bound.filter((pod) => pod?.spec.nodeName === 'device').length, 2);
  });

  test('gives the room of a pod that could not be stored to those that wait', async (device) => {
    await device.create('a', '100m');
    // Its name is taken: it was placed, and is never seen.
    await assert.rejects(device.create('a', '800m'), /already exists/);
    await device.create('b', '500m');
    await device.untilRefused('b');
    device.clock.advance(29_000);
    await settle();
    assert.equal((await device.pod('b'))?.spec.nodeName, undefined);
    device.clock.advance(1_000);
    await device.untilBound('b');
  });

  test('says why a pod does not fit, and binds it when room appears', async (device) => {
    await device.create('a', '800m');
    assert.equal((await device.create('b', '500m')).spec.nodeName, undefined);
    const message = `0/1 nodes are available: 1 Insufficient cpu. ${noVictims}`;
    assert.equal(await device.untilRefused('b'), message);
    assert.equal(scheduled(await device.pod('b'))?.reason, 'Unschedulable');
    assert.deepEqual(device.events, [`b FailedScheduling ${message}`]);
    await device.delete('a');
    await device.untilBound('b');
    assert.equal(scheduled(await device.pod('b'))?.status, 'True');
    assert.equal((await device.pod('b'))?.metadata.generation, 1);
  });

  test('binds what waits when a pod has finished, the node has grown or lost its cordon', async (device) => {
    await device.create('a', '800m');
    await device.create('b', '500m');
    await device.untilRefused('b');
    await device.client.patch(
      pods,
      { namespace: 'default', name: 'a' },
      'merge',
      { status: { phase: 'Succeeded' } },
      { subresource: 'status' },
    );
    await device.untilBound('b');

    await device.create('c', '2');
    assert.match(await device.untilRefused('c'), /Insufficient cpu\. preemption: .* Preemption is not helpful/);
    await device.setNode({ status: { allocatable: { cpu: '4' } } }, 'status');
    await device.untilBound('c');

    await device.setNode({ spec: { unschedulable: true } });
    await settle();
    await device.create('d', '1m');
    assert.equal(await device.untilRefused('d'), `0/1 nodes are available: 1 node(s) were unschedulable. ${noHelp}`);
    await device.setNode({ spec: { unschedulable: null } });
    await device.untilBound('d');
  });

  test(
    'leaves pods that come before it looks to its first look, and judges none that is bound',
    async (device) => {
      const early = await device.create('early', '900m');
      assert.equal(early.spec.nodeName, undefined);
      await device.registry.bindPod({ namespace: 'default', name: 'early' }, { nodeName: 'device' });
      await device.create('next', '900m');
      await device.setNode({ status: { allocatable: { cpu: '100m' } } }, 'status');
      await device.start();
      await device.untilRefused('next');
      assert.equal((await device.pod('early'))?.spec.nodeName, 'device');
    },
    false,
  );

  test('waits for scheduling gates, and leaves pods of other schedulers alone', async (device) => {
    const gated = await device.create('gated', '1m', { schedulingGates: [{ name: 'example.com/wait' }] });
    assert.equal(scheduled(gated)?.reason, 'SchedulingGated');
    await device.create('other', '1m', { schedulerName: 'mine' });
    await settle(50);
    assert.equal((await device.pod('other'))?.spec.nodeName, undefined);
    assert.equal(scheduled(await device.pod('other')), undefined);
    const key = { namespace: 'default', name: 'gated' };
    await device.client.patch(pods, key, 'merge', { spec: { schedulingGates: null } });
    await device.untilBound('gated');
  });

  test('looks again when the labels of a namespace change that an affinity selects', async (device) => {
    await device.setNode({ metadata: { labels: { zone: 'here' } } });
    await device.client.create<KubeObject>(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other' },
    });
    await settle();
    await device.create('near', '1m', {}, { namespace: 'other', labels: { app: 'web' } });
    const requiredDuringSchedulingIgnoredDuringExecution = [
      {
        topologyKey: 'zone',
        namespaceSelector: { matchLabels: { team: 'blue' } },
        labelSelector: { matchLabels: { app: 'web' } },
      },
    ];
    await device.create('a', '1m', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } });
    assert.match(await device.untilRefused('a'), /1 node\(s\) didn't match pod affinity rules/);
    await device.client.patch(namespaces, { name: 'other' }, 'merge', { metadata: { labels: { team: 'blue' } } });
    await device.untilBound('a');
  });

  test('ends less important pods for a more important one, and gives their room to nobody else', async (device) => {
    await device.create('low', '800m', { priority: 0 });
    await device.create('high', '900m', { priority: 100 });
    await until(async () => (await device.pod('low'))?.metadata.deletionTimestamp !== undefined, 'low is told to go');
    const target = (await device.pod('low'))?.status.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.equal(target?.reason, 'PreemptionByScheduler');
    const high = await device.pod('high');
    assert.equal(high?.status.nominatedNodeName, 'device');
    assert.ok(device.events.includes(`low Preempted Preempted by pod ${high?.metadata.uid} on node device`));

    // A small one that comes in between fits beside `low`, but not beside `high`.
    await device.create('small', '150m');
    await device.untilRefused('small');
    await device.delete('low');
    await device.untilBound('high');
    assert.equal((await device.pod('high'))?.status.nominatedNodeName, undefined);
    assert.equal((await device.pod('small'))?.spec.nodeName, undefined);
  });

  test('ends nobody for a pod that does not want it', async (device) => {
    await device.create('low', '800m', { priority: 0 });
    await device.create('high', '900m', { priority: 100, preemptionPolicy: 'Never' });
    assert.match(await device.untilRefused('high'), /not eligible due to preemptionPolicy=Never\.$/);
    assert.equal((await device.pod('low'))?.metadata.deletionTimestamp, undefined);
  });

  const taint = { spec: { taints: [{ key: 'lab', effect: 'NoExecute' }] } };
  const isGoing = async (device: Device, name: string): Promise<boolean> =>
    (await device.pod(name))?.metadata.deletionTimestamp !== undefined;

  test('drives pods off that do not tolerate a NoExecute taint, each after its own time', async (device) => {
    const tolerating = (seconds?: number): object => ({
      tolerations: [
        { key: 'lab', operator: 'Exists', effect: 'NoExecute', ...(seconds ? { tolerationSeconds: seconds } : {}) },
      ],
    });
    await device.create('none', '1m');
    await device.create('short', '1m', tolerating(5));
    await device.create('ever', '1m', tolerating());
    await settle();
    await device.setNode(taint);
    await until(() => isGoing(device, 'none'), 'none is told to go');
    const target = (await device.pod('none'))?.status.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.equal(target?.reason, 'DeletionByTaintManager');
    assert.ok(device.events.includes('none TaintManagerEviction Marking for deletion Pod default/none'));
    device.clock.advance(4_900);
    await settle();
    assert.equal(await isGoing(device, 'short'), false);
    device.clock.advance(200);
    await until(() => isGoing(device, 'short'), 'short is told to go');
    device.clock.advance(3_600_000);
    await settle();
    assert.equal(await isGoing(device, 'ever'), false);
  });

  test('calls an eviction off when the taint goes in time', async (device) => {
    await device.create('a', '1m', {
      tolerations: [{ key: 'lab', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }],
    });
    await settle();
    await device.setNode(taint);
    await settle();
    await device.setNode({ spec: { taints: null } });
    await until(
      () => device.events.includes('a TaintManagerEviction Cancelling deletion of Pod default/a'),
      'it is called off',
    );
    device.clock.advance(120_000);
    await settle(50);
    assert.equal(await isGoing(device, 'a'), false);
  });
});
