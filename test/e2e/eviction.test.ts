/** Pods that are evicted: for their own use of disk, and when the node runs short of disk or memory. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runOk } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

interface SeenPod {
  readonly status: {
    readonly phase: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses: readonly {
      readonly state: { readonly terminated?: { readonly finishedAt: string } };
    }[];
  };
}

describe('eviction', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-evict-'));
  const config = join(directory, 'eliotd.yaml');
  let device: TestDevice;
  const configure = (hard: string): void =>
    writeFileSync(
      config,
      `nodeStatusUpdateFrequency: 1s\nevictionPressureTransitionPeriod: 2s\nevictionHard: { ${hard} }\n`,
    );

  before(async () => {
    configure('nodefs.available: 40%');
    device = await TestDevice.create({ args: ['--config', config] });
    mkdirSync(device.dataDir, { recursive: true });
    // A disk of its own, so that only this test fills it.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', device.dataDir]);
    await device.startDaemon();
    await device.waitForNode();
    await device.loadImage(testImage);
  });
  after(async () => {
    await device?.stopDaemon('SIGTERM');
    await runOk('bin/eliotd', ['reset', '--data-dir', device.dataDir, '--run-dir', device.runDir]);
    execFileSync('umount', ['-l', device.dataDir]);
    await device.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const pod = async (name: string): Promise<SeenPod> => JSON.parse(await kubectl('get', 'pod', name, '-o', 'json'));
  const create = (name: string, line: string, change: object = {}, container: object = {}): Promise<void> =>
    device.create(
      shellPod(name, '', {
        ...change,
        containers: [{ name: 'main', image: testImage, command: ['sh', '-c', line], ...container }],
      }),
    );
  const untilEvicted = (name: string): Promise<SeenPod> =>
    waitFor(
      `${name} evicted`,
      async () => {
        const seen = await pod(name);
        if (seen.status.phase !== 'Failed') throw new Error(await kubectl('describe', 'pod', name));
        assert.equal(seen.status.reason, 'Evicted');
        const target = seen.status.conditions.find(({ type }) => type === 'DisruptionTarget');
        assert.equal(target?.reason, 'TerminationByKubelet');
        assert.equal(target?.message, seen.status.message);
        return seen;
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
  const untilCondition = (type: string, status: string): Promise<unknown> =>
    device.kubectlOk(['wait', 'node', 'device', `--for=condition=${type}=${status}`, '--timeout=60s']);
  const taints = (): Promise<string> => kubectl('get', 'node', 'device', '-o', 'jsonpath={.spec.taints[*].key}');

  describe('for its own use of disk', { concurrency: 3 }, () => {
    it('ends a pod whose emptyDir outgrows its size limit', async () => {
      const volumes = [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }];
      const volumeMounts = [{ name: 'scratch', mountPath: '/scratch' }];
      await create('big-dir', 'dd if=/dev/zero of=/scratch/x bs=1M count=2; sleep 1000', { volumes }, { volumeMounts });
      const { status } = await untilEvicted('big-dir');
      assert.equal(status.message, 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ');
      assert.match(await kubectl('get', 'pod', 'big-dir'), /Evicted|Error|ContainerStatusUnknown/);
      assert.match(
        await kubectl('get', 'events', '--field-selector', 'reason=Evicted'),
        /pod\/big-dir +Usage of EmptyDir/,
      );
    });

    it('ends a pod whose container outgrows its limit, by files of its own', async () => {
      const resources = { limits: { 'ephemeral-storage': '2Mi' } };
      const containers = [
        {
          name: 'main',
          image: testImage,
          command: ['sh', '-c', 'dd if=/dev/zero of=/x bs=1M count=5; sleep 1000'],
          resources,
        },
        { name: 'other', image: testImage, command: ['sleep', '1000'] },
      ];
      await device.create(shellPod('big-layer', '', { containers }));
      const { status } = await untilEvicted('big-layer');
      assert.equal(status.message, 'Container main exceeded its local ephemeral storage limit "2Mi". ');
    });

    it('leaves a pod alone that keeps within its limits', async () => {
      const resources = { limits: { 'ephemeral-storage': '50Mi' } };
      await create('modest', 'dd if=/dev/zero of=/x bs=1M count=1; sleep 1000', {}, { resources });
      await Promise.all([untilEvicted('big-dir'), untilEvicted('big-layer')]);
      assert.equal((await pod('modest')).status.phase, 'Running');
    });

    // Not by one of the three: the others still look at their pods.
    after(() => kubectl('delete', 'pod', 'modest', 'big-dir', 'big-layer'));
  });

  it('ends the pod that fills the disk, keeps new ones off meanwhile, and ends itself', async () => {
    await create('bystander', 'sleep 1000');
    const volumes = [{ name: 'scratch', emptyDir: {} }];
    const volumeMounts = [{ name: 'scratch', mountPath: '/scratch' }];
    await create('filler', 'dd if=/dev/zero of=/scratch/x bs=1M count=120; sleep 1000', { volumes }, { volumeMounts });
    const { status } = await untilEvicted('filler');
    assert.match(
      status.message ?? '',
      /^The node was low on resource: ephemeral-storage\. Threshold quantity: \d+(Ki|Mi)?, available: \d+(Ki|Mi)?\. /,
    );
    await untilCondition('DiskPressure', 'false');
    await waitFor('no taint', async () => (await taints()) === '');
    assert.equal((await pod('bystander')).status.phase, 'Running');
    await kubectl('delete', 'pod', 'filler', 'bystander');
  });

  it('ends pods in their order when memory is short, never a critical one, and lets pods in again afterwards', async () => {
    // Holds memory that it did not ask for; what it asked for; and one that the system needs.
    const hold = 'x=$(head -c 20000000 /dev/zero | tr "\\0" x); sleep 1000';
    await create('greedy', hold);
    await create('modest', 'sleep 1000', {}, { resources: { requests: { memory: '100Mi' } } });
    await create('critical', 'sleep 1000', { priorityClassName: 'system-node-critical' });
    for (const name of ['greedy', 'modest', 'critical']) await device.waitForPhase(name, 'Running');
    await device.stopDaemon('SIGTERM');
    configure('memory.available: 100%');
    await device.startDaemon();
    const greedy = await untilEvicted('greedy');
    assert.match(
      greedy.status.message ?? '',
      /^The node was low on resource: memory\. .*Container main was using \d+Ki, request is 0, has larger consumption of memory\. $/,
    );
    const modest = await untilEvicted('modest');
    const endOf = ({ status }: SeenPod): string => status.containerStatuses[0]?.state.terminated?.finishedAt ?? '';
    assert.ok(endOf(greedy) <= endOf(modest), `${endOf(greedy)} before ${endOf(modest)}`);
    await untilCondition('MemoryPressure', 'true');
    await waitFor('a taint', async () => (await taints()) === 'node.kubernetes.io/memory-pressure');
    await create('late', 'sleep 1000');
    await waitFor('late refused', async () => {
      const text = await kubectl('describe', 'pod', 'late');
      return /untolerated taint \{node\.kubernetes\.io\/memory-pressure/.test(text);
    });
    assert.equal((await pod('critical')).status.phase, 'Running');

    await device.stopDaemon('SIGTERM');
    configure('memory.available: 1Mi');
    await device.startDaemon();
    await device.waitForPhase('late', 'Running', 60_000);
    await untilCondition('MemoryPressure', 'false');
    assert.equal((await pod('greedy')).status.reason, 'Evicted');
  });
});
