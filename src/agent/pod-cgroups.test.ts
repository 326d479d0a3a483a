import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { CgroupLimits } from '../host/cgroups.ts';
import { silentLogger } from '../lib/logger.ts';
import { makePod } from '../testing/pods.ts';
import { createPodCgroups } from './pod-cgroups.ts';

const asking = (uid: string, resources: object): Pod =>
  makePod({ metadata: { uid }, spec: { containers: [{ name: 'a', image: 'i', resources }] } });
const signal = new AbortController().signal;

function setUp(pods: readonly Pod[], isRefused: () => boolean = () => false) {
  const written = new Map<string, CgroupLimits>();
  let held: { readonly path: string; readonly until: Promise<void> } | undefined;
  const cgroups = createPodCgroups({
    cgroups: {
      ensure: async (path, limits) => {
        if (path === held?.path) {
          const { until } = held;
          held = undefined;
          await until;
        }
        if (isRefused() && !path.includes('/pod')) throw new Error('EBUSY');
        written.set(path, limits);
      },
      remove: async () => {},
      list: async () => [],
    },
    instanceId: '1',
    podPidsLimit: 100,
    allPods: { milliCpu: 3_500, memoryBytes: 1_000_000 },
    pods: () => pods,
    log: silentLogger,
  });
  /** Has the next write to a group wait until the answer is called. */
  const hold = (path: string): (() => void) => {
    const { promise: until, resolve } = Promise.withResolvers<void>();
    held = { path, until };
    return resolve;
  };
  return { cgroups, written, hold };
}

describe('the control groups of pods', () => {
  it('share CPU time out by quality of service, and keep back what is reserved', async () => {
    const guaranteed = asking('g', { limits: { cpu: '1', memory: '1Mi' }, requests: { cpu: '1', memory: '1Mi' } });
    const burstable = asking('b', { requests: { cpu: '500m' }, limits: { memory: '2Mi' } });
    const other = asking('o', { requests: { cpu: '250m' } });
    const { cgroups, written } = setUp([guaranteed, burstable, other]);
    for (const pod of [guaranteed, burstable, asking('e', {})]) await cgroups.ensure(pod, signal);

    const of = (path: string): Partial<CgroupLimits> => {
      const { cpuPeriod: _, ...limits } = written.get(path) ?? ({} as CgroupLimits);
      return limits;
    };
    const none = { cpuQuota: 0, memoryBytes: 0, pids: 0 };
    assert.deepEqual(of('/eliot-1'), { ...none, cpuShares: 3584, memoryBytes: 1_000_000 });
    assert.deepEqual(of('/eliot-1/besteffort'), { ...none, cpuShares: 2 });
    assert.deepEqual(of('/eliot-1/burstable'), { ...none, cpuShares: 512 + 256 });
    assert.deepEqual(of('/eliot-1/podg'), { cpuShares: 1024, cpuQuota: 100_000, memoryBytes: 1 << 20, pids: 100 });
    assert.deepEqual(of('/eliot-1/burstable/podb'), { cpuShares: 512, cpuQuota: 0, memoryBytes: 2 << 20, pids: 100 });
    assert.deepEqual(of('/eliot-1/besteffort/pode'), { cpuShares: 2, cpuQuota: 0, memoryBytes: 0, pids: 100 });
  });

  it('take the CPU time of a burstable pod that ended from all others, though its object is still there', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((uid) => asking(uid, { requests: { cpu: '500m' } })) as [Pod, Pod, Pod];
    const pods = [a, b];
    const { cgroups, written } = setUp(pods);
    const shares = (): number | undefined => written.get('/eliot-1/burstable')?.cpuShares;
    for (const pod of pods) await cgroups.ensure(pod, signal);
    assert.equal(shares(), 1024);
    await cgroups.remove('a', signal);
    assert.equal(shares(), 512);
    pods.push(c);
    await cgroups.ensure(c, signal);
    assert.equal(shares(), 1024);
    // Its sandbox was lost, and it starts anew.
    await cgroups.ensure(a, signal);
    assert.equal(shares(), 1536);
    pods.length = 0;
    await cgroups.remove('b', signal);
    assert.equal(shares(), 2);
  });

  it('write what holds at the end when pods come and go at one time', async () => {
    const pods = ['a', 'b'].map((uid) => asking(uid, { requests: { cpu: '500m' } }));
    const { cgroups, written, hold } = setUp(pods);
    const release = hold('/eliot-1/burstable');
    const coming = Promise.all(pods.map((pod) => cgroups.ensure(pod, signal)));
    const going = cgroups.remove('a', signal);
    release();
    await Promise.all([coming, going]);
    assert.equal(written.get('/eliot-1/burstable')?.cpuShares, 512);
  });

  it('let a pod start when the kernel refuses a limit for all of them, and try again at the next start', async () => {
    let isRefused = true;
    const { cgroups, written } = setUp([], () => isRefused);
    await cgroups.ensure(asking('e', {}), signal);
    assert.deepEqual([...written.keys()], ['/eliot-1/besteffort/pode']);
    isRefused = false;
    await cgroups.ensure(asking('f', {}), signal);
    assert.equal(written.get('/eliot-1')?.memoryBytes, 1_000_000);
  });
});
