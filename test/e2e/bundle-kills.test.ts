/** kill -9 of the one that sends a bundle and of the one that takes it, in every phase of its way. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSystemClock } from '../../src/lib/clock.ts';
import { createGrpcClient } from '../../src/runtime/containerd/grpc/client.ts';
import { criNamespace, leaseService } from '../../src/runtime/containerd/methods.ts';
import type { Background } from '../support/background.ts';
import { makeBundle, type TestBundle } from '../support/bundle-files.ts';
import { TestDevice } from '../support/device.ts';
import { findProcesses, kill9, withDescendants } from '../support/processes.ts';
import { Relay } from '../support/relay.ts';
import { waitFor } from '../support/wait.ts';

const often = { intervalMs: 1 };

describe('a bundle is whole, and its next try succeeds, whatever is killed', () => {
  let device: TestDevice;
  let relay: Relay;
  /** The version that works. */
  let good = '1.0.0';
  let round = 0;

  const make = (version: string, change: Partial<TestBundle> = {}): Promise<string> =>
    makeBundle(device.directory, {
      name: 'shop',
      version,
      line: `echo version ${version}; exec sleep 100000`,
      paddingBytes: 3_000_000,
      ...change,
    });
  const apply = (file: string): Background =>
    device.eliBackground(['--kubeconfig', join(device.directory, 'relayed.kubeconfig'), 'bundle', 'apply', file]);
  const get = async (path: string): Promise<string> =>
    (await device.kubectlOk(['get', 'bundle', 'shop', '-o', `jsonpath={${path}}`])).stdout;
  const runs = (version: string, state = 'Ready'): Promise<unknown> =>
    waitFor(
      `version ${version}`,
      async () => {
        if ((await get('.status.state')) !== state || (await get('.status.appliedVersion')) !== version) return false;
        return (await device.eliOk(['logs', 'deployment/shop'])).stdout === `version ${version}\n`;
      },
      { intervalMs: 200 },
    );
  /** Resolves when the Bundle is of that version and this word of its spec is so. */
  const watchSpec = async (version: string, isRolledBack: boolean): Promise<void> => {
    const words = 'jsonpath={.spec.version} {.spec.rolledBack}{"\\n"}';
    const watching = device.kubectlBackground(['get', 'bundle', 'shop', '-w', '-o', words]);
    try {
      await watching.prints(new RegExp(`^${version} ${isRolledBack ? 'true' : '(false)?'}$`, 'm'));
    } finally {
      await watching.stop('SIGKILL');
    }
  };
  const records = (): string[] =>
    readdirSync(join(device.dataDir, 'bundles/shop')).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));

  before(async () => {
    device = await TestDevice.start({ image: false });
    relay = await Relay.start(device.port);
    const kubeconfig = readFileSync(device.kubeconfig, 'utf8').replace(`:${device.port}`, `:${relay.port}`);
    writeFileSync(join(device.directory, 'relayed.kubeconfig'), kubeconfig);
    await device.eliOk(['bundle', 'apply', await make(good)]);
  });
  after(async () => {
    relay?.close();
    await device?.close();
  });

  /** Waits for a phase of what `eli bundle apply` just began. */
  const phases: Readonly<Record<string, (version: string) => Promise<unknown>>> = {
    check: () =>
      waitFor(
        'the child that reads the documents',
        () => {
          const below = new Set(withDescendants(device.pid));
          return findProcesses((args) => args.some((arg) => arg.includes('eliot-bundle'))).some(({ pid }) =>
            below.has(pid),
          );
        },
        often,
      ),
    upload: () => {
      const start = relay.sentBytes;
      return waitFor('half of the layer', () => relay.sentBytes - start > 1_500_000, often);
    },
    import: async () => {
      const known = new Set(records());
      const { promise, resolve } = Promise.withResolvers<void>();
      const watcher = watch(join(device.dataDir, 'bundles/shop'), () => {
        if (records().some((name) => !known.has(name))) resolve();
      });
      await promise;
      watcher.close();
    },
    apply: (version) => watchSpec(version, false),
  };

  for (const [phase, begins] of Object.entries(phases)) {
    for (const victim of ['eliotd', 'eli'] as const) {
      it(`${victim}, in the phase: ${phase}`, async () => {
        round += 1;
        const version = `1.${round}.0`;
        const file = await make(version);
        const begun = begins(version);
        const applying = apply(file);
        await begun;
        kill9(victim === 'eliotd' ? device.pid : (applying.child.pid ?? 0));
        if (victim === 'eliotd') await device.restartDaemon('SIGKILL');
        await applying.stop('SIGKILL');
        const now = await get('.spec.version');
        if (phase === 'apply') assert.equal(now, version);
        else if (phase === 'import') assert.ok([good, version].includes(now), now);
        else assert.equal(now, good);
        await runs(now);
        await device.eliOk(['bundle', 'apply', file]);
        await runs(version);
        good = version;
      });
    }
  }

  for (const victim of ['eliotd', 'eli'] as const) {
    it(`${victim}, in the phase: roll-back`, async () => {
      round += 1;
      const version = `1.${round}.0`;
      const file = await make(version, { line: 'exit 3', deadlineSeconds: 3, bakeSeconds: 10 });
      const wanted = watchSpec(version, false);
      const applying = apply(file);
      await wanted;
      if (victim === 'eli') await applying.stop('SIGKILL');
      await watchSpec(good, true);
      if (victim === 'eliotd') {
        kill9(device.pid);
        await device.restartDaemon('SIGKILL');
      }
      await runs(good, 'RolledBack');
      await applying.stop('SIGKILL');
      const again = await device.eli(['bundle', 'apply', file]);
      assert.match(again.stderr, /failed on this device before and was taken back/);
    });
  }

  it('and nothing is left of the tries', async () => {
    await waitFor('the former records to go', () => records().length <= 2, { timeoutMs: 60_000 });
    const images = async (): Promise<readonly string[]> =>
      (await device.kubectlOk(['get', 'images', '-o', 'jsonpath={.items[*].spec.image}'])).stdout
        .split(' ')
        .filter((name) => name.includes('/shop'));
    await waitFor('their images to go', async () => (await images()).length <= 2, { timeoutMs: 60_000 });
    const socketPath = join(device.runDir, 'containerd/containerd.sock');
    const grpc = createGrpcClient({ socketPath, clock: createSystemClock(), metadata: criNamespace });
    const { leases } = await grpc.unary(leaseService.list, {}, { signal: AbortSignal.timeout(20_000) });
    grpc.close();
    assert.deepEqual(
      leases.filter(({ id }) => id.startsWith('eliot-bundle')),
      [],
    );
  });
});
