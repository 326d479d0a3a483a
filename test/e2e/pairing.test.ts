/** Pairing with a real device: what a person does, and what an attacker on the same network tries. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { readCode } from '../../src/api/pairing/code.ts';
import { pairWith } from '../../src/cli/pairing/pair-with.ts';
import { isStatusError } from '../../src/lib/status-error.ts';
import { type CommandResult, run, runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { selfSigned } from '../support/self-signed.ts';
import { Stranger } from '../support/stranger.ts';
import { TlsProxy } from '../support/tls-proxy.ts';

const root = join(import.meta.dirname, '../..');
const refused = /the code is wrong or no longer good: it lasts 5 minutes and 5 tries, and works once/;

describe('pairing', () => {
  let device: TestDevice;
  let address: string;
  /** Of the person's laptop: no kubeconfig, no socket. */
  let env: Record<string, string>;
  let devices: string;
  before(async () => {
    device = await TestDevice.start({ image: false, args: ['--show-pairing-code', 'stdout'] });
    address = `127.0.0.1:${device.port}`;
    devices = join(device.directory, 'laptop/.eli/kubeconfig');
    env = { HOME: join(device.directory, 'laptop'), KUBECONFIG: '', ELIOT_RUN_DIR: '/nowhere', USER: 'anna' };
  });
  after(() => device.close());
  beforeEach(() => rmSync(join(device.directory, 'laptop'), { recursive: true, force: true }));

  const eliotdPair = (...args: readonly string[]): Promise<CommandResult> =>
    run(join(root, 'bin/eliotd'), ['pair', '--run-dir', device.runDir, ...args]);
  const newCode = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await eliotdPair('--quiet', ...args);
    assert.match(stdout, /^[0-9a-z]{4}-[0-9a-z]{4}\n$/, stderr);
    return stdout.trim();
  };
  const eli = (...args: readonly string[]): Promise<CommandResult> => run(join(root, 'bin/eli'), args, { env });
  const eliOk = (...args: readonly string[]): Promise<CommandResult> => runOk(join(root, 'bin/eli'), args, { env });
  const other = (code: string): string => (code.startsWith('a') ? 'b' : 'a') + code.slice(1);
  const signal = AbortSignal.timeout(300_000);

  it('begins with the code that a new device shows', async () => {
    const [, code = ''] = /^Pairing code: (\S{9}) /m.exec(device.log()) ?? [];
    assert.equal(
      (await eliOk('pair', address, code, '--name', 'first')).stdout,
      `Context "device" added in ${devices}.\n`,
    );
  });

  it('makes a kubeconfig that eli and kubectl can use at once', async () => {
    const shown = await eliotdPair();
    const [, code = ''] =
      /^Pairing code: (\S{9}) {3}\(5 minutes, for one person in system:masters\)$/m.exec(shown.stdout) ?? [];
    assert.match(shown.stdout, new RegExp(`eli pair device ${code}\n(.*\n)* {2}eli pair ${address} ${code}\n`));
    const { stdout } = await eliOk('pair', address, code.toUpperCase());
    assert.equal(stdout, `Context "device" added in ${devices}.\n`);
    assert.equal(statSync(devices).mode & 0o777, 0o600);
    assert.match((await eliOk('get', 'nodes')).stdout, /^device +Ready/m);
    const kubectl = await runOk(kubectlPath(), ['--kubeconfig', devices, 'auth', 'whoami'], { env });
    assert.match(kubectl.stdout, /Username +anna@\S+\nGroups +\[system:masters system:authenticated\]/);
    assert.match((await eliOk('config', 'view')).stdout, new RegExp(`\\* +device +https://${address}`));
    assert.match((await eliOk('get', 'clients')).stdout, /^anna-\S+ +system:masters /m);
  });

  it('pairs the same device again in its place, and with who the device says', async () => {
    await eliOk('pair', address, await newCode());
    const { stdout } = await eliOk('pair', address, await newCode('--group', 'viewers', '--name', 'guest'));
    assert.equal(stdout, `Context "device" replaced in ${devices}.\n`);
    assert.match((await eliOk('get', 'nodes')).stdout, /^device /m);
    const denied = await eli('create', 'namespace', 'x');
    assert.notEqual(denied.exitCode, 0);
    assert.match((await device.kubectlOk(['get', 'clients'])).stdout, /^guest +eliot:viewers /m);
  });

  it('uses a code once', async () => {
    const code = await newCode();
    await eliOk('pair', address, code);
    const { exitCode, stderr } = await eli('pair', address, code);
    assert.equal(exitCode, 1);
    assert.match(stderr, refused);
    assert.match(stderr, /\n {2}"eliotd pair" on the device shows a new one\n$/);
  });

  it('is not taken in by somebody in the middle, who learns nothing that he can use', async () => {
    const proxy = await TlsProxy.start(device.port);
    try {
      const code = await newCode();
      const { exitCode, stderr } = await eli('pair', proxy.address, code);
      assert.equal(exitCode, 1);
      assert.match(stderr, refused);
      assert.ok(!existsSync(devices) || !readFileSync(devices, 'utf8').includes('contexts'));
      // What he heard was the laptop's proof: said again on a connection of his own it is worth nothing.
      const heard = Buffer.concat(proxy.heard).toString();
      const [first = '', second = ''] = heard.split(/(?=POST \/pair)/).map((sent) => sent.split('\r\n\r\n')[1]);
      const replay = new Stranger(device.port);
      assert.equal((await replay.post('/pair/v1/share', first)).code, 200);
      assert.equal((await replay.post('/pair/v1/certificate', second)).code, 401);
      replay.close();
      // The person's code still has tries left.
      await eliOk('pair', address, code);
    } finally {
      proxy.close();
    }
  });

  it('is not taken in by a device that does not know the code', async () => {
    const answers: Record<string, string> = {
      '/pair/v1/share': JSON.stringify({ share: randomBytes(32).toString('base64') }),
      '/pair/v1/certificate': JSON.stringify({ payload: '{}', proof: randomBytes(32).toString('base64') }),
    };
    const impostor = createServer(await selfSigned(), (request, response) => {
      request.resume().on('end', () => response.end(answers[request.url ?? '']));
    });
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = impostor.address() as AddressInfo;
      const { exitCode, stderr } = await eli('pair', `127.0.0.1:${port}`, 'abcd-efgh');
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /is not the device that showed the code: whoever answered does not know the code\n {2}somebody may/,
      );
    } finally {
      impostor.closeAllConnections();
      impostor.close();
    }
  });

  it('opens no other door to a stranger', async () => {
    const stranger = new Stranger(device.port);
    assert.equal((await stranger.get('/api/v1/pods')).code, 401);
    assert.equal((await stranger.get('/pair/v1/share')).code, 405);
    assert.equal((await stranger.post('/pair/v1/code', '{"groups":["system:masters"]}')).code, 404);
    assert.equal((await stranger.post('/pair/v1/code/x', '{}')).code, 401);
    assert.equal((await stranger.post('/pair/v2/share', '{}')).code, 401);
    for (const body of ['', '[]', 'null', '{}', '{"share":1}', '{"share":"AAAA"}']) {
      assert.equal((await stranger.post('/pair/v1/share', body)).code, 400, body);
    }
    assert.equal((await stranger.post('/pair/v1/certificate', '{"payload":"","proof":""}')).code, 401);
    assert.equal((await stranger.post('/pair/v1/share', ' '.repeat(20_000))).code, 413);
    stranger.close();
  });

  it('stands a thousand guesses: five are looked at, then codes are locked until a restart', async () => {
    const begun = (): number => device.log().split('"pairing begun"').length;
    const before = begun();
    const code = await newCode();
    const outcomes = new Map<string, number>();
    const guess = async (): Promise<void> => {
      const outcome = await pairWith(`https://${address}`, readCode(other(code)) ?? '', 'mallory', signal).then(
        () => 'paired',
        (error: unknown) => (isStatusError(error) ? error.reason : String(error)),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    await Promise.all(
      // So many of one address are listened to at once.
      Array.from({ length: 4 }, async () => {
        for (let count = 0; count < 250; count++) await guess();
      }),
    );
    assert.deepEqual([...outcomes], [['Unauthorized', 1_000]]);
    assert.equal(begun() - before, 5);
    assert.match((await eli('pair', address, code)).stderr, refused);
    const { exitCode, stderr } = await eliotdPair();
    assert.equal(exitCode, 1);
    assert.match(stderr, /^eliotd: pairing is locked for \d+ more seconds: all tries of the last code were spent\n$/);
    assert.match((await device.kubectlOk(['get', 'events', '-A'])).stdout, /PairingLocked +node\/device/);
    assert.doesNotMatch(device.log(), new RegExp(`${code}|${code.replace('-', '')}`));
    await device.restartDaemon('SIGTERM');
    // Nobody needs the code of the first boot any more.
    assert.equal(device.log().split('Pairing code:').length - 1, 1);
    await eliOk('pair', address, await newCode());
  });

  it('needs an eliotd that runs', async () => {
    const { exitCode, stderr } = await run(join(root, 'bin/eliotd'), ['pair', '--run-dir', '/nowhere']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^eliotd: no eliotd runs here \(\/nowhere\/eliotd.sock\)/);
  });
});
