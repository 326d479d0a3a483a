/** The packages for arm64, as far as they run here: their Node with both programs, under qemu. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { architectureOf } from '../../scripts/package/architectures.ts';
import { LocalDevice } from '../../src/testing/local-device.ts';
import { startTestPod } from '../../src/testing/test-pods.ts';
import { Background } from '../support/background.ts';
import { type CommandResult, run, runOk } from '../support/command.ts';
import { BuiltPackages, whyNoPackages } from '../support/packages/built-packages.ts';

const { emulator, strip } = architectureOf('arm64');
const [qemu = ''] = emulator;

describe('the Debian packages for arm64', { skip: await whyNoPackages(['dpkg-deb', 'lintian', strip, qemu]) }, () => {
  const packages = new BuiltPackages();
  const tree = join(packages.directory, 'tree');
  const library = join(tree, 'usr/lib/eliot');
  before(async () => {
    await packages.build('1.0.0', 'arm64');
    for (const name of ['eliot-runtime', 'eliot-cli', 'eliot'])
      await runOk('dpkg-deb', ['--extract', packages.file(name), tree]);
  });
  after(() => packages.remove());

  /** A packaged program, started as its launcher does; only the places are those of the tree. */
  const start = (launcher: string, ...args: string[]): Promise<CommandResult> => {
    const script = readFileSync(join(tree, launcher), 'utf8')
      .replace('here=/usr/lib/eliot\n', `here=${library}\n`)
      .replace('exec "$node"', `exec ${emulator.join(' ')} "$node"`);
    assert.ok(script.includes(library) && script.includes(qemu));
    return run('sh', ['-c', script, launcher, ...args], { timeoutMs: 120_000 });
  };

  it('are what lintian takes without an error or a warning', async () => {
    const files = ['eliot-runtime', 'eliot-cli', 'eliot'].map((name) => packages.file(name));
    await runOk('lintian', ['--allow-root', '--fail-on', 'error,warning', ...files], { timeoutMs: 120_000 });
  });

  it('are for that architecture, with everything in them', async () => {
    for (const name of ['eliot-runtime', 'eliot-cli', 'eliot']) {
      const { stdout } = await runOk('dpkg-deb', ['--field', packages.file(name), 'Architecture']);
      assert.equal(stdout, 'arm64\n');
    }
    for (const program of ['node', 'assets/pause/pause-arm64'])
      assert.match((await runOk('readelf', ['--file-header', join(library, program)])).stdout, /Machine: +AArch64/);
  });

  it('run eli', async () => {
    const { exitCode, stdout, stderr } = await start('usr/bin/eli', 'version', '--client');
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^Client Version: v\d/);
  });

  it('run eli against a device, over TLS', async () => {
    const device = await LocalDevice.start();
    try {
      await startTestPod(device.client, { name: 'web' });
      assert.match((await start('usr/bin/eli', '--kubeconfig', device.kubeconfig, 'get', 'pods')).stdout, /^web +/m);
    } finally {
      await device.close();
    }
  });

  it('have V8’s code of eli, made on that architecture', async () => {
    const node = [...emulator, join(library, 'node')];
    assert.equal(await packages.takesKeptCode(node, join(library, 'dist')), 'arm64');
  });

  it('run eliotd as far as its settings', async () => {
    assert.match((await start('usr/sbin/eliotd', '--version')).stdout, /^eliotd \d/);
    assert.match((await start('usr/sbin/eliotd', '--help')).stdout, /^eliotd runs the pods of this device/);
    const { exitCode, stderr } = await start('usr/sbin/eliotd', '--pod-cidr', '10.300.0.0/16');
    assert.equal(exitCode, 1);
    assert.match(stderr, /^eliotd: --pod-cidr: "10\.300\.0\.0\/16" must be an IPv4 network/);
  });

  it('have a sandbox program that ends when it is told to', async () => {
    const pause = new Background(qemu, [join(library, 'assets/pause/pause-arm64')]);
    // It says nothing; that it is asleep can be seen.
    await runOk('sh', [
      '-c',
      `for i in $(seq 100); do grep -q '^State:.S' /proc/${pause.child.pid}/status && exit; sleep 0.05; done; exit 1`,
    ]);
    pause.child.kill('SIGTERM');
    assert.equal(await pause.ended(), 0);
  });
});
