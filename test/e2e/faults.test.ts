/**
 * Faults that a device meets sooner or later: a containerd that hangs, a shim or a sandbox's process that is killed,
 * a stop in the middle of a start, and many pods that crash at once. Each heals by itself, and nothing runs twice.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runOk } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { markedPod, runsOf } from '../support/marked-pods.ts';
import { findProcesses, kill9 } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

interface PodSeen {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
      readonly state: { readonly waiting?: { readonly reason: string } };
    }[];
  };
}

function onlyRunOf(name: string): number {
  const [pid, ...others] = runsOf(name);
  assert.deepEqual(others, [], `${name} runs once`);
  assert.ok(pid !== undefined, `${name} runs`);
  return pid;
}

const parentOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
};

describe('a device on which something goes wrong', () => {
  let device: TestDevice;

  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  const podsSeen = async (): Promise<readonly PodSeen[]> =>
    (JSON.parse((await device.kubectlOk(['get', 'pods', '-o', 'json'])).stdout) as { items: PodSeen[] }).items;

  const podNamed = async (name: string): Promise<PodSeen | undefined> =>
    (await podsSeen()).find(({ metadata }) => metadata.name === name);

  const containerd = (): number => {
    const [found] = findProcesses(
      (args) => (args[0] ?? '').endsWith('/containerd') && args.some((arg) => arg.startsWith(device.runDir)),
    );
    assert.ok(found, 'the containerd of the device runs');
    return found.pid;
  };

  const waitUntilReady = (names: readonly string[], timeoutMs = 40_000): Promise<boolean> =>
    waitFor(
      `${names.join(', ')} to be ready and to run once`,
      async () => {
        const seen = await podsSeen();
        for (const name of names) {
          const pod = seen.find(({ metadata }) => metadata.name === name);
          assert.ok(pod, `${name} exists`);
          assert.ok(pod.status.containerStatuses?.[0]?.ready, `${name} is ${pod.status.phase}`);
          onlyRunOf(name);
        }
        return true;
      },
      { timeoutMs, intervalMs: 300 },
    );

  const waitUntilGone = (name: string): Promise<boolean> =>
    waitFor(`${name} to be gone`, async () => (await podNamed(name)) === undefined && runsOf(name).length === 0, {
      intervalMs: 300,
    });

  /** Answers come over the device's own socket: what is measured is eliotd, not the start of a client. */
  const answerMs = async (path: string): Promise<number> => {
    const startedMs = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    request({ socketPath: join(device.runDir, 'eliotd.sock'), path }, (answer) => {
      text(answer).then(() => resolve(answer.statusCode ?? 0), reject);
    })
      .on('error', reject)
      .end();
    assert.equal(await promise, 200);
    return performance.now() - startedMs;
  };

  it('answers while containerd hangs, and does afterwards what was asked meanwhile', async () => {
    for (const name of ['steady', 'leaving']) await device.create(markedPod(name));
    await waitUntilReady(['steady', 'leaving']);
    const steady = onlyRunOf('steady');
    const hung = containerd();
    process.kill(hung, 'SIGSTOP');
    try {
      await device.create(markedPod('coming'));
      await device.kubectlOk(['delete', 'pod', 'leaving', '--wait=false']);
      for (let second = 0; second < 20; second += 1) {
        assert.ok((await answerMs('/api/v1/pods')) < 1_000);
        await delay(1_000);
      }
      const leaving = await podNamed('leaving');
      // On a slow machine half a minute may be over, after which the hung one is replaced, and the pod can go.
      if (containerd() === hung) assert.notEqual(leaving?.metadata.deletionTimestamp, undefined);
    } finally {
      try {
        process.kill(hung, 'SIGCONT');
      } catch {
        // eliotd was faster: it has ended the hung one and started another.
      }
    }
    await waitUntilReady(['steady', 'coming']);
    await waitUntilGone('leaving');
    assert.equal(onlyRunOf('steady'), steady);
    assert.equal((await podNamed('coming'))?.status.containerStatuses?.[0]?.restartCount, 0);
  });

  it('starts a pod again whose shim was killed, as its restart policy says', async () => {
    await device.create(markedPod('shim-always'));
    await device.create(markedPod('shim-never', { restartPolicy: 'Never' }));
    await waitUntilReady(['shim-always', 'shim-never']);
    const before = onlyRunOf('shim-always');
    for (const name of ['shim-always', 'shim-never']) kill9(parentOf(onlyRunOf(name)));
    await waitFor('another process', () => !runsOf('shim-always').includes(before) && runsOf('shim-always').length > 0);
    await waitUntilReady(['shim-always']);
    assert.equal((await podNamed('shim-always'))?.status.containerStatuses?.[0]?.restartCount, 1);
    await device.waitForPhase('shim-never', 'Failed');
    assert.deepEqual(runsOf('shim-never'), []);
    await device.kubectlOk(['delete', 'pod', 'shim-always', 'shim-never']);
    assert.deepEqual(runsOf('shim-always'), []);
  });

  it('makes a new sandbox when the process that holds it was killed', async () => {
    await device.create(markedPod('sandboxed'));
    await waitUntilReady(['sandboxed']);
    const before = onlyRunOf('sandboxed');
    const shim = parentOf(before);
    const [pause] = findProcesses((args) => args[0] === '/pause').filter(({ pid }) => parentOf(pid) === shim);
    assert.ok(pause);
    kill9(pause.pid);
    await waitFor('another process', () => runsOf('sandboxed').length > 0 && !runsOf('sandboxed').includes(before));
    await waitUntilReady(['sandboxed']);
    assert.equal((await podNamed('sandboxed'))?.status.containerStatuses?.[0]?.restartCount, 1);
    const events = await device.kubectlOk(['get', 'events', '-o', 'jsonpath={.items[*].reason}']);
    assert.match(events.stdout, /SandboxChanged/);
    await device.kubectlOk(['delete', 'pod', 'sandboxed']);
  });

  it('runs every pod once when eliotd is stopped in the middle of ten starts', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `started-${index}`);
    await device.create({ apiVersion: 'v1', kind: 'List', items: names.map((name) => markedPod(name)) });
    await waitFor('the first of them to run', () => names.some((name) => runsOf(name).length > 0), { intervalMs: 10 });
    assert.equal(await device.stopDaemon('SIGTERM'), 0);
    await device.startDaemon();
    await waitUntilReady(names);
    for (const { metadata, status } of await podsSeen()) {
      if (!names.includes(metadata.name)) continue;
      // One whose very start was cut is started once more.
      const restarts = status.containerStatuses?.[0]?.restartCount ?? 0;
      assert.ok(restarts <= 1, `${metadata.name} was restarted ${restarts} times`);
    }
    await device.kubectlOk(['delete', 'pod', '--wait=false', ...names]);
    for (const name of names) await waitUntilGone(name);
  });

  it('answers quickly, in bounded memory, while thirty pods crash', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `crashing-${index}`);
    await device.create({ apiVersion: 'v1', kind: 'List', items: names.map((name) => shellPod(name, 'exit 3')) });
    const answers: number[] = [];
    const held = new Set<string>();
    await waitFor(
      'every pod to be held back',
      async () => {
        for (let count = 0; count < 5; count += 1) answers.push(await answerMs('/api/v1/pods?limit=500'));
        for (const { metadata, status } of await podsSeen()) {
          if (status.containerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff') held.add(metadata.name);
        }
        if (held.size < names.length) throw new Error(`${held.size} were`);
        return true;
      },
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    answers.sort((a, b) => a - b);
    const typical = answers[Math.floor(answers.length / 2)] ?? Infinity;
    assert.ok(typical < 200, `half of the answers took more than ${typical} ms`);
    const anonymousKiB = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${device.pid}/status`, 'utf8'))?.[1]);
    assert.ok(anonymousKiB < 80 * 1024, `eliotd has ${anonymousKiB} KiB of its own`);
    await device.kubectlOk(['delete', 'pod', '--now', ...names]);
  });
});

describe('a device whose disk is full', () => {
  let device: TestDevice;
  let disk: string;
  const directory = mkdtempSync(join(tmpdir(), 'eliot-full-'));

  before(async () => {
    const config = join(directory, 'eliotd.yaml');
    // Pods are to outlive it here; test/e2e/eviction.test.ts has those that do not.
    writeFileSync(config, 'evictionHard: {}\n');
    device = await TestDevice.create({ args: ['--config', config] });
    disk = device.dataDir;
    mkdirSync(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
    await device.startDaemon();
    await device.waitForNode();
    await device.loadImage(testImage);
  });
  after(async () => {
    rmSync(join(disk, 'filler'), { force: true });
    // A reset takes nothing away that is mounted by somebody else.
    await device.stopDaemon('SIGTERM');
    await runOk('bin/eliotd', ['reset', '--data-dir', device.dataDir, '--run-dir', device.runDir]);
    execFileSync('umount', ['-l', disk]);
    await device.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const fillDisk = (): void => {
    const file = openSync(join(disk, 'filler'), 'a');
    try {
      for (;;) writeSync(file, Buffer.alloc(4_096));
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
    } finally {
      closeSync(file);
    }
  };

  it('answers, starts, deletes, and goes on when there is space again', async () => {
    for (const name of ['kept', 'removed']) await device.create(shellPod(name, 'sleep 1000'));
    for (const name of ['kept', 'removed']) await device.waitForPhase(name, 'Running');
    fillDisk();
    const refused = await device.kubectl(['create', 'configmap', 'large', `--from-literal=a=${'x'.repeat(100_000)}`]);
    assert.match(refused.stderr, /no space left on device/);

    assert.equal(await device.stopDaemon('SIGTERM'), 0);
    fillDisk();
    await device.startDaemon();
    await device.kubectlOk(['delete', 'pod', 'removed', '--timeout=20s']);
    await device.waitForPhase('kept', 'Running');

    rmSync(join(disk, 'filler'));
    await device.create(shellPod('later', 'sleep 1000'));
    await device.waitForPhase('later', 'Running');
  });
});
