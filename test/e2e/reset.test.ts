/** `eliotd reset` takes an instance away and nothing that is not its own. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';

const reset = (dataDir: string, runDir: string) =>
  run('bin/eliotd', ['reset', '--data-dir', dataDir, '--run-dir', runDir], { timeoutMs: 60_000 });

const cgroupsNamed = async (name: string): Promise<string> =>
  (await run('find', ['/sys/fs/cgroup', '-type', 'd', '-name', name])).stdout;

describe('eliotd reset', () => {
  let device: TestDevice;
  const other = mkdtempSync(join(tmpdir(), 'eliot-other-'));
  before(async () => {
    device = await TestDevice.start({ image: false });
  });
  after(async () => {
    rmSync(other, { recursive: true, force: true });
    await device?.close();
  });

  it('refuses a directory that is no instance, and removes nothing', async () => {
    const precious = join(other, 'precious');
    writeFileSync(precious, 'x');
    const result = await reset(other, join(other, 'run'));
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /holds no Eliot instance; nothing was removed/);
    assert.deepEqual(readdirSync(other), ['precious']);
  });

  it('refuses while eliotd runs, and says so', async () => {
    const result = await reset(device.dataDir, device.runDir);
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /in use by another eliotd/);
    await device.kubectlOk(['get', 'nodes']);
  });

  it('refuses another run directory than the instance has, and names the right one', async () => {
    const result = await reset(device.dataDir, other);
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, new RegExp(`--run-dir ${device.runDir}`));
  });

  it('leaves what somebody else put into its directories, and no control group', async () => {
    // The groups of the pods are made with the first of them.
    await device.loadImage(testImage);
    await device.create(shellPod('gone', 'exit 0', { restartPolicy: 'Never' }));
    await device.waitForPhase('gone', 'Succeeded');
    await device.kubectlOk(['delete', 'pod', 'gone']);
    const group = `eliot-${readFileSync(join(device.dataDir, 'instance-id'), 'utf8').trim()}`;
    assert.notEqual(await cgroupsNamed(group), '');
    await device.stopDaemon();
    mkdirSync(join(device.runDir, 'mine'));
    writeFileSync(join(device.dataDir, 'notes.txt'), 'x');
    const result = await reset(device.dataDir, device.runDir);
    assert.equal(result.exitCode, 0, result.stderr);
    assert.deepEqual(readdirSync(device.dataDir), ['notes.txt']);
    assert.deepEqual(readdirSync(device.runDir), ['mine']);
    assert.equal(await cgroupsNamed(group), '');
    rmSync(device.dataDir, { recursive: true });
    rmSync(device.runDir, { recursive: true });
  });

  it('of an instance that is not there does nothing', async () => {
    assert.equal((await reset(device.dataDir, device.runDir)).exitCode, 0);
    assert.equal(existsSync(device.dataDir), false);
  });
});
