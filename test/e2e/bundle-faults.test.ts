/** Bundles and what goes wrong: a stick that is being written, keys, a full disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeBundle, makeKey, type TestBundle } from '../support/bundle-files.ts';
import { runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

describe('a device with a directory for bundles', () => {
  let device: TestDevice;
  let stick: string;
  let key: string;
  const make = (bundle: Partial<TestBundle> & { readonly version: string }): Promise<string> =>
    makeBundle(device.directory, {
      name: 'shop',
      line: `echo version ${bundle.version}; exec sleep 100000`,
      sign: key,
      ...bundle,
    });
  const get = async (path: string): Promise<string> =>
    (await device.kubectl(['get', 'bundle', 'shop', '-o', `jsonpath={${path}}`])).stdout;
  const runs = (version: string): Promise<unknown> =>
    waitFor(
      `version ${version}`,
      async () => {
        if ((await get('.status.state')) !== 'Ready' || (await get('.status.appliedVersion')) !== version) return false;
        return (await device.eliOk(['logs', 'deployment/shop'])).stdout === `version ${version}\n`;
      },
      { intervalMs: 200 },
    );
  const warnings = async (): Promise<string> =>
    (await device.kubectlOk(['get', 'events', '--field-selector', 'reason=BundleRefused'])).stdout;

  before(async () => {
    device = await TestDevice.create({ args: [] });
    stick = join(device.directory, 'stick');
    device.addArgs('--config', join(device.directory, 'bundles.yaml'));
    writeFileSync(join(device.directory, 'bundles.yaml'), `bundleDirectory: ${stick}\nevictionHard: {}\n`);
    mkdirSync(device.dataDir, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', device.dataDir]);
    const made = await makeKey(device.directory, 'factory');
    key = made.key;
    mkdirSync(join(device.dataDir, 'trusted-keys'), { recursive: true });
    writeFileSync(join(device.dataDir, 'trusted-keys/factory.pem'), made.pem);
    await device.startDaemon();
    await device.waitForNode();
  });
  after(async () => {
    // A reset takes nothing away that is mounted by somebody else.
    await device.stopDaemon('SIGTERM');
    await runOk('bin/eliotd', ['reset', ...device.flags.slice(0, 4), ...device.flags.slice(6, 10)]);
    execFileSync('umount', ['-l', device.dataDir]);
    await device.close();
  });

  it('applies what appears there when it is whole, and says so', async () => {
    const made = readFileSync(await make({ version: '1.0.0' }));
    mkdirSync(stick);
    const copy = openSync(join(stick, 'shop.eliot'), 'w');
    writeSync(copy, made.subarray(0, 900_000));
    // Looked at twice, and found to stand still.
    await delay(4_500);
    assert.equal(await get('.spec.version'), '');
    writeSync(copy, made.subarray(900_000));
    closeSync(copy);
    await runs('1.0.0');
    assert.equal(await get('.spec.signedBy'), 'factory');
    assert.equal(await get('.spec.from'), join(stick, 'shop.eliot'));
    await waitFor('an event', async () =>
      (await device.kubectlOk(['get', 'events', '--field-selector', 'reason=BundleTaken'])).stdout.includes(
        `bundle/shop   version 1.0.0 came from ${join(stick, 'shop.eliot')}`,
      ),
    );
    assert.equal(await warnings(), '');
  });

  it('applies no other there: none that is unsigned, older, or a link', async () => {
    const older = await make({ version: '0.9.0' });
    const unsigned = await makeBundle(device.directory, { name: 'toys', version: '1', line: 'sleep 1000' });
    copyFileSync(older, join(stick, 'older.eliot'));
    copyFileSync(unsigned, join(stick, 'unsigned.eliot'));
    execFileSync('ln', ['-s', unsigned, join(stick, 'link.eliot')]);
    await waitFor('two refusals', async () => {
      const told = await warnings();
      return told.includes('bundle shop:0.9.0 is older than 1.0.0') && told.includes('bundle toys:1 is not signed');
    });
    assert.match(await get('.status.refused.message'), /shop:0\.9\.0 is older/);
    assert.equal((await device.kubectlOk(['get', 'bundles', '-o', 'name'])).stdout, 'bundle.eliot.run/shop\n');
    assert.doesNotMatch(await warnings(), /link\.eliot/);
  });

  it('applies one of a stranger as soon as his key is trusted', async () => {
    const stranger = await makeKey(device.directory, 'stranger');
    const strange = { name: 'bell', version: '1', line: 'sleep 1000', sign: stranger.key };
    copyFileSync(await makeBundle(device.directory, strange), join(stick, 'strange.eliot'));
    await waitFor('a refusal', async () =>
      /bundle bell:1 is signed by key \w+, which this device/.test(await warnings()),
    );
    writeFileSync(join(device.dataDir, 'trusted-keys/stranger.pem'), stranger.pem);
    await waitFor('the bundle', async () => {
      const got = await device.kubectl(['get', 'bundle', 'bell', '-o', 'jsonpath={.spec.signedBy}']);
      return got.stdout === 'stranger';
    });
    rmSync(join(stick, 'strange.eliot'));
    rmSync(join(device.dataDir, 'trusted-keys/stranger.pem'));
    await device.kubectlOk(['delete', 'bundle', 'bell', '--timeout=30s']);
    await waitFor('its pod to go', async () => !/bell/.test((await device.kubectlOk(['get', 'pods'])).stdout));
  });

  it('applies a newer one over it, once, also after a restart', async () => {
    renameSync(await make({ version: '1.1.0' }), join(stick, 'newer.eliot'));
    await runs('1.1.0');
    const pod = (await device.kubectlOk(['get', 'pods', '-o', 'name'])).stdout;
    await device.restartDaemon('SIGKILL');
    // Both files are looked at again within that time.
    await delay(4_500);
    await runs('1.1.0');
    assert.equal((await device.kubectlOk(['get', 'pods', '-o', 'name'])).stdout, pod);
    rmSync(stick, { recursive: true });
  });

  it('whose disk is too full takes nothing in, says what is missing, and does when there is room', async () => {
    const file = await make({ version: '2.0.0', paddingBytes: 20_000_000 });
    const filler = join(device.dataDir, 'filler');
    const free = (): number => Number(execFileSync('stat', ['-f', '-c', '%a', device.dataDir])) * 4096;
    writeFileSync(filler, Buffer.alloc(free() - 30_000_000));
    const refused = await device.eli(['bundle', 'apply', file]);
    assert.match(refused.stderr, /bundle shop:2\.0\.0 needs [\d.]+MB of the device's disk, of which [\d.]+MB are free/);
    assert.equal(await get('.spec.version'), '1.1.0');
    await runs('1.1.0');
    rmSync(filler);
    await device.eliOk(['bundle', 'apply', file]);
    await runs('2.0.0');
  });
});
