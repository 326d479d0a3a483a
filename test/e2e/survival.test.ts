/**
 * Nothing is lost and nothing runs twice, whoever dies: eliotd, containerd, both, at random
 * moments while pods are made and removed; and after a simulated reboot everything comes back.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, rmSync, truncateSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runOk } from '../support/command.ts';
import { shellPod, TestDevice } from '../support/device.ts';
import { markedPod, runsOf } from '../support/marked-pods.ts';
import { cniNamespaces, findProcesses, kill9, mountsBelow, withDescendants } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

const kills = Number(process.env['ELIOT_TEST_KILLS'] ?? 50);

interface PodSeen {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}

describe('a device whose processes die', () => {
  let device: TestDevice;
  const steady = ['steady-1', 'steady-2', 'steady-3'];

  before(async () => {
    device = await TestDevice.start();
    for (const name of steady) await device.create(markedPod(name));
    for (const name of steady) await device.waitForPhase(name, 'Running');
  });
  after(() => device?.close());

  const podsSeen = async (): Promise<PodSeen[]> =>
    (JSON.parse((await device.kubectlOk(['get', 'pods', '-o', 'json'])).stdout) as { items: PodSeen[] }).items;
  const shimCount = (): number =>
    findProcesses(
      (args) => (args[0] ?? '').includes('containerd-shim') && args.some((arg) => arg.includes(device.runDir)),
    ).length;
  const leaseCount = async (): Promise<number> =>
    Number((await runOk('sh', ['-c', `find ${device.runDir} -regex '.*/10\\.[0-9.]*' | wc -l`])).stdout);
  /** What the addresses of the device's pods begin with. */
  const addressPrefix = (): string => device.podCidr.split('.').slice(0, 2).join('.').concat('.');
  const containerdPid = (): number | undefined =>
    findProcesses(
      (args) =>
        (args[0] ?? '').endsWith('containerd') &&
        args.some((arg) => arg.startsWith(device.runDir) || arg.startsWith(device.dataDir)),
    )[0]?.pid;

  it(`loses nothing and runs nothing twice over ${kills} kills at random moments`, async () => {
    const pids = new Map(steady.map((name) => [name, runsOf(name)]));
    const alive = new Set<string>();
    const restartsOf = new Map<string, number>();
    for (let round = 0; round < kills; round += 1) {
      const victim = (['eliotd', 'containerd', 'both'] as const)[round % 3];
      const made = `made-${round}`;
      // The write is under way while the kill happens; only what was acknowledged must survive.
      const creating = device.kubectl(['create', '-f', '-'], {
        input: JSON.stringify(markedPod(made)),
        timeoutMs: 15_000,
      });
      const oldest = [...alive][0];
      const deleting =
        oldest && round % 2
          ? device.kubectl(['delete', 'pod', oldest, '--wait=false'], { timeoutMs: 15_000 })
          : undefined;
      await delay(Math.random() * 700);
      if (victim !== 'eliotd') {
        const pid = containerdPid();
        if (pid) kill9(pid);
      }
      if (victim !== 'containerd') await device.restartDaemon('SIGKILL');
      const [created] = await Promise.all([creating, deleting]);
      if (created.exitCode === 0) alive.add(made);
      // Acknowledged or not: whether it is gone is seen below.
      if (oldest && deleting) alive.delete(oldest);

      await waitFor(
        `round ${round} (${victim} killed): every acknowledged pod runs once`,
        async () => {
          const seen = await podsSeen();
          for (const name of [...steady, ...alive]) {
            const pod = seen.find(({ metadata }) => metadata.name === name);
            if (!pod) throw new Error(`pod ${name} is lost`);
            if (!pod.status.containerStatuses?.every(({ ready }) => ready))
              throw new Error(`pod ${name} is ${pod.status.phase}`);
            assert.equal(runsOf(name).length, 1, `processes of ${name}`);
          }
          // A create that was not acknowledged may have happened or not; a delete likewise.
          for (const { metadata } of seen) {
            if (!steady.includes(metadata.name) && !metadata.deletionTimestamp) alive.add(metadata.name);
          }
          return true;
        },
        { timeoutMs: 60_000, intervalMs: 200 },
      );
      for (const name of steady) {
        assert.deepEqual(runsOf(name), pids.get(name), `${name} kept its process in round ${round}`);
      }
      for (const { metadata, status } of await podsSeen()) {
        // A container whose very start was cut by the kill is started once more; one that ran never is. A pod whose
        // create was not acknowledged may have been made, and may still be starting.
        const [container] = status.containerStatuses ?? [];
        const restarts = container?.restartCount ?? 0;
        const before = restartsOf.get(metadata.name) ?? (steady.includes(metadata.name) ? 0 : restarts);
        if (restarts !== before) {
          const lines = device.log().split('\n').slice(-5000);
          const told = lines.filter((line) => line.includes(metadata.name)).join('\n');
          const why = `${JSON.stringify(status.containerStatuses)}\n${told}`;
          assert.fail(`${metadata.name} was restarted ${restarts} times, not ${before}, in round ${round}: ${why}`);
        }
        if (container?.ready) restartsOf.set(metadata.name, restarts);
      }
    }
    const rest = [...alive];
    if (rest.length > 0) {
      await device.kubectlOk(['delete', 'pod', '--now', '--wait=false', ...rest], { timeoutMs: 60_000 });
      await waitFor(
        'every made pod to be gone',
        async () => {
          const left = (await podsSeen()).filter(({ metadata }) => !steady.includes(metadata.name));
          if (left.length > 0)
            throw new Error(`left: ${JSON.stringify(left).slice(0, 3000)}\n${device.log().slice(-6000)}`);
          return true;
        },
        { timeoutMs: 60_000, intervalMs: 200 },
      );
    }
    for (let round = 0; round < kills; round += 1) assert.deepEqual(runsOf(`made-${round}`), []);
    // A sandbox that was in the making when containerd was killed is nobody's; it must not stay either. The last
    // one is swept when containerd starts the next time.
    const pid = containerdPid();
    if (pid) kill9(pid);
    await waitFor('only what the steady pods need to be left', async () => {
      const left = {
        shims: shimCount(),
        leases: await leaseCount(),
        namespaces: cniNamespaces(addressPrefix()).length,
      };
      assert.deepEqual(left, { shims: steady.length, leases: steady.length, namespaces: steady.length });
      return true;
    });
  });

  it('resumes a watch across a kill of eliotd, or is told that history is gone', async () => {
    const watch = device.kubectlBackground(['get', 'pods', '-w', '-o', 'name']);
    try {
      await watch.prints(/steady-1/);
      await device.restartDaemon('SIGKILL');
      const revision = (await device.kubectlOk(['get', 'pods', '-o', 'jsonpath={.metadata.resourceVersion}'])).stdout;
      const stale = await device.kubectl(['get', '--raw', `/api/v1/pods?watch=1&resourceVersion=1&timeoutSeconds=5`]);
      assert.match(stale.stdout + stale.stderr, /Expired|too old|"code":410/);
      const fresh = await device.kubectlOk([
        'get',
        '--raw',
        `/api/v1/pods?watch=1&resourceVersion=${revision}&timeoutSeconds=1`,
      ]);
      assert.doesNotMatch(fresh.stdout, /"code":410/);
    } finally {
      await watch.stop();
    }
  });

  it('starts every pod again after a reboot, with no network, and leaves nothing stale', async () => {
    await device.create(shellPod('finished', 'exit 0', { restartPolicy: 'Never' }));
    await device.waitForPhase('finished', 'Succeeded');
    await device.kubectlOk(['create', 'configmap', 'kept', '--from-literal=a=b']);
    // Terminal phases are written to flash at most once a minute; a planned stop writes them at once.
    await device.stopDaemon('SIGTERM');
    await simulateReboot(device, containerdPid());
    await device.startDaemon();
    await device.waitForNode();
    for (const name of steady) {
      await waitFor(
        `${name} running again`,
        async () => {
          const pod = (await podsSeen()).find(({ metadata }) => metadata.name === name);
          return pod?.status.containerStatuses?.every(({ ready }) => ready) && runsOf(name).length === 1;
        },
        { timeoutMs: 60_000 },
      );
    }
    assert.equal(
      (await device.kubectlOk(['get', 'pod', 'finished', '-o', 'jsonpath={.status.phase}'])).stdout,
      'Succeeded',
    );
    assert.equal((await device.kubectlOk(['get', 'cm', 'kept', '-o', 'jsonpath={.data.a}'])).stdout, 'b');

    const pods = steady.length;
    assert.equal(shimCount(), pods, 'one shim a pod');
    assert.equal(await leaseCount(), pods, 'one address lease a pod');
    const veths = (await runOk('sh', ['-c', `ip -o link show master ${device.bridge} | wc -l`])).stdout.trim();
    assert.equal(Number(veths), pods, 'one veth a pod');
    assert.equal(cniNamespaces(addressPrefix()).length, pods, 'one network namespace a pod');
  });

  it('leaves no network namespace of its own behind after reset', async () => {
    await device.close();
    assert.deepEqual(cniNamespaces(addressPrefix()), []);
    assert.deepEqual(mountsBelow(device.directory), []);
    assert.deepEqual(
      findProcesses((args) => args.some((arg) => arg.includes(device.directory))),
      [],
    );
    const rules = (await runOk('iptables-save', [])).stdout;
    assert.doesNotMatch(rules, new RegExp(`${device.bridge}|${device.podCidr.replaceAll('.', '\\.')}`));
  });
});

/** What a power cut leaves: no process, no mount, an empty run directory, and the data directory as it was. */
async function simulateReboot(device: TestDevice, containerd: number | undefined): Promise<void> {
  if (containerd) kill9(containerd);
  const shims = findProcesses(
    (args) => (args[0] ?? '').includes('containerd-shim') && args.some((arg) => arg.includes(device.runDir)),
  );
  for (const { pid } of shims) for (const victim of withDescendants(pid)) kill9(victim);
  await waitFor(
    'every process of the device to be gone',
    () => findProcesses((args) => args.some((arg) => arg.includes(device.runDir))).length === 0,
  );
  for (const path of [...mountsBelow(device.runDir), ...mountsBelow(device.dataDir)])
    await runOk('umount', ['-l', path]);
  rmSync(device.runDir, { recursive: true, force: true });
  // CNI flushes nothing: what it noted of each sandbox is an empty file after a power cut.
  const instance = createHash('sha256').update(device.dataDir).digest('hex').slice(0, 8);
  const notes = globSync(`/var/lib/cni/results/eliot-${instance}-*`);
  assert.ok(notes.length > 0, 'CNI noted something of the pods');
  for (const note of notes) truncateSync(note);
}
