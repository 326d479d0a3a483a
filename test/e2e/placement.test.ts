/** Which pods get what the node has: by importance, by quality of service, and what becomes of static pods for whom nothing is left. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Node } from '../../src/api/kinds/node.ts';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import { nodes, priorityClasses } from '../../src/api/resources.ts';
import { testImage } from '../support/device.ts';
import { isRunning, ScenarioDevice } from '../support/scenario-device.ts';
import { waitFor } from '../support/wait.ts';

const mib = 1024 * 1024;
const sleeping = 'exec sleep 1000';
const uidOf = ({ metadata }: Pod): string => metadata.uid ?? '';

describe('the room of a node', () => {
  const manifests = mkdtempSync(join(tmpdir(), 'eliot-static-'));
  let on: ScenarioDevice;
  /** Of the CPU that pods may use, in thousandths of a core. */
  let allocatable: number;
  before(async () => {
    on = await ScenarioDevice.start({ config: `staticPodPath: ${manifests}\n` });
    const { cpu = '0' } = (await on.client.get<Node>(nodes, { name: 'device' })).status.allocatable ?? {};
    allocatable = cpu.endsWith('m') ? Number.parseInt(cpu, 10) : Number(cpu) * 1000;
  });
  after(async () => {
    await on?.close();
    rmSync(manifests, { recursive: true, force: true });
  });

  const events = async (name: string, reason: string): Promise<string> =>
    waitFor(`an event ${reason} of ${name}`, async () => {
      const selector = `involvedObject.name=${name},reason=${reason}`;
      const args = ['get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}'];
      return (await on.device.kubectlOk(args)).stdout || undefined;
    });

  describe('is given by importance', () => {
    const asking = (share: number, priorityClassName?: string) => ({
      line: sleeping,
      container: { resources: { requests: { cpu: `${Math.floor(share * allocatable)}m` } } },
      spec: priorityClassName === undefined ? {} : { priorityClassName },
    });
    const untilRefused = (name: string): Promise<Pod> =>
      on.until(name, 'unschedulable', ({ status }) =>
        status.conditions?.some(({ type, status: value }) => type === 'PodScheduled' && value === 'False'),
      );
    const priorityOf = async (name: string): Promise<number | undefined> => (await on.pod(name)).spec.priority;
    before(async () => {
      for (const [name, value, globalDefault] of [
        ['spare', -10, false],
        ['usual', 10, true],
        ['vital', 1000, false],
      ] as const) {
        await on.client.create(priorityClasses, {
          apiVersion: 'scheduling.k8s.io/v1',
          kind: 'PriorityClass',
          metadata: { name },
          value,
          globalDefault,
        });
      }
    });

    it('to the more important of those that wait, whoever came first, and takes it from the less important', async () => {
      const first = await on.running(asking(0.9, 'vital'));
      const spare = await on.create(asking(0.6, 'spare'));
      await untilRefused(spare);
      const usual = await on.create(asking(0.6));
      await untilRefused(usual);
      assert.deepEqual(await Promise.all([first, spare, usual].map(priorityOf)), [1000, -10, 10]);

      await on.delete(first);
      await on.until(usual, 'Running', isRunning);
      assert.equal((await on.pod(spare)).spec.nodeName, undefined);

      const vital = await on.create(asking(0.6, 'vital'));
      await on.until(vital, 'Running', isRunning);
      const { uid } = (await on.pod(vital)).metadata;
      assert.equal(await events(usual, 'Preempted'), `Preempted by pod ${uid} on node device`);
      assert.equal((await on.device.kubectl(['get', 'pod', usual])).exitCode, 1);
      assert.equal((await on.pod(spare)).status.phase, 'Pending');
      for (const name of [vital, spare]) await on.delete(name);
    });

    it('to nobody by force whose class does not want it', async () => {
      await on.client.create(priorityClasses, {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: 'patient' },
        value: 2000,
        preemptionPolicy: 'Never',
      });
      const holder = await on.running(asking(0.9));
      const patient = await on.create(asking(0.6, 'patient'));
      const { status } = await untilRefused(patient);
      assert.match(JSON.stringify(status.conditions), /not eligible due to preemptionPolicy=Never/);
      assert.equal((await on.pod(holder)).status.phase, 'Running');
      for (const name of [holder, patient]) await on.delete(name);
    });
  });

  describe('is kept by control groups', () => {
    const root = '/sys/fs/cgroup';
    const isUnified = existsSync(`${root}/cgroup.controllers`);
    const tree = (controller: string): string => (isUnified ? root : `${root}/${controller}`);
    const read = (controller: string, group: string, v1: string, v2: string): string =>
      readFileSync(`${tree(controller)}${group}/${isUnified ? v2 : v1}`, 'utf8').trim();
    /** Of a pod, below the root of control groups. */
    const groupOf = async (name: string): Promise<string> => {
      const uid = uidOf(await on.pod(name));
      const found = execFileSync('find', [tree('cpu'), '-maxdepth', '3', '-name', `pod${uid}`], { encoding: 'utf8' });
      return found.trim().slice(tree('cpu').length);
    };
    const shares = (group: string): string => read('cpu', group, 'cpu.shares', 'cpu.weight');
    /** As the kernel has it: v2 knows a weight from 1 to 10000. */
    const ofShares = (value: number): string =>
      String(isUnified ? 1 + Math.floor(((value - 2) * 9_999) / 262_142) : value);
    const limits = (group: string): readonly string[] => [
      shares(group),
      isUnified ? read('cpu', group, '', 'cpu.max') : read('cpu', group, 'cpu.cfs_quota_us', ''),
      read('memory', group, 'memory.limit_in_bytes', 'memory.max'),
    ];
    const quota = (us: number): string => (isUnified ? `${us} 100000` : String(us));

    it('of each pod by its quality of service, with the limits of its containers together', async () => {
      const fixed = { cpu: '100m', memory: '32Mi' };
      const resources = [
        { requests: fixed, limits: fixed },
        { requests: { cpu: '200m' }, limits: { memory: '64Mi' } },
        {},
      ];
      const names = await Promise.all(
        resources.map((each) => on.running({ line: sleeping, container: { resources: each } })),
      );
      assert.deepEqual(await Promise.all(names.map(async (name) => (await on.pod(name)).status.qosClass)), [
        'Guaranteed',
        'Burstable',
        'BestEffort',
      ]);
      const [guaranteed = '', burstable = '', bestEffort = ''] = await Promise.all(names.map(groupOf));
      assert.match(guaranteed, /^\/eliot-[^/]+\/pod[^/]+$/);
      assert.match(burstable, /^\/eliot-[^/]+\/burstable\/pod[^/]+$/);
      assert.match(bestEffort, /^\/eliot-[^/]+\/besteffort\/pod[^/]+$/);
      assert.deepEqual(limits(guaranteed), [ofShares(102), quota(10_000), String(32 * mib)]);
      const [weight, , memory] = limits(burstable);
      assert.deepEqual([weight, memory], [ofShares(204), String(64 * mib)]);
      assert.equal(shares(bestEffort), ofShares(2));
      for (const name of names) await on.delete(name);
    });

    it('among those of one quality by what they ask for, and no longer for one that ended', async () => {
      const asking = (cpu: string) => ({ line: sleeping, container: { resources: { requests: { cpu } } } });
      const stays = await on.running(asking('200m'));
      const parent = (await groupOf(stays)).replace(/\/pod[^/]+$/, '');
      await waitFor('the part of one', () => shares(parent) === ofShares(204));
      const goes = await on.running(asking('300m'));
      assert.equal(shares(parent), ofShares(204 + 307));
      await on.delete(goes);
      await waitFor('the part of one again', () => shares(parent) === ofShares(204));
      await on.delete(stays);
    });
  });

  describe('that is not enough for a static pod', () => {
    const write = (name: string, container: object, spec: object = {}): void => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image: testImage, command: ['sleep', '1000'], ...container }],
          ...spec,
        },
      };
      writeFileSync(join(manifests, `${name}.yaml`), JSON.stringify(pod));
    };
    const untilGone = (name: string): Promise<unknown> =>
      waitFor(`${name} gone`, async () => (await on.device.kubectl(['get', 'pod', name])).exitCode === 1);
    const asking = (requests: object): object => ({ resources: { requests } });
    const here = { nodeName: 'device' };

    it('fails one that names the node itself for good, in the words of the kubelet, and leaves the others alone', async () => {
      const port = { ports: [{ containerPort: 80, hostPort: 54_329 }] };
      write('holder', port);
      await on.until('holder', 'Running', isRunning);
      write('much-cpu', asking({ cpu: '1000' }), here);
      write('much-memory', asking({ memory: '1000Gi' }), here);
      write('elsewhere', {}, { ...here, nodeSelector: { no: 'such' } });
      write('same-port', port, here);
      for (const [name, reason, message] of [
        [
          'much-cpu',
          'OutOfcpu',
          /^Node didn't have enough resource: cpu, requested: 1000000, used: \d+, capacity: \d+$/,
        ],
        [
          'much-memory',
          'OutOfmemory',
          /^Node didn't have enough resource: memory, requested: 1073741824000, used: \d+, capacity: \d+$/,
        ],
        ['elsewhere', 'NodeAffinity', /^Predicate NodeAffinity failed: node\(s\) didn't match Pod's node affinity/],
        ['same-port', 'NodePorts', /^Predicate NodePorts failed: node\(s\) didn't have free ports for the requested/],
      ] as const) {
        const { status, spec } = await on.until(name, 'Failed', (pod) => pod.status.phase === 'Failed');
        assert.equal(status.reason, reason);
        assert.match(status.message ?? '', /^Pod was rejected: /);
        assert.match(status.message?.replace('Pod was rejected: ', '') ?? '', message);
        assert.equal(spec.nodeName, 'device');
        assert.deepEqual(
          (status.containerStatuses ?? []).filter(({ containerID }) => containerID !== undefined),
          [],
        );
        assert.match(await events(name, reason), message);
      }
      assert.equal((await on.pod('holder')).status.phase, 'Running');
    });

    it('keeps any other waiting, as the scheduler does', async () => {
      write('waits', asking({ cpu: '1000' }));
      assert.match(await events('waits', 'FailedScheduling'), /^0\/1 nodes are available: 1 Insufficient cpu\./);
      assert.equal((await on.pod('waits')).status.phase, 'Pending');
    });

    it('is over when its file is gone, or asks for less', async () => {
      for (const name of ['much-cpu', 'waits']) {
        write(name, asking({ cpu: '10m' }));
        await on.until(name, 'Running', isRunning);
      }
      for (const name of ['holder', 'much-cpu', 'much-memory', 'elsewhere', 'same-port', 'waits']) {
        rmSync(join(manifests, `${name}.yaml`));
        await untilGone(name);
      }
    });
  });
});
