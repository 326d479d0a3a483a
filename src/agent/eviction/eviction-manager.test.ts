import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Signals } from '../../host/node-signals.ts';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import { type EvictionDeps, EvictionManager } from './eviction-manager.ts';

const mib = 1024 * 1024;
const signal = new AbortController().signal;

let clock: FakeClock;
let pods: Pod[];
let available: number;
let processes: number;
let memoryLooks: number;
let isDiskShort: boolean;
let told: string[];
let reclaimed: Set<string>;

const pod = (name: string, spec: object = {}): Pod => makePod({ metadata: { name, uid: name }, spec, status: {} });
const finish = (name: string): void => {
  pods = pods.map((each) => (each.metadata.name === name ? { ...each, status: { phase: 'Failed' } } : each));
};

function manager(changes: Partial<EvictionDeps> = {}): EvictionManager {
  return new EvictionManager({
    settings: {
      evictionHard: {
        'memory.available': { amount: 100 * mib },
        'nodefs.available': { share: 0.1 },
        'pid.available': { amount: 100 },
      },
      evictionSoft: { 'memory.available': { amount: 200 * mib } },
      evictionSoftGracePeriod: { 'memory.available': 60_000 },
      evictionMinimumReclaim: {},
      evictionPressureTransitionPeriod: 10_000,
      evictionMaxPodGracePeriod: 7,
      nodeStatusUpdateFrequency: 10_000,
    },
    signals: {
      memory: () => {
        memoryLooks += 1;
        return { available, capacity: 1000 * mib };
      },
      read: async (): Promise<Signals> => ({
        'memory.available': { available, capacity: 1000 * mib },
        'nodefs.available': { available: isDiskShort ? 1 : 900, capacity: 1000 },
        'pid.available': { available: processes, capacity: 1000 },
      }),
    },
    pods: () => pods,
    isReclaimed: (uid) => reclaimed.has(uid),
    usage: {
      memory: async (of) => {
        const bytes = Number(of.metadata.name?.slice(1)) * mib;
        return { use: { memoryBytes: bytes, processes: 1 }, containers: new Map([['web', bytes]]) };
      },
      disk: async (of) => ({
        containers: new Map([['web', Number(of.metadata.name?.slice(1)) * mib]]),
        emptyDirs: new Map(),
      }),
    },
    wake: (uid) => told.push(uid),
    onChange: () => told.push('conditions'),
    clock,
    log: silentLogger,
    random: () => 0.5,
    ...changes,
  });
}

beforeEach(() => {
  clock = new FakeClock();
  pods = [pod('p10'), pod('p30'), pod('p20')];
  available = 500 * mib;
  processes = 900;
  memoryLooks = 0;
  isDiskShort = false;
  told = [];
  reclaimed = new Set();
});

/** Runs the manager for so many seconds; when it looked at everything, in seconds. */
async function looksIn(seconds: number, at: (second: number) => void, changes: Partial<EvictionDeps> = {}) {
  const stop = new AbortController();
  const looks: number[] = [];
  const startMs = clock.monotonicMs();
  const made = manager(changes);
  const { look } = made;
  made.look = async (signal) => {
    looks.push((clock.monotonicMs() - startMs) / 1_000);
    await look.call(made, signal);
  };
  const running = made.run(stop.signal);
  for (let second = 0; second < seconds; second += 0.5) {
    await settle();
    at(second);
    clock.advance(500);
  }
  await settle();
  stop.abort();
  await running;
  return looks;
}

describe('eviction', () => {
  it('takes the greediest pod, tells why, and waits until it is gone', async () => {
    const eviction = manager();
    await eviction.look(signal);
    assert.deepEqual(told, []);
    available = 50 * mib;
    await eviction.look(signal);
    assert.deepEqual(told, ['conditions', 'p30']);
    assert.deepEqual([...eviction.conditions], ['MemoryPressure']);
    const message =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ' +
      'Container web was using 30720Ki, request is 0, has larger consumption of memory. ';
    assert.deepEqual(eviction.verdict(pods[1] as Pod), {
      reason: 'Evicted',
      message,
      graceSeconds: 1,
      event: { reason: 'Evicted', message },
      condition: { type: 'DisruptionTarget', reason: 'TerminationByKubelet', message },
    });
    await eviction.look(signal);
    assert.equal(told.length, 2);
    finish('p30');
    await eviction.look(signal);
    assert.equal(told.length, 2, 'its volumes are still there');
    reclaimed.add('p30');
    await eviction.look(signal);
    assert.deepEqual(told.slice(2), ['p20']);
    // One that does not end holds the next one up for half a minute only.
    clock.advance(30_000);
    await eviction.look(signal);
    assert.deepEqual(told.slice(3), ['p10']);
  });

  it('takes no second pod by numbers that were read before the first was gone', async () => {
    const numbers = Promise.withResolvers<void>();
    let isSlow = false;
    const eviction = manager({
      signals: {
        memory: () => undefined,
        read: async () => {
          const read = { 'nodefs.available': { available: 1, capacity: 1000 } };
          if (isSlow) await numbers.promise;
          return read;
        },
      },
    });
    await eviction.look(signal);
    isSlow = true;
    const looking = eviction.look(signal);
    finish('p30');
    reclaimed.add('p30');
    numbers.resolve();
    await looking;
    assert.deepEqual(told, ['conditions', 'p30']);
  });

  it('ends when enough is free, and its condition after the transition period', async () => {
    const eviction = manager();
    available = 50 * mib;
    await eviction.look(signal);
    available = 500 * mib;
    clock.advance(9_000);
    await eviction.look(signal);
    assert.deepEqual([...eviction.conditions], ['MemoryPressure']);
    clock.advance(1_000);
    await eviction.look(signal);
    assert.deepEqual([...eviction.conditions], []);
    assert.deepEqual(told, ['conditions', 'p30', 'conditions']);
  });

  it('gives a pod some time when a soft threshold ends it', async () => {
    const eviction = manager();
    available = 150 * mib;
    await eviction.look(signal);
    clock.advance(60_000);
    await eviction.look(signal);
    assert.equal(eviction.verdict(pods[1] as Pod)?.graceSeconds, 7);
  });

  it('spares pods when enough of the disk can be given back without them', async () => {
    isDiskShort = true;
    const eviction = manager({
      reclaimDisk: async () => {
        isDiskShort = false;
      },
    });
    await eviction.look(signal);
    assert.deepEqual(told, ['conditions']);
    isDiskShort = true;
    const helpless = manager({ reclaimDisk: async () => {} });
    await helpless.look(signal);
    assert.match(helpless.verdict(pods[1] as Pod)?.message ?? '', /low on resource: ephemeral-storage\./);
  });

  it('does not look for what can be given back at every look', async () => {
    isDiskShort = true;
    pods = [];
    let times = 0;
    const eviction = manager({
      reclaimDisk: async () => {
        times += 1;
      },
    });
    for (let second = 0; second < 20; second += 1) {
      await eviction.look(signal);
      clock.advance(1_000);
    }
    assert.equal(times, 2);
  });

  it('evicts although nothing could be given back', async () => {
    isDiskShort = true;
    const eviction = manager({ reclaimDisk: () => Promise.reject(new Error('no answer')) });
    await eviction.look(signal);
    assert.equal(eviction.verdict(pods[1] as Pod)?.reason, 'Evicted');
  });

  it('ends pods that outgrow their room on disk, and looks at no others', async () => {
    const limits = { 'ephemeral-storage': '15Mi' };
    const container = { name: 'web', image: 'i', resources: { limits } };
    pods = [pod('p10', { containers: [container] }), pod('p20', { containers: [container] }), pod('p30')];
    const eviction = manager();
    await eviction.checkStorage(signal);
    assert.deepEqual(told, ['p20']);
    assert.equal(eviction.verdict(pods[1] as Pod)?.reason, 'Evicted');
  });

  it('looks seldom while nothing is near', async () => {
    assert.deepEqual(await looksIn(30, () => {}), [0, 10, 20, 30]);
  });

  it('looks within a second when memory is short, however much there was, and each second while it is', async () => {
    const looks = await looksIn(16, (second) => {
      if (second === 12.5) available = 50 * mib;
    });
    assert.deepEqual(looks, [0, 10, 13, 14, 15, 16]);
    assert.equal(told[1], 'p30');
  });

  it('reads only how much memory is left in between, and not even that while there is a lot', async () => {
    // A little above its threshold for ever, as on a small device.
    available = 210 * mib;
    assert.deepEqual(await looksIn(20, () => {}), [0, 10, 20]);
    assert.equal(memoryLooks, 21);
    memoryLooks = 0;
    available = 200 * mib + 8 * 1024 * mib;
    assert.deepEqual(await looksIn(20, () => {}), [0, 10, 20]);
    assert.equal(memoryLooks, 7);
  });

  it('looks often while processes come near their threshold', async () => {
    processes = 140;
    assert.deepEqual(await looksIn(3, () => {}), [0, 1, 2, 3]);
  });

  it('looks no more often than the kubelet while only the disk is near, which may last', async () => {
    const signals = {
      memory: () => undefined,
      read: async () => ({ 'nodefs.available': { available: 140, capacity: 1000 } }),
    };
    assert.deepEqual(await looksIn(20, () => {}, { signals }), [0, 10, 20]);
  });

  it('counts files seldom, however often it looks', async () => {
    const limits = { 'ephemeral-storage': '15Mi' };
    pods = [pod('p10', { containers: [{ name: 'web', image: 'i', resources: { limits } }] })];
    available = 250 * mib;
    const stop = new AbortController();
    const countedMs: number[] = [];
    const eviction = manager({
      usage: {
        memory: async () => undefined,
        disk: async () => {
          countedMs.push(clock.monotonicMs());
          return { containers: new Map(), emptyDirs: new Map() };
        },
      },
    });
    const startMs = clock.monotonicMs();
    const running = eviction.run(stop.signal);
    for (let seconds = 0; seconds < 130; seconds += 1) {
      await settle();
      clock.advance(1_000);
    }
    assert.deepEqual(
      countedMs.map((ms) => ms - startMs),
      [0, 60_000, 120_000],
    );
    stop.abort();
    await running;
  });
});
