import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { answerOf, fakeLan, type LanDevice } from '../../testing/fake-lan.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { emptyKubeconfig, putDevice } from '../devices/kubeconfig-document.ts';
import { authorityFingerprint } from '../devices/paired-devices.ts';

describe('eli get nodes, when no device is named', () => {
  let device: LocalDevice;
  let home: string;
  const fingerprint = (): string => authorityFingerprint(device.pki.ca.cert) ?? '';
  const port = (): number => Number(new URL(device.server).port);
  before(async () => {
    device = await LocalDevice.start();
  });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'eliot-home-'));
  });
  afterEach(() => rm(home, { recursive: true }));
  after(() => device.close());

  const env = (): Record<string, string> => ({ HOME: home, ELIOT_RUN_DIR: join(home, 'none') });
  const run = (args: readonly string[], devices: readonly LanDevice[]): Promise<EliResult> =>
    eli(['get', 'nodes', ...args], { env: env(), lan: fakeLan(() => devices.map(answerOf)) });
  const pair = async (server: string): Promise<void> => {
    const { pki } = device;
    const credentials = { server, caCert: pki.ca.cert, clientCert: pki.admin.cert, clientKey: pki.admin.key };
    await mkdir(join(home, '.eli'), { recursive: true });
    await writeFile(join(home, '.eli/kubeconfig'), JSON.stringify(putDevice(emptyKubeconfig, 'device', credentials)));
  };
  const cells = ({ stdout }: EliResult): string[][] =>
    stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ {2,}/));
  /** Its age, which the device alone tells. */
  const answered = /^\d+s$/;
  const garage: LanDevice = { node: 'garage', address: '192.168.1.2', fingerprint: 'b' };

  it('lists what the network shows', async () => {
    const result = await run([], [garage]);
    assert.equal(result.exitCode, 0);
    assert.equal(result.stderr, '');
    assert.deepEqual(cells(result), [['garage', 'Unpaired', '<none>', '<unknown>', 'eliot-0.1.0', '192.168.1.2']]);
  });

  it('says on stderr when there is none, and is no failure', async () => {
    const result = await run([], []);
    assert.deepEqual([result.exitCode, result.stdout], [0, '']);
    assert.match(result.stderr, /^No devices found/);
  });

  it('asks a paired device for its node', async () => {
    await pair(device.server);
    const [mine, other] = cells(await run([], [garage]));
    assert.deepEqual([mine?.[0], mine?.[5]], ['device', `127.0.0.1:${port()}`]);
    assert.match(mine?.[3] ?? '', answered);
    assert.equal(other?.[1], 'Unpaired');
  });

  it('finds a paired device at a new address, and remembers it', async () => {
    await pair('https://127.0.0.1:1');
    const moved = { node: 'device', address: '127.0.0.1', port: port(), fingerprint: fingerprint() };
    const [mine] = cells(await run([], [moved]));
    assert.match(mine?.[3] ?? '', answered);
    assert.equal(mine?.[5], `127.0.0.1:${port()}`);
    assert.match(await readFile(join(home, '.eli/kubeconfig'), 'utf8'), new RegExp(`https://127.0.0.1:${port()}`));
  });

  it('keeps an address that works, though another one answers sooner', async () => {
    // As a way through a tunnel, which leads to the device from everywhere.
    const detour = createServer((socket) => {
      const onward = connect(port(), '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy()).on('close', () => onward.destroy());
      setTimeout(() => socket.pipe(onward).pipe(socket), 60);
    });
    await new Promise<void>((resolve) => detour.listen(0, '127.0.0.1', resolve));
    try {
      const server = `https://127.0.0.1:${(detour.address() as AddressInfo).port}`;
      await pair(server);
      const found = { node: 'device', address: '127.0.0.1', port: port(), fingerprint: fingerprint() };
      const [mine] = cells(await run([], [found]));
      assert.match(mine?.[3] ?? '', answered);
      assert.ok((await readFile(join(home, '.eli/kubeconfig'), 'utf8')).includes(server));
    } finally {
      detour.close();
    }
  });

  it('is not fooled by an impostor that says it is the paired device', async () => {
    await pair('https://127.0.0.1:1');
    const other = await LocalDevice.start();
    try {
      const impostor = {
        node: 'device',
        address: '127.0.0.1',
        port: Number(new URL(other.server).port),
        fingerprint: fingerprint(),
      };
      const [mine] = cells(await run([], [impostor]));
      assert.equal(mine?.[1], 'Unreachable');
      assert.match(await readFile(join(home, '.eli/kubeconfig'), 'utf8'), /127\.0\.0\.1:1/);
    } finally {
      await other.close();
    }
  });

  it('names devices that have one identity', async () => {
    const copy = { ...garage, instance: 'garage (2)', address: '192.168.1.3' };
    const { stderr } = await run([], [garage, copy]);
    assert.match(
      stderr,
      /^Warning: these devices have one identity \(bbbbbbbbbbbb\).*garage at 192\.168\.1\.2, garage \(2\) at 192\.168\.1\.3/,
    );
  });

  it('prints objects, names and what -o asks for', async () => {
    assert.equal((await run(['-o', 'name'], [garage])).stdout, 'node/garage\n');
    const list = JSON.parse((await run(['-o', 'json'], [garage])).stdout) as {
      kind: string;
      items: { kind: string }[];
    };
    assert.deepEqual([list.kind, list.items[0]?.kind], ['List', 'Node']);
    assert.equal(
      (await run(['-o', 'jsonpath={.items[*].status.addresses[0].address}'], [garage])).stdout,
      '192.168.1.2',
    );
    assert.match((await run(['--no-headers'], [garage])).stdout, /^garage/);
  });

  it('is a plain question to the one device that is named', async () => {
    const lan = fakeLan(() => [answerOf(garage)]);
    for (const change of [{ KUBECONFIG: device.kubeconfig }, { ELIOT_RUN_DIR: device.runDirectory }]) {
      const { stdout } = await eli(['get', 'nodes'], { env: { ...env(), ...change }, lan });
      assert.match(stdout, /^NAME +STATUS +ROLES +AGE +VERSION\ndevice [^\n]*\n$/);
    }
    assert.equal(lan.asked(), 0);
  });

  it('shows on a terminal at once what was found the last time, and draws it again when there is more', async () => {
    await run([], [garage]);
    const attic: LanDevice = { node: 'attic', address: '192.168.1.4', fingerprint: 'c' };
    const lan = fakeLan((_question, number) => (number < 2 ? [] : [answerOf(garage), answerOf(attic)]));
    const watched = new EliRun(['get', 'nodes'], { env: env(), tty: true, lan });
    await watched.stdout.printed(/garage .*looking for devices/s);
    assert.ok(!watched.stdout.text.includes('attic'));
    assert.equal(await watched.ended, 0);
    // What stands there in the end, after the last time that all below was erased.
    const last = watched.stdout.text.split('\u001b[J').at(-1) ?? '';
    assert.match(last, /^NAME .*\nattic .*\ngarage .*\n$/);
  });
});
