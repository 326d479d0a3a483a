import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { BreakableLink } from '../../testing/breakable-link.ts';
import { ClosedPort } from '../../testing/closed-port.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

const masters = { groups: ['system:masters'] };

describe('eli pair', () => {
  let device: LocalDevice;
  let home: string;
  let file: string;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'eliot-home-'));
    file = join(home, '.eli/kubeconfig');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const env = (): Record<string, string> => ({ HOME: home, USER: 'anna', ELIOT_RUN_DIR: '/nowhere' });
  const pair = (...args: readonly string[]): Promise<EliResult> => eli(['pair', ...args], { env: env() });
  const newCode = (at: LocalDevice = device): string => at.pairing.openCode(masters).code;

  it('tells a person what it did and what comes next', async () => {
    const run = new EliRun(['pair', device.server, newCode(), '--name', 'anna'], { env: env(), tty: true });
    assert.equal(await run.ended, 0);
    assert.equal(run.stdout.text, `Context "device" added in ${file}.\n`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are left out
    const said = run.stderr.text.replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, '');
    assert.match(said, new RegExp(`✓ paired with device at ${device.server} as anna \\(system:masters\\)\n`));
    assert.match(said, new RegExp(`\n {2}eli get nodes\n {2}kubectl --kubeconfig ${file} get pods -A\n$`));
  });

  it('tells a script one line', async () => {
    const { exitCode, stdout, stderr } = await pair(device.server, newCode());
    assert.deepEqual([exitCode, stdout, stderr], [0, `Context "device" added in ${file}.\n`, '']);
  });

  it('keeps two devices of one name apart, and knows each again', async () => {
    const other = await LocalDevice.start();
    try {
      await pair(device.server, newCode());
      const second = new EliRun(['pair', other.server, newCode(other)], { env: env(), tty: true });
      assert.equal(await second.ended, 0);
      assert.equal(second.stdout.text, `Context "device-2" added in ${file}, because "device" is another device.\n`);
      assert.match(
        second.stderr.text,
        /set up anew:\n {4}eli config delete-context device && eli config rename-context device-2 device\n/,
      );
      const again = await pair(other.server, newCode(other));
      assert.equal(again.stdout, `Context "device-2" replaced in ${file}, because "device" is another device.\n`);
      assert.equal((await pair(device.server, newCode())).stdout, `Context "device" replaced in ${file}.\n`);
      const { stdout } = await eli(['config', 'view'], { env: env() });
      assert.match(stdout, new RegExp(`\\* +device +${device.server} +\n +device-2 +${other.server} `));
    } finally {
      await other.close();
    }
  });

  it('warns when what it did has no effect, for KUBECONFIG goes before it', async () => {
    const { stderr } = await eli(['pair', device.server, newCode()], {
      env: { ...env(), KUBECONFIG: device.kubeconfig },
    });
    assert.match(stderr, /^Warning: KUBECONFIG is set, which goes before the paired devices/);
  });

  it('changes nothing when the code is wrong', async () => {
    newCode();
    const { exitCode, stderr } = await pair(device.server, '0000-0000');
    assert.equal(exitCode, 1);
    assert.match(stderr, /the code is wrong or no longer good.*\n {2}"eliotd pair" on the device shows a new one\n$/);
    assert.ok(!existsSync(file));
  });

  it('uses no code before it knows that it can keep what it gets', async () => {
    const code = newCode();
    writeFileSync(join(home, 'file'), '');
    const broken = await eli(['pair', device.server, code], {
      env: { ...env(), ELI_KUBECONFIG: join(home, 'file/kubeconfig') },
    });
    assert.equal(broken.exitCode, 1);
    assert.match(broken.stderr, /^error: cannot (read|write) \S+\/file\/kubeconfig/);
    assert.equal((await pair(device.server, code)).exitCode, 0);
  });

  it('keeps what it got when the connection fails before it could be tried', async () => {
    const link = await BreakableLink.open(Number(new URL(device.server).port));
    try {
      link.allow(1);
      const server = `https://127.0.0.1:${link.port}`;
      const { exitCode, stdout, stderr } = await pair(server, newCode());
      assert.deepEqual([exitCode, stdout], [0, `Context "device" added in ${file}.\n`]);
      assert.match(
        stderr,
        new RegExp(`^Warning: cannot reach ${server}: the connection was closed by the other side\\n`),
      );
      assert.match(
        stderr,
        /\n {2}the certificate is kept as context "device", but could not be tried; "eli get nodes" will show .*\n$/,
      );
      link.mend();
      assert.equal((await eli(['get', 'nodes'], { env: env() })).exitCode, 0);
    } finally {
      await link.close();
    }
  });

  it('keeps what it got when the device does not take it, and fails', async (t) => {
    t.mock.method(device.issuedClients, 'has', () => false);
    const { exitCode, stdout, stderr } = await pair(device.server, newCode());
    assert.deepEqual([exitCode, stdout], [1, `Context "device" added in ${file}.\n`]);
    assert.match(stderr, new RegExp(`^error: ${device.server} refuses the certificate that it gave: Unauthorized\\n`));
    assert.match(stderr, /\n {2}it is kept as context "device": .*"eli get nodes".*\n$/);
  });

  const nonsense: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['kitchen', 'abc'], /"abc" is no pairing code\n {2}it looks like k7m4-x2qp/],
    [['a b', 'k7m4-x2qp'], /"a b" is neither the name nor the address of a device\n {2}for example/],
    [['kitchen', 'k7m4-x2qp'], /no device named "kitchen" answers on this network\n {2}give its address/],
    [['127.0.0.1', 'k7m4-x2qp', '--name', 'system:x'], /"system:x" cannot be your name: it must consist of/],
    [['kitchen'], /missing required argument 'code'/],
  ];
  for (const [args, says] of nonsense) {
    it(`says what is wrong with "${args.join(' ')}"`, async () => {
      const { exitCode, stderr } = await pair(...args);
      assert.equal(exitCode, 1);
      assert.match(stderr, says);
    });
  }

  it('says that nobody listens at the address', async () => {
    const closed = await ClosedPort.hold();
    const { exitCode, stderr } = await pair(`127.0.0.1:${closed.port}`, 'k7m4-x2qp');
    closed.close();
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`cannot reach https://127.0.0.1:${closed.port}: connection refused`));
  });
});
