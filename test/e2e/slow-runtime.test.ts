/** A containerd that is slow or is stopped, and a run directory that is full: work goes on, later, and nothing runs twice. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { markedPod, runsOf } from '../support/marked-pods.ts';
import { findProcesses } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

function containerdOf(device: TestDevice): number {
  const [found] = findProcesses(
    (args) => (args[0] ?? '').endsWith('/containerd') && args.some((arg) => arg.startsWith(device.runDir)),
  );
  assert.ok(found, 'the containerd of the device runs');
  return found.pid;
}

/** Lets a process run for a tenth of the time until `signal` is aborted. */
async function slowDown(pid: number, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      process.kill(pid, 'SIGSTOP');
      await delay(450);
      process.kill(pid, 'SIGCONT');
      await delay(50);
    }
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

const restartsOf = async (device: TestDevice, name: string): Promise<string> =>
  (await device.kubectlOk(['get', 'pod', name, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'])).stdout;

describe('a device whose containerd is slow or stopped', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start();
    for (const name of ['steady', 'leaving']) await device.create(markedPod(name));
    for (const name of ['steady', 'leaving']) await device.waitForPhase(name, 'Running');
  });
  after(() => device?.close());

  it('starts and ends pods with a containerd ten times slower, and does not take it for a hung one', async () => {
    const pid = containerdOf(device);
    const steady = runsOf('steady');
    const ended = new AbortController();
    const slow = slowDown(pid, ended.signal);
    try {
      await device.create(markedPod('coming'));
      await device.kubectlOk(['delete', 'pod', 'leaving', '--wait=false']);
      await device.waitForPhase('coming', 'Running', 120_000);
      await waitFor('the other to be gone', () => runsOf('leaving').length === 0, { timeoutMs: 120_000 });
      // Looking and going inside work too.
      const { stdout } = await device.kubectlOk(['exec', 'coming', '--', 'echo', 'inside'], { timeoutMs: 120_000 });
      assert.equal(stdout, 'inside\n');
    } finally {
      ended.abort();
      await slow;
    }
    assert.equal(containerdOf(device), pid, 'the same containerd');
    assert.deepEqual(runsOf('steady'), steady);
    assert.equal(runsOf('coming').length, 1);
    for (const name of ['steady', 'coming']) assert.equal(await restartsOf(device, name), '0');
  });

  it('starts containerd again when somebody stops it, and its pods notice nothing', async () => {
    const pid = containerdOf(device);
    const steady = runsOf('steady');
    process.kill(pid, 'SIGTERM');
    await waitFor('another containerd', () => containerdOf(device) !== pid, { timeoutMs: 60_000 });
    await device.create(markedPod('after-stop'));
    await device.waitForPhase('after-stop', 'Running', 60_000);
    assert.deepEqual(runsOf('steady'), steady);
    assert.equal(await restartsOf(device, 'steady'), '0');
  });
});

describe('a device whose run directory is full', () => {
  let device: TestDevice;

  before(async () => {
    device = await TestDevice.create();
    mkdirSync(device.runDir, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', device.runDir]);
    await device.startDaemon();
    await device.waitForNode();
    await device.loadImage('eliot.test/busybox:1');
  });
  after(async () => {
    rmSync(join(device.runDir, 'filler'), { force: true });
    await device.stopDaemon('SIGTERM');
    await runOk('bin/eliotd', ['reset', '--data-dir', device.dataDir, '--run-dir', device.runDir]);
    execFileSync('umount', ['-l', device.runDir]);
    await device.close();
  });

  const fill = (): void => {
    const file = openSync(join(device.runDir, 'filler'), 'a');
    try {
      for (;;) writeSync(file, Buffer.alloc(4_096));
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
    } finally {
      closeSync(file);
    }
  };

  it('answers and keeps its pods, and tells the truth again when there is space', async () => {
    for (const name of ['kept', 'removed']) await device.create(markedPod(name));
    for (const name of ['kept', 'removed']) await device.waitForPhase(name, 'Running');
    const kept = runsOf('kept');
    fill();
    // Nothing of a pod that cannot be written down as a whole is kept.
    const refused = await device.kubectl(['create', '-f', '-'], { input: JSON.stringify(markedPod('late')) });
    assert.match(refused.stderr, /no space left on device/);
    assert.match((await device.kubectl(['get', 'pod', 'late'])).stderr, /NotFound/);
    await device.kubectlOk(['delete', 'pod', 'removed', '--wait=false']);
    for (let second = 0; second < 5; second += 1) {
      await device.kubectlOk(['get', 'pods']);
      await delay(1_000);
    }
    assert.deepEqual(runsOf('kept'), kept);

    rmSync(join(device.runDir, 'filler'));
    await device.create(markedPod('late'));
    await device.waitForPhase('late', 'Running', 120_000);
    await waitFor(
      'the removed one to be gone',
      async () => (await device.kubectl(['get', 'pod', 'removed'])).exitCode !== 0 && runsOf('removed').length === 0,
      { timeoutMs: 120_000, intervalMs: 500 },
    );
    assert.deepEqual(runsOf('kept'), kept);
    assert.equal(await restartsOf(device, 'kept'), '0');
    assert.equal(runsOf('late').length, 1);
  });
});
