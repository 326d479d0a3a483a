import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { makePod } from '../testing/pods.ts';
import { settle } from '../testing/settle.ts';
import { apiVariables, PodApi, type PodApiDeps } from './pod-api.ts';

describe('where a pod finds the API', () => {
  let listened: string[];
  let isWelcome: (remote: string) => boolean;
  let fails: string | undefined;
  let warnings: string[];
  let clock: FakeClock;
  const pod = makePod({});
  const hostPod = makePod({ spec: { hostNetwork: true } });

  beforeEach(() => {
    listened = [];
    fails = undefined;
    warnings = [];
    clock = new FakeClock();
  });

  const create = (host: string, change: Partial<PodApiDeps> = {}): PodApi =>
    new PodApi({
      listen: { host, port: 6443 },
      podCidr: '10.85.0.0/16',
      hostIPs: () => ['192.0.2.7'],
      listenAlso: async (address, welcome) => {
        listened.push(`${address.host}:${address.port}`);
        isWelcome = welcome;
        if (fails) {
          const cause = Object.assign(new Error(fails), { code: fails });
          throw new StatusError('InternalError', 'listen', { cause });
        }
      },
      warnNode: (reason, message) => void warnings.push(`${reason} ${message}`),
      clock,
      log: silentLogger,
      ...change,
    });

  it('is the bridge, with nothing more to listen on when the API listens everywhere', async () => {
    for (const host of ['0.0.0.0', '::']) {
      assert.deepEqual(await create(host).addressFor(pod), { host: '10.85.0.1', port: 6443 });
    }
    assert.deepEqual(listened, []);
  });

  it('is the bridge, where the API listens for pods alone when it listens on one address', async () => {
    const api = create('127.0.0.1');
    assert.deepEqual(await api.addressFor(pod), { host: '10.85.0.1', port: 6443 });
    await api.addressFor(pod);
    await api.open();
    assert.deepEqual(listened, ['10.85.0.1:6443']);
    assert.deepEqual(['10.85.3.4', '::ffff:10.85.0.9', '192.0.2.9', ''].map(isWelcome), [true, true, false, false]);
  });

  it('waits for the bridge, which the first pod makes', async () => {
    const api = create('127.0.0.1');
    fails = 'EADDRNOTAVAIL';
    await api.open();
    assert.equal(await api.addressFor(pod), undefined);
    fails = undefined;
    assert.deepEqual(await api.addressFor(pod), { host: '10.85.0.1', port: 6443 });
  });

  it('is nowhere when somebody else has the address, which is said once', async () => {
    const api = create('127.0.0.1');
    fails = 'EADDRINUSE';
    assert.equal(await api.addressFor(pod), undefined);
    assert.equal(await api.addressFor(pod), undefined);
    assert.deepEqual(warnings, [
      'PodsCannotReachAPI Pods cannot reach the API: 10.85.0.1:6443, its address on their network, cannot be listened on (EADDRINUSE)',
    ]);
  });

  it('is the bridge as soon as whoever had the address lets it go, also when no pod starts', async () => {
    const stop = new AbortController();
    const api = create('127.0.0.1');
    fails = 'EADDRINUSE';
    const running = api.run(stop.signal);
    await api.open();
    const triedAfterMs: number[] = [];
    for (let second = 1; second <= 150; second += 1) {
      const before = listened.length;
      clock.advance(1_000);
      await settle();
      if (listened.length > before) triedAfterMs.push(second);
    }
    assert.deepEqual(triedAfterMs, [1, 3, 7, 15, 31, 63, 123]);
    fails = undefined;
    clock.advance(60_000);
    await settle();
    const tries = listened.length;
    assert.deepEqual(await api.addressFor(pod), { host: '10.85.0.1', port: 6443 });
    assert.equal(listened.length, tries);
    assert.equal(warnings.length, 1);
    stop.abort();
    await running;
  });

  it("is the device's own address for pods on its network", async () => {
    assert.deepEqual(await create('0.0.0.0').addressFor(hostPod), { host: '127.0.0.1', port: 6443 });
    assert.deepEqual(await create('192.0.2.7').addressFor(hostPod), { host: '192.0.2.7', port: 6443 });
  });

  it('is an address of the device when somebody else makes the network, if it listens there', async () => {
    const change = { podCidr: undefined };
    assert.deepEqual(await create('0.0.0.0', change).addressFor(pod), { host: '192.0.2.7', port: 6443 });
    assert.equal(await create('127.0.0.1', change).addressFor(pod), undefined);
  });

  it('is told by the variables of Kubernetes', () => {
    assert.deepEqual(Object.fromEntries(apiVariables({ host: '10.85.0.1', port: 6443 })), {
      KUBERNETES_SERVICE_HOST: '10.85.0.1',
      KUBERNETES_SERVICE_PORT: '6443',
      KUBERNETES_SERVICE_PORT_HTTPS: '6443',
      KUBERNETES_PORT: 'tcp://10.85.0.1:6443',
      KUBERNETES_PORT_6443_TCP: 'tcp://10.85.0.1:6443',
      KUBERNETES_PORT_6443_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_6443_TCP_PORT: '6443',
      KUBERNETES_PORT_6443_TCP_ADDR: '10.85.0.1',
    });
  });
});
