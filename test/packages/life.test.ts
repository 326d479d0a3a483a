/**
 * The life of the Debian packages on a machine: installed, upgraded while pods run, removed, installed again, purged.
 * systemd's part of it is test/vm/packages.test.ts; here the test does what the unit says.
 */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import { Background } from '../support/background.ts';
import { shellPod, testImage } from '../support/device.ts';
import { BuiltPackages, whyNoPackages } from '../support/packages/built-packages.ts';
import { DebianChroot, whyNoChroot } from '../support/packages/debian-chroot.ts';
import { waitFor } from '../support/wait.ts';

const [previous, next] = ['1.0.0', '1.0.1'] as const;
const names = ['eliot-runtime', 'eliot-cli', 'eliot'] as const;

describe('the Debian packages on a machine', { skip: (await whyNoPackages()) ?? whyNoChroot() }, () => {
  const packages = new BuiltPackages();
  let machine: DebianChroot;
  let filesBefore: string[];
  let daemon: Background | undefined;

  before(async () => {
    await packages.build(previous);
    await packages.build(next);
    machine = await DebianChroot.start();
    filesBefore = await machine.files();
  });
  after(async () => {
    await machine?.close();
    packages.remove();
  });

  const install = async (version: string): Promise<void> => {
    const files = [
      packages.file('eliot-runtime'),
      packages.file('eliot-cli', version),
      packages.file('eliot', version),
    ];
    machine.copyIn(...files);
    await machine.shellOk(`cd /root && apt-get install --yes ./eliot*.deb && rm ./eliot*.deb`);
  };
  const versions = (): Promise<string> => machine.shellOk(`dpkg-query -W -f '\${Package} \${Version}\n' 'eliot*'`);

  /** As the installed unit says. */
  const startDaemon = async (): Promise<void> => {
    const unit = readFileSync(join(machine.directory, 'usr/lib/systemd/system/eliotd.service'), 'utf8');
    const [, program = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const [, environment = ''] = /^Environment=(.*)$/m.exec(unit) ?? [];
    daemon = new Background(...machine.command([environment, program]));
    await daemon.prints(/eliotd ready/);
  };
  /** As systemd does: the main process alone. */
  const stopDaemon = async (): Promise<void> => {
    await machine.shellOk(`pkill -TERM -f '[d]ist/eliotd\\.js'`);
    assert.equal(await daemon?.ended(), 0);
  };
  const status = (jsonPath: string): Promise<string> =>
    machine.shellOk(`eli get pod web -o 'jsonpath={.status.${jsonPath}}'`);
  const waitUntilReady = (): Promise<unknown> =>
    waitFor('the pod to be ready', async () => (await status('containerStatuses[0].ready')) === 'true');
  const pidsOfPod = (): Promise<string> => machine.shellOk(`pgrep -f -- '^sh -c .*: [w]eb-pod$' || true`);
  /** All but the first process and the one that looks. */
  const processes = (): Promise<string> => machine.shellOk(`ps -eo pid=,args= | grep -vE '^ +1 |ps -eo' || true`);

  it('install with what they need, to be started with the machine', async () => {
    await install(previous);
    assert.equal(
      await versions(),
      `eliot ${previous}\neliot-cli ${previous}\neliot-runtime ${process.version.slice(1)}`,
    );
    const link = '/etc/systemd/system/multi-user.target.wants/eliotd.service';
    assert.match(await machine.shellOk(`readlink ${link}`), /\/systemd\/system\/eliotd\.service$/);
    assert.match(await machine.shellOk('eli version --client'), /^Client Version/);
    assert.match(await machine.shellOk('eliotd --version'), /^eliotd \d/);
  });

  it('run pods', async () => {
    await startDaemon();
    await machine.shellOk('eli image load -', { input: await makeBusyboxImage({ name: testImage }) });
    const line = `echo started >>/data/starts; trap 'echo ended >>/data/starts; exit 0' TERM; while true; do sleep 0.2; done; : web-pod`;
    const container = {
      name: 'main',
      image: testImage,
      command: ['sh', '-c', line],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    };
    const volumes = [{ name: 'data', hostPath: { path: '/root' } }];
    const input = JSON.stringify(shellPod('web', '', { containers: [container], volumes }));
    await machine.shellOk('eli create -f -', { input });
    await waitUntilReady();
    assert.match(await pidsOfPod(), /^\d+$/);
  });

  it('keep pods and changed settings over an upgrade', async () => {
    const pid = await pidsOfPod();
    appendFileSync(join(machine.directory, 'etc/eliot/eliotd.yaml'), 'maxPods: 50\n');
    await install(next);
    assert.match(await versions(), new RegExp(`^eliot ${next}\neliot-cli ${next}\n`));
    assert.equal(await pidsOfPod(), pid);
    await stopDaemon();
    assert.equal(await pidsOfPod(), pid);
    await startDaemon();
    await waitUntilReady();
    assert.deepEqual([await pidsOfPod(), await status('containerStatuses[0].restartCount')], [pid, '0']);
    assert.equal(await machine.shellOk(`eli get nodes -o 'jsonpath={.items[0].status.capacity.pods}'`), '50');
  });

  it('are not removed from below an eliotd that somebody runs by hand', async () => {
    const { exitCode, stderr } = await machine.shell('dpkg --remove eliot');
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /in use by another eliotd/);
    assert.match(stderr, /eliot: its pods could not be stopped, so it is not removed/);
    assert.match(await machine.shellOk('dpkg -s eliot'), /^Status: .* ok installed$/m);
    await waitUntilReady();
  });

  it('leave nothing running when they are removed, and keep the data', async () => {
    await stopDaemon();
    await machine.shellOk('dpkg --remove eliot');
    assert.equal(await processes(), '');
    assert.equal(await machine.shellOk('grep -c eliot /proc/mounts || true'), '0');
    assert.equal(await machine.shellOk('ip -o link | grep -c eliot || true'), '0');
    assert.equal(await machine.shellOk('iptables-save | grep -ci eliot || true'), '0');
    const instance = readFileSync(join(machine.directory, 'var/lib/eliot/instance-id'), 'utf8').trim();
    assert.equal(await machine.shellOk(`find /sys/fs/cgroup -type d -name 'eliot-${instance}'`), '');
    assert.equal(readFileSync(join(machine.directory, 'root/starts'), 'utf8'), 'started\nended\n');
    assert.ok(existsSync(join(machine.directory, 'var/lib/eliot/eliot.db')));
  });

  it('run the pods again when they are installed again', async () => {
    await install(next);
    await startDaemon();
    await waitUntilReady();
    assert.equal(readFileSync(join(machine.directory, 'root/starts'), 'utf8'), 'started\nended\nstarted\n');
    await stopDaemon();
  });

  it('leave no file behind when they are purged', async () => {
    await machine.shellOk(`dpkg --purge ${[...names].reverse().join(' ')}`);
    assert.equal(await processes(), '');
    const ofContainerd = /^\/(etc|opt|var\/lib)\/(cni|containerd)(\/|$)/;
    assert.deepEqual(
      (await machine.files()).filter((path) => !filesBefore.includes(path) && !ofContainerd.test(path)),
      [],
    );
  });
});
