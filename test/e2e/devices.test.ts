/** Devices of the machine in containers: counted, given to one, opened without privilege, plugged in and out. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

/** A group that no user of the machine is in by chance. */
const group = 4_321;

describe('devices', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-dev-'));
  const nodes = join(directory, 'dev');
  /** As a GPIO chip or a serial port would be: a driver that anybody may have, behind a node of root and its group. */
  const plug = (name: string, ...type: string[]): void => {
    execFileSync('mknod', ['-m', '660', join(nodes, name), ...type]);
    execFileSync('chgrp', [String(group), join(nodes, name)]);
  };
  let device: TestDevice;
  before(async () => {
    mkdirSync(nodes);
    // The random generator of the machine, and a loop device: neither is among those that every container may open.
    plug('ttyX0', 'c', '10', '183');
    plug('ttyX1', 'c', '10', '183');
    plug('disk', 'b', '7', '6');
    plug('bus', 'c', '1', '5');
    const config = join(directory, 'eliotd.yaml');
    const lines = [
      'devices:',
      `- { name: serial, paths: ["${nodes}/ttyX*"] }`,
      `- { name: disk, paths: ["${nodes}/disk"], permissions: r }`,
      `- { name: bus, paths: ["${nodes}/bus"], shared: 2 }`,
      `- { name: second-bus, paths: ["${nodes}/b*"] }`,
    ];
    writeFileSync(config, lines.join('\n'));
    device = await TestDevice.start({ args: ['--config', config] });
  });
  after(async () => {
    await device?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const create = (
    name: string,
    line: string,
    limits: object,
    change: object = {},
    container: object = {},
  ): Promise<void> =>
    device.create(
      shellPod(name, '', {
        ...change,
        containers: [
          { name: 'main', image: testImage, command: ['sh', '-c', line], resources: { limits }, ...container },
        ],
      }),
    );
  const ended = async (name: string): Promise<string> => {
    await waitFor(`the end of ${name}`, async () => {
      const phase = await kubectl('get', 'pod', name, '-o', 'jsonpath={.status.phase}');
      if (!['Succeeded', 'Failed'].includes(phase)) throw new Error(await kubectl('describe', 'pod', name));
      return true;
    });
    return kubectl('logs', name);
  };
  const allocatable = (name: string): Promise<string> =>
    kubectl('get', 'node', 'device', '-o', `jsonpath={.status.allocatable.eliot\\.run/${name}}`);
  const untilCounted = (name: string, count: string): Promise<unknown> =>
    waitFor(`${count} of ${name}`, async () => (await allocatable(name)) === count);
  const untilRefused = (name: string, reason: RegExp): Promise<unknown> =>
    waitFor(`${name} refused`, async () => {
      const message = await kubectl(
        'get',
        'pod',
        name,
        '-o',
        'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}',
      );
      assert.match(message, reason);
      return true;
    });
  const deviceOf = (name: string): Promise<string> =>
    waitFor(`the device of ${name}`, async () => (await kubectl('logs', name)).trim() || undefined);

  it('are counted by the node', async () => {
    assert.deepEqual(await Promise.all(['serial', 'disk', 'bus'].map(allocatable)), ['2', '1', '2']);
  });

  it('are counted once when two settings name them', async () => {
    assert.equal(await allocatable('second-bus'), '0');
    const told = device
      .log()
      .split('\n')
      .filter((line) => line.includes('belongs to the first'));
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /eliot\.run\/second-bus/);
  });

  it('are opened by a user other than root, with the right to do so and nothing else', async () => {
    const line = `
      id -G; head -c 8 ${nodes}/ttyX0 | wc -c || head -c 8 ${nodes}/ttyX1 | wc -c
      echo $ELIOT_DEVICE_SERIAL; ls ${nodes}`;
    const securityContext = { runAsUser: 1000, runAsGroup: 1000 };
    await create('user', line, { 'eliot.run/serial': 1 }, { restartPolicy: 'Never', securityContext });
    assert.equal(await ended('user'), `1000 ${group}\n8\n${nodes}/ttyX0\nttyX0\n`);

    const probe = 'mknod /rng c 10 183 && head -c 1 /rng 2>&1 | grep -o "not permitted"';
    await create('without', probe, {}, { restartPolicy: 'Never' });
    assert.equal(await ended('without'), 'not permitted\n');
    const write = `head -c 0 ${nodes}/disk && echo reads; true >> ${nodes}/disk`;
    await create('reader', write, { 'eliot.run/disk': 1 }, { restartPolicy: 'Never' });
    // Outputs and errors are two streams: nothing says which comes first.
    const lines = (await ended('reader')).trimEnd().split('\n').sort();
    assert.equal(lines[0], 'reads');
    assert.match(lines[1] ?? '', /^sh: can't create .*\/disk: Operation not permitted$/);
    await kubectl('delete', 'pod', 'user', 'without', 'reader');
  });

  it('belong to one container at a time, unless they are shared', async () => {
    const line = 'echo $ELIOT_DEVICE_SERIAL; exec sleep 1000';
    for (const name of ['one', 'two', 'three']) await create(name, line, { 'eliot.run/serial': 1 });
    const given = await Promise.all(['one', 'two'].map(deviceOf));
    assert.deepEqual([...given].sort(), [`${nodes}/ttyX0`, `${nodes}/ttyX1`]);
    await untilRefused('three', /1 Insufficient eliot\.run\/serial/);

    for (const name of ['bus-1', 'bus-2', 'bus-3']) await create(name, 'exec sleep 1000', { 'eliot.run/bus': 1 });
    await device.waitForPhase('bus-1', 'Running');
    await device.waitForPhase('bus-2', 'Running');
    await untilRefused('bus-3', /1 Insufficient eliot\.run\/bus/);
    await kubectl('delete', 'pod', 'bus-1', 'bus-2', 'bus-3');
  });

  it('stay with their containers when eliotd is killed, and go on to the next when one ends', async () => {
    const before = await deviceOf('one');
    await device.restartDaemon('SIGKILL');
    await device.waitForNode();
    await untilRefused('three', /1 Insufficient eliot\.run\/serial/);
    await kubectl('delete', 'pod', 'one');
    assert.equal(await deviceOf('three'), before);
    await kubectl('delete', 'pod', 'two', 'three');
  });

  it('that are unplugged are no longer there to ask for, and a pod that waits starts when one is plugged in', async () => {
    rmSync(join(nodes, 'ttyX0'));
    rmSync(join(nodes, 'ttyX1'));
    await untilCounted('serial', '0');
    await create('waits', 'echo $ELIOT_DEVICE_SERIAL; exec sleep 1000', { 'eliot.run/serial': 1 });
    await untilRefused('waits', /1 Insufficient eliot\.run\/serial/);
    plug('ttyX7', 'c', '10', '183');
    await untilCounted('serial', '1');
    assert.equal(await deviceOf('waits'), `${nodes}/ttyX7`);
  });

  it('are given to eli run by their names, or by the paths that the node says it offers', async () => {
    const list = ['--', 'ls', join(nodes, 'bus')];
    for (const name of ['bus', join(nodes, 'bus')]) {
      assert.equal(
        (await device.eliOk(['run', '--device', name, testImage, ...list])).stdout,
        `${join(nodes, 'bus')}\n`,
      );
    }
    const refused = await device.eli(['run', '--device', join(nodes, 'nope'), testImage, ...list]);
    assert.equal(refused.exitCode, 125);
    assert.match(refused.stderr, /none of those that the device offers/);
  });
});
