/** `eliotd stop` and `eliotd reset` take away what an instance runs, and all of it; nothing that is not its own. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

const reset = (dataDir: string, runDir: string) =>
  run('bin/eliotd', ['reset', '--data-dir', dataDir, '--run-dir', runDir], { timeoutMs: 60_000 });

const cgroupsNamed = async (name: string): Promise<string> =>
  (await run('find', ['/sys/fs/cgroup', '-type', 'd', '-name', name])).stdout;

const stop = (device: TestDevice) =>
  run('bin/eliotd', ['stop', '--data-dir', device.dataDir, '--run-dir', device.runDir], { timeoutMs: 60_000 });

describe('eliotd stop', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  it('refuses while eliotd runs, and stops nothing then', async () => {
    const { exitCode, stderr } = await stop(device);
    assert.equal(exitCode, 1);
    assert.match(stderr, /in use by another eliotd/);
    await device.kubectlOk(['get', 'nodes']);
  });

  it('lets every pod end, leaves no process, mount or network, and the next start runs the pods again', async () => {
    const line = `trap 'echo ended >/data/log; exit 0' TERM; echo started >>/data/starts; while true; do sleep 0.1; done`;
    const data = join(device.directory, 'kept');
    mkdirSync(data);
    const container = {
      name: 'main',
      image: testImage,
      command: ['sh', '-c', line],
      volumeMounts: [
        { name: 'data', mountPath: '/data' },
        { name: 'memory', mountPath: '/memory' },
      ],
    };
    const volumes = [
      { name: 'data', hostPath: { path: data } },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
    ];
    await device.create(shellPod('stays', '', { containers: [container], volumes }));
    await device.waitForPhase('stays', 'Running');
    const starts = (): string => readFileSync(join(data, 'starts'), 'utf8');
    await waitFor('the container to start', () => starts() === 'started\n');
    const uid = async (): Promise<string> =>
      (await device.kubectlOk(['get', 'pod', 'stays', '-o', 'jsonpath={.metadata.uid}'])).stdout;
    const before = await uid();

    await device.stopDaemon();
    const { exitCode, stderr } = await stop(device);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(readFileSync(join(data, 'log'), 'utf8'), 'ended\n');
    assert.deepEqual(await remainsOf(device), { processes: [], mounts: [], bridge: false, runDirectory: false });
    assert.equal((await stop(device)).exitCode, 0, 'a second stop has nothing to do');

    await device.startDaemon();
    await device.waitForPhase('stays', 'Running');
    await waitFor('the container to start again', () => starts() === 'started\nstarted\n');
    assert.equal(await uid(), before);
  });
});

/** What runs of a device, by what names its directories. */
async function remainsOf(device: TestDevice): Promise<object> {
  const commandLines = (await run('ps', ['-eo', 'args'])).stdout.split('\n');
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return {
    processes: commandLines.filter((text) => text.includes(device.runDir) || text.includes(device.dataDir)),
    mounts: mounts.filter((text) => text.includes(device.directory)),
    bridge: existsSync(`/sys/class/net/${device.bridge}`),
    runDirectory: existsSync(device.runDir),
  };
}

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
