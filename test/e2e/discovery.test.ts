/** Devices on a LAN: how they are found, seen from a laptop in the same network. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Avahi, startAvahi } from '../support/avahi.ts';
import { runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { NetworkLab, type Station } from '../support/network-lab.ts';
import { waitFor } from '../support/wait.ts';

const eliotdProgram = join(import.meta.dirname, '../../bin/eliotd');

describe('devices on a LAN', () => {
  let lab: NetworkLab;
  let kitchen: Station;
  let garage: Station;
  let laptop: Station;
  let first: TestDevice;
  let second: TestDevice;
  /** Beside the first device, on the same machine. */
  let avahi: Avahi;
  before(async () => {
    lab = await NetworkLab.create();
    kitchen = await lab.addStation('kitchen');
    garage = await lab.addStation('garage', ['shed']);
    laptop = await lab.addStation('laptop', ['lan', 'shed']);
    avahi = await startAvahi(kitchen);
    first = await TestDevice.start({ station: kitchen, image: false });
    second = await TestDevice.start({ station: garage, image: false, args: sharedContainerd() });
  });
  after(async () => {
    await avahi?.close();
    await second?.close();
    await first?.close();
    await lab?.close();
  });

  const sharedContainerd = (): string[] => ['--containerd', join(first.runDir, 'containerd/containerd.sock')];

  const livez = async (station: Station): Promise<string> =>
    (await laptop.run('curl', ['-sk', '--max-time', '1', `https://${station.address}:6443/livez`])).stdout;

  it('answer over the network until the cable is cut', async () => {
    assert.equal(await livez(kitchen), 'ok');
    assert.equal(await livez(garage), 'ok');
    await garage.cut();
    assert.equal(await livez(garage), '');
    assert.equal(await livez(kitchen), 'ok');
    await garage.mend();
  });

  it('are seen by a DNS-SD daemon beside them, which goes on with its own work', async () => {
    const found = await waitFor('the device in avahi-browse', async () => {
      const lines = (await avahi.browse('_eliot._tcp')).split('\n').filter((line) => line.startsWith('='));
      return lines.length > 0 ? lines : undefined;
    });
    assert.equal(found.length, 1);
    const fields = found[0]?.split(';') ?? [];
    assert.deepEqual(fields.slice(1, 6), ['eth0', 'IPv4', 'kitchen', '_eliot._tcp', 'local']);
    assert.deepEqual(fields.slice(7, 9), [kitchen.address, '6443']);
    const authority = await kitchen.runOk('openssl', [
      ...['x509', '-in', join(first.dataDir, 'pki/ca.crt'), '-noout', '-fingerprint', '-sha256'],
    ]);
    const fingerprint = authority.stdout.split('=')[1]?.trim().replaceAll(':', '').toLowerCase();
    const text = [...(fields[9] ?? '').matchAll(/"([^"]*)"/g)].map(([, value]) => value).sort();
    assert.deepEqual(text.slice(0, 3), [`fp=${fingerprint}`, 'node=kitchen', 'paired=0']);
    assert.match(text[3] ?? '', /^v=\d+\.\d+\.\d+/);
  });

  /** What eli shows at the laptop: name, status, version and address of each. */
  const listed = async (): Promise<string[][]> => {
    const { stdout, stderr } = await laptop.eliOk(['get', 'nodes']);
    assert.equal(stderr, '');
    const [head, ...rows] = stdout
      .split('\n', -1)
      .slice(0, -1)
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(head, ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION', 'ADDRESS']);
    return rows.map(([name = '', status = '', , , version = '', address = '']) => [name, status, version, address]);
  };

  it('are listed by eli, whatever interface they are at, with what they say of themselves', async () => {
    const found = await listed();
    const [[, , version] = []] = found;
    assert.match(version ?? '', /^eliot-\d+\.\d+\.\d+/);
    assert.deepEqual(found, [
      ['garage', 'Unpaired', version, garage.address],
      ['kitchen', 'Unpaired', version, kitchen.address],
    ]);
  });

  it('are paired by their name, when one device has it', async () => {
    const { stdout } = await runOk(eliotdProgram, ['pair', '--quiet', '--run-dir', first.runDir]);
    const nobody = await laptop.eli(['pair', 'cellar', stdout.trim()]);
    assert.match(
      nobody.stderr,
      /^error: no device named "cellar" answers on this network; there is: garage, kitchen\n/,
    );
    const paired = await laptop.eliOk(['pair', 'kitchen', stdout.trim()]);
    assert.match(paired.stdout, /^Context "kitchen" added in \S+\/\.eli\/kubeconfig\.\n$/);
    assert.match(
      (await laptop.eliOk(['config', 'view'])).stdout,
      new RegExp(`\\* +kitchen +https://${kitchen.address}:6443`),
    );
  });

  it('are shown as their nodes when they are paired, also over a link that loses packets', async () => {
    await kitchen.lose(0.05);
    const rounds = await Promise.all(Array.from({ length: 6 }, () => listed()));
    await kitchen.lose(0);
    const seen = rounds.filter(([mine, other]) => mine?.[1] === 'Ready' && other?.[1] === 'Unpaired');
    // TCP waits for seconds when it loses the same packet twice.
    assert.ok(seen.length >= 5, `${seen.length} of 6 saw both devices: ${JSON.stringify(rounds)}`);
    const [[mine] = []] = seen;
    assert.deepEqual([mine?.[0], mine?.[3]], ['kitchen', kitchen.address]);
    assert.match(mine?.[2] ?? '', /^v1\.\d+\.\d+\+eliot-/);
  });

  it('are worked on together, each with its own answer', async () => {
    const both = await laptop.eli(['get', 'namespaces', '--node', 'kitchen,cellar']);
    assert.equal(both.exitCode, 1);
    assert.match(both.stdout, /^NODE +NAME +STATUS +AGE\nkitchen +default +Active /);
    assert.match(both.stderr, /^\[cellar\] error: no device named "cellar" found/);
    const all = await laptop.eliOk(['get', 'nodes', '--all-nodes', '--no-headers']);
    assert.match(all.stdout, /^kitchen +kitchen +Ready /);
  });

  it('are found at a new address by their fingerprint, and asked there from then on', async () => {
    await kitchen.move('192.168.80.77');
    await waitFor('the device at its new address', async () => {
      const [mine] = await listed();
      if (mine?.[1] !== 'Ready') throw new Error(`it is ${mine}`);
      return mine[3] === '192.168.80.77';
    });
    assert.match(readFileSync(join(laptop.home, '.eli/kubeconfig'), 'utf8'), /server: https:\/\/192\.168\.80\.77:6443/);
    // By now it says that somebody is paired with it, too.
    assert.match(await avahi.browse('_eliot._tcp'), /^=;eth0;.*;192\.168\.80\.77;6443;.*"paired=1"/m);
  });

  // Before a cable is cut: whoever is back on the network asks for his name anew, and may have to share it with a newcomer.
  it('take a number when another has the name, and take it back when they end', async () => {
    const attic = await lab.addStation('attic');
    const args = [...sharedContainerd(), '--node-name', 'kitchen', '--listen', `${attic.address}:7443`];
    const third = await TestDevice.start({ station: attic, image: false, args });
    const others = async (): Promise<string[]> =>
      (await listed()).slice(1).map(([name, , , address]) => `${name} ${address}`);
    try {
      const number = [`garage ${garage.address}`, `kitchen (2) ${attic.address}:7443`];
      await waitFor('the announcement', async () => {
        const seen = await others();
        if (seen.join() !== number.join()) throw new Error(`there are ${seen.join(', ')}`);
        return true;
      });
      await third.stopDaemon();
      assert.deepEqual(await others(), [`garage ${garage.address}`]);
    } finally {
      await third.close();
    }
  });

  it('are unreachable when their cable is cut, and the others are not', async () => {
    await kitchen.cut();
    assert.deepEqual(
      (await listed()).map(([name, status]) => [name, status]),
      [
        ['kitchen', 'Unreachable'],
        ['garage', 'Unpaired'],
      ],
    );
    await kitchen.mend();
    await waitFor('the device behind its cable', async () => (await listed())[0]?.[1] === 'Ready');
  });

  it('are announced where they listen: one that listens at the loopback alone is found there and nowhere else', async () => {
    second.addArgs('--listen', '127.0.0.1:6443');
    await second.restartDaemon('SIGTERM');
    const here = await waitFor('the device at its own loopback', async () => {
      const { stdout } = await garage.eliOk(['get', 'nodes', '--no-headers']);
      return stdout.includes('garage') ? stdout : undefined;
    });
    assert.match(here, /^garage +Unpaired .* 127\.0\.0\.1\n$/);
    assert.deepEqual(
      (await listed()).map(([name]) => name),
      ['kitchen'],
    );
  });
});
