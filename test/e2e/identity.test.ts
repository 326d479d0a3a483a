/** Who a device is: a copy of it on the LAN, a new identity, another name, and its replacement. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { NetworkLab, type Station } from '../support/network-lab.ts';
import { waitFor } from '../support/wait.ts';

const eliotd = join(import.meta.dirname, '../../bin/eliotd');

describe('a device and its copy', () => {
  let lab: NetworkLab;
  let bath: Station;
  let den: Station;
  let device: TestDevice;
  let copy: TestDevice;
  before(async () => {
    lab = await NetworkLab.create();
    bath = await lab.addStation('bath');
    den = await lab.addStation('den');
    device = await TestDevice.start({ station: bath });
    copy = await TestDevice.create({ station: den, isNamed: false });
    // As a copied memory card has them.
    mkdirSync(copy.dataDir, { recursive: true });
    cpSync(join(device.dataDir, 'pki'), join(copy.dataDir, 'pki'), { recursive: true });
    writeFileSync(
      join(copy.dataDir, 'machine.json'),
      '{"machineId":"another","serial":"another","macs":["02:00:00:00:00:99"]}',
    );
    await copy.startDaemon();
    await copy.waitForNode();
    await copy.loadImage(testImage);
  });
  after(async () => {
    await copy?.close();
    await device?.close();
    await lab?.close();
  });

  const resetIdentity = (of: TestDevice) =>
    run(eliotd, ['reset', '--identity', '--data-dir', of.dataDir, '--run-dir', of.runDir]);
  const condition = async (of: TestDevice): Promise<string> =>
    (
      await of.kubectlOk([
        'get',
        'nodes',
        '-o',
        'jsonpath={.items[0].status.conditions[?(@.type=="DuplicateIdentity")].message}',
      ])
    ).stdout;
  const containerOf = async (of: TestDevice, pod: string): Promise<string> =>
    (await of.kubectlOk(['get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].containerID}'])).stdout;

  it('notice each other, and name the other and what to do', async () => {
    for (const [one, other] of [
      [device, den],
      [copy, bath],
    ] as const) {
      const message = await waitFor('the condition', async () => (await condition(one)) || undefined);
      assert.match(
        message,
        new RegExp(`the identity of this one: .* at ${other.address}; on the copy, .*"eliotd reset --identity"`),
      );
    }
    const events = await device.kubectlOk([
      'get',
      'events',
      '--field-selector',
      'reason=DuplicateIdentity',
      '-o',
      'name',
    ]);
    assert.match(events.stdout, /^event\//);
    const atHome = await device.kubectlOk(['get', 'events', '--field-selector', 'reason=OtherMachine', '-o', 'name']);
    assert.equal(atHome.stdout, '');
    const moved = await copy.kubectlOk([
      'get',
      'events',
      '--field-selector',
      'reason=OtherMachine',
      '-o',
      'jsonpath={.items[0].message}',
    ]);
    assert.match(moved.stdout, /^The identity of this device was made on another machine: .* was another/);
  });

  it('become two devices by a new identity of the copy, whose pods go on running', async () => {
    await copy.create(shellPod('stays', 'while sleep 1; do :; done'));
    await copy.waitForPhase('stays', 'Running');
    const container = await containerOf(copy, 'stays');
    const early = await resetIdentity(copy);
    assert.equal(early.exitCode, 1);
    assert.match(early.stderr, /is in use by another eliotd/);

    await copy.stopDaemon();
    const done = await resetIdentity(copy);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /gets a new identity when eliotd starts next\.\n.*\nNobody was paired with it\.\n$/);
    await copy.startDaemon();
    await waitFor('the condition to go', async () => (await condition(device)) === '');
    assert.equal(await condition(copy), '');
    assert.equal(await containerOf(copy, 'stays'), container);
    const authority = (of: TestDevice) =>
      run('openssl', ['x509', '-in', join(of.dataDir, 'pki/ca.crt'), '-noout', '-fingerprint', '-sha256']);
    assert.notEqual((await authority(copy)).stdout, (await authority(device)).stdout);
    const stranger = await run('curl', [
      '-s',
      '--cacert',
      join(device.dataDir, 'pki/ca.crt'),
      `https://${den.address}:6443/livez`,
    ]);
    assert.notEqual(stranger.exitCode, 0);
  });

  it('get another name at the next start, and their pods with them', async () => {
    const before = (await copy.kubectlOk(['get', 'nodes', '-o', 'name'])).stdout.trim();
    assert.equal(before, `node/${hostname().toLowerCase()}`);
    assert.match((await copy.eliOk(['node', 'rename', 'den'])).stdout, /will be den when eliotd starts next/);
    assert.match((await device.eli(['node', 'rename', 'spa'])).stderr, /is set on the device/);
    const container = await containerOf(copy, 'stays');
    await copy.restartDaemon('SIGKILL');
    await copy.waitForNode();
    assert.equal((await copy.kubectlOk(['get', 'nodes', '-o', 'name'])).stdout, 'node/den\n');
    const pod = await copy.kubectlOk(['get', 'pod', 'stays', '-o', 'jsonpath={.spec.nodeName} {.status.phase}']);
    assert.equal(pod.stdout, 'den Running');
    assert.equal(await containerOf(copy, 'stays'), container);
    assert.match((await copy.kubectlOk(['exec', 'stays', '--', 'echo', 'in'])).stdout, /in/);
    const names = await run('openssl', [
      'x509',
      '-in',
      join(copy.dataDir, 'pki/server.crt'),
      '-noout',
      '-ext',
      'subjectAltName',
    ]);
    assert.match(names.stdout, /DNS:den\.local/);
  });

  it('hand over what runs on one to the other', async () => {
    await device.kubectlOk(['create', 'namespace', 'radio']);
    await device.kubectlOk(['-n', 'radio', 'create', 'secret', 'generic', 'door', '--from-literal', 'code=1234']);
    const container = {
      name: 'main',
      image: testImage,
      command: ['sleep', '600'],
      envFrom: [{ secretRef: { name: 'door' } }],
    };
    const labels = { app: 'tuner' };
    await device.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'tuner', namespace: 'radio' },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } },
      },
    });
    await device.create(shellPod('alone', 'sleep 600'));
    await device.kubectlOk(['-n', 'radio', 'rollout', 'status', 'deployment/tuner', '--timeout=30s']);

    const exported = (await device.eliOk(['node', 'export', '--with-secrets'])).stdout;
    const first = await copy.eliOk(['node', 'import', '-'], { input: exported });
    assert.equal(
      first.stdout,
      'namespace/radio created\nsecret/door created\ndeployment.apps/tuner created\npod/alone created\n',
    );
    await copy.kubectlOk(['-n', 'radio', 'rollout', 'status', 'deployment/tuner', '--timeout=30s']);
    await copy.waitForPhase('alone', 'Running');
    const code = await copy.kubectlOk(['-n', 'radio', 'exec', 'deploy/tuner', '--', 'sh', '-c', 'echo $code']);
    assert.equal(code.stdout, '1234\n');
    const again = await copy.eliOk(['node', 'import', '-'], { input: exported });
    assert.equal(again.stdout.replace(/unchanged/g, 'created'), first.stdout);
  });
});
