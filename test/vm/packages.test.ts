/**
 * The Debian packages on a whole machine with systemd, as docs/user/install.md says: its commands are what is run. A pod
 * keeps its process over an upgrade; nothing is left running when the package goes, and nothing at all after the purge.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findMarkedBlocks, isAsExpected } from '../docs/marked-blocks.ts';
import { shellPod } from '../support/device.ts';
import { BuiltPackages, whyNoPackages } from '../support/packages/built-packages.ts';
import { type Guest, whyNoGuest } from '../support/vm/guest.ts';
import { VmDevice } from '../support/vm/vm-device.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/user/install.md'), 'utf8');
const [previous, next] = ['1.0.0', '1.0.1'] as const;

/** Runs the commands of a section of the page, where the packages of `version` are. */
async function follow(guest: Guest, section: string, version: string): Promise<void> {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`));
  assert.ok(text !== undefined, `the page has no section ${section}`);
  for (const { commands, expected } of findMarkedBlocks(text, 'sh run installed')) {
    const script = `cd /opt/eliot/${version}\nexport DEBIAN_FRONTEND=noninteractive\nset -e\n${commands}`;
    // The page is for a Pi, the guest is none.
    const printed = await guest.shellOk(script.replaceAll('_arm64.deb', '_amd64.deb'), { timeoutMs: 900_000 });
    if (expected !== undefined) assert.ok(isAsExpected(printed, expected), `${commands} printed\n\n${printed}`);
  }
}

describe('the Debian packages on a device with systemd', { skip: whyNoGuest() ?? (await whyNoPackages()) }, () => {
  const packages = new BuiltPackages();
  let device: VmDevice;
  let filesBefore: string[] = [];

  /** What packages can leave behind, beside dpkg's own notes. */
  const files = async (guest: Guest): Promise<string[]> =>
    (
      await guest.shellOk(
        `find /etc /usr /opt /srv /var/lib -path /var/lib/dpkg -prune -o -path /opt/eliot -prune -o -print`,
      )
    )
      .split('\n')
      .filter(
        (path) =>
          !/^\/(var\/lib\/(apt|systemd|containerd)\/|etc\/cni|var\/lib\/cni|etc\/systemd\/system\/.*containerd)/.test(
            path,
          ),
      );

  before(async () => {
    await packages.build(previous);
    await packages.build(next);
    const disk = [previous, next].flatMap((version) => {
      const own = [packages.file('eliot-cli', version), packages.file('eliot', version)];
      // An update that leaves Node as it was.
      const all = version === previous ? [packages.file('eliot-runtime'), ...own] : own;
      return all.map((file) => [`${version}/${basename(file)}`, file] as const);
    });
    device = await VmDevice.installFrom(Object.fromEntries(disk), async (guest) => {
      // As on a Debian where nobody has cared. Its files are its own.
      await guest.shellOk('systemctl unmask containerd && systemctl start containerd');
      filesBefore = await files(guest);
      await guest.timed('install', () => follow(guest, 'Install', previous));
    });
    await device.create(shellPod('web', `trap 'exit 0' TERM; while true; do sleep 1; done; : web-pod`));
    await device.waitUntilReady('web');
  });
  after(async () => {
    await device?.close();
    packages.remove();
  });

  const systemd = (property: string): Promise<string> =>
    device.guest.shellOk(`systemctl show -p ${property} --value eliotd`);

  it('start eliotd at once and with the machine', async () => {
    assert.deepEqual(
      [await systemd('ActiveState'), await systemd('UnitFileState'), await systemd('NRestarts')],
      ['active', 'enabled', '0'],
    );
    await follow(device.guest, 'A first look', previous);
  });

  it('leave pods alone when settings change', async () => {
    const pids = await device.runsOf('web-pod');
    assert.equal(pids.length, 1);
    await follow(device.guest, 'Settings', previous);
    await device.ready();
    const capacity = ['get', 'nodes', '-o', 'jsonpath={.items[0].status.capacity.pods}'];
    assert.equal((await device.kubectlOk(capacity)).stdout, '20');
    assert.deepEqual(await device.runsOf('web-pod'), pids);
    await follow(device.guest, 'Logs', previous);
  });

  it('keep the process of every pod over an upgrade', async () => {
    const [pids, daemon] = [await device.runsOf('web-pod'), await systemd('MainPID')];
    await device.guest.timed('upgrade', () => follow(device.guest, 'Upgrade', next));
    assert.equal(await device.guest.shellOk(`dpkg-query -W -f '\${Version}' eliot`), next);
    await device.ready();
    await device.waitUntilReady('web');
    assert.notEqual(await systemd('MainPID'), daemon);
    assert.deepEqual(await device.runsOf('web-pod'), pids);
    assert.equal((await device.pod('web')).status.containerStatuses?.[0]?.restartCount, 0);
  });

  it('leave nothing running when they are removed, and keep the data', async () => {
    await device.guest.timed('remove', () => follow(device.guest, 'Remove', next));
    assert.deepEqual(await device.runsOf('web-pod'), []);
    assert.equal(await device.guest.shellOk(`pgrep -fc '[c]ontainerd|[e]liotd' || true`), '0');
    assert.equal(await device.guest.shellOk(`grep -c ' /var/lib/eliot\\| /run/eliot' /proc/mounts || true`), '0');
    assert.equal(await device.guest.shellOk(`find /sys/fs/cgroup -name 'eliot*'`), '');
    await device.guest.shellOk('test -s /var/lib/eliot/eliot.db');
  });

  it('leave no file behind after the purge', async () => {
    await follow(device.guest, 'Remove everything', next);
    assert.deepEqual(
      (await files(device.guest)).filter((path) => !filesBefore.includes(path)),
      [],
    );
  });
});
