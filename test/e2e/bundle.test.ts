/** Bundles on a real device: applied, refused, taken back, removed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import type { Bundle } from '../../src/api/kinds/bundle.ts';
import { makeBundle, makeKey, type TestBundle } from '../support/bundle-files.ts';
import { runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { Relay } from '../support/relay.ts';
import { waitFor } from '../support/wait.ts';

const forever = (text: string): string => `echo ${text}; exec sleep 100000`;

describe('a bundle', () => {
  let device: TestDevice;
  const make = (bundle: Partial<TestBundle> & { readonly version: string }): Promise<string> =>
    makeBundle(device.directory, { name: 'shop', line: forever(`version ${bundle.version}`), ...bundle });
  const get = async (path: string): Promise<string> =>
    (await device.kubectlOk(['get', 'bundle', 'shop', '-o', `jsonpath={${path}}`])).stdout;
  const podNames = async (): Promise<string> => (await device.kubectlOk(['get', 'pods', '-o', 'name'])).stdout;
  const images = async (): Promise<readonly string[]> =>
    (await device.kubectlOk(['get', 'images', '-o', 'jsonpath={range .items[*]}{.spec.image}{"\\n"}{end}'])).stdout
      .split('\n')
      .filter((name) => name.includes('/shop'));

  before(async () => {
    device = await TestDevice.start({ image: false });
  });
  after(() => device?.close());

  it('is on the device and runs with one command, and says so', async () => {
    const file = await make({ version: '1.0.0' });
    const applied = await device.eliOk(['bundle', 'apply', file]);
    assert.equal(applied.stdout, 'bundle shop:1.0.0 is ready\n');
    assert.match((await device.eliOk(['logs', 'deployment/shop'])).stdout, /^version 1\.0\.0\n/);
    const table = (await device.kubectlOk(['get', 'bundles'])).stdout;
    assert.match(table, /^NAME +VERSION +STATUS +SIGNED BY +AGE\nshop +1\.0\.0 +Ready +<none> +\d+s\n$/);
    await device.kubectlOk(['wait', '--for=condition=Ready', 'bundle/shop', '--timeout=5s']);
    const labels = await device.kubectlOk(['get', 'deployment', 'shop', '-o', 'jsonpath={.metadata.labels}']);
    assert.deepEqual(JSON.parse(labels.stdout), { 'eliot.run/source': 'bundle-shop' });
  });

  it('is read by skopeo, with the image in it', async () => {
    const file = join(device.directory, 'shop-1.0.0.eliot');
    const inspected = await runOk('skopeo', ['inspect', `oci-archive:${file}:eliot.test/shop:latest`]);
    const { Architecture, Layers } = JSON.parse(inspected.stdout) as { Architecture: string; Layers: string[] };
    assert.deepEqual([Architecture, Layers.length], ['amd64', 1]);
    await runOk('skopeo', [
      'copy',
      '--quiet',
      `oci-archive:${file}:eliot.test/shop:latest`,
      `dir:${device.directory}/copy`,
    ]);
    assert.ok(existsSync(join(device.directory, 'copy/manifest.json')));
  });

  it('changes nothing when it is there already', async () => {
    const before = await podNames();
    const again = await device.eliOk(['bundle', 'apply', join(device.directory, 'shop-1.0.0.eliot')]);
    assert.equal(again.stdout, 'bundle shop:1.0.0 is ready\n');
    assert.equal(await podNames(), before);
  });

  it('is replaced by its next version, whose former images go in time', async () => {
    const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extra' }, data: { a: 'b' } };
    await device.eliOk(['bundle', 'apply', await make({ version: '1.1.0', objects: [extra] })]);
    await device.kubectlOk(['get', 'configmap', 'extra']);
    assert.equal(await get('.spec.previous.version'), '1.0.0');
    await device.eliOk(['bundle', 'apply', await make({ version: '1.2.0' })]);
    const pruned = await device.kubectl(['get', 'configmap', 'extra']);
    assert.match(pruned.stderr, /NotFound/);
    await waitFor('the images of 1.0.0 to go', async () => (await images()).length === 2, { timeoutMs: 40_000 });
    assert.equal(readdirSync(join(device.dataDir, 'bundles/shop')).length, 2);
    // Those of the version before are wanted, as it may come back.
    await device.eliOk(['image', 'prune', '--all']);
    assert.equal((await images()).length, 2);
  });

  it('that is older is refused, unless it is asked for', async () => {
    const older = join(device.directory, 'shop-1.1.0.eliot');
    const refused = await device.eli(['bundle', 'apply', older]);
    assert.match(refused.stderr, /\(Conflict\): bundle shop:1\.1\.0 is older than 1\.2\.0, which the device runs/);
    assert.equal(refused.exitCode, 1);
    assert.equal(await get('.spec.version'), '1.2.0');
    await device.eliOk(['bundle', 'apply', older, '--force']);
    await device.eliOk(['bundle', 'apply', join(device.directory, 'shop-1.2.0.eliot')]);
  });

  it('that does not become ready is taken back, and refused from then on', async () => {
    const file = await make({ version: '2.0.0', line: 'echo broken; exit 3', deadlineSeconds: 4, bakeSeconds: 2 });
    const failed = await device.eli(['bundle', 'apply', file]);
    assert.match(
      failed.stderr,
      /error: bundle shop:2\.0\.0 was taken back, 1\.2\.0 runs again: not ready after 4s: Deployment/,
    );
    assert.equal(failed.exitCode, 1);
    await device.kubectlOk(['wait', '--for=condition=RolledBack', 'bundle/shop', '--timeout=20s']);
    await waitFor('the former version', async () =>
      (await device.eliOk(['logs', 'deployment/shop'])).stdout.startsWith('version 1.2.0'),
    );
    const events = (await device.kubectlOk(['get', 'events', '--field-selector', 'reason=RolledBack'])).stdout;
    assert.match(events, /bundle\/shop +version 2\.0\.0 was taken back, 1\.2\.0 is applied again/);
    const again = await device.eli(['bundle', 'apply', file]);
    assert.match(again.stderr, /\(Conflict\): bundle shop:2\.0\.0 failed on this device before and was taken back/);
    await device.restartDaemon('SIGKILL');
    assert.match((await device.eli(['bundle', 'apply', file])).stderr, /failed on this device before/);
  });

  it('goes with all that it brought', async () => {
    await device.kubectlOk(['delete', 'bundle', 'shop', '--timeout=30s']);
    await waitFor('its objects to go', async () => (await podNames()) === '', { timeoutMs: 30_000 });
    await waitFor('its images to go', async () => (await images()).length === 0, { timeoutMs: 40_000 });
    assert.deepEqual(
      readdirSync(join(device.dataDir, 'bundles')).flatMap((name) =>
        readdirSync(join(device.dataDir, 'bundles', name)),
      ),
      [],
    );
  });

  it('whose object is somebody else’s changes nothing', async () => {
    await device.kubectlOk(['create', 'deployment', 'shop', '--image', 'eliot.test/none']);
    const { stderr, exitCode } = await device.eli(['bundle', 'apply', join(device.directory, 'shop-1.2.0.eliot')]);
    assert.match(stderr, /\(Conflict\): deployments "default\/shop" belongs to the local API/);
    assert.equal(exitCode, 1);
    assert.equal((await device.kubectlOk(['get', 'bundles'])).stdout, '');
    assert.deepEqual(
      (await images()).filter((name) => name.includes('@')),
      [],
    );
    await device.kubectlOk(['delete', 'deployment', 'shop']);
  });

  it('for another processor changes nothing', async () => {
    const { stderr } = await device.eli(['bundle', 'apply', await make({ version: '3.0.0', architecture: 'arm64' })]);
    assert.match(stderr, /shop:latest in the bundle is for arm64, not for amd64, as this device needs/);
    assert.equal((await device.kubectlOk(['get', 'bundles'])).stdout, '');
  });

  it('that is damaged or ends early changes nothing, wherever that is', async () => {
    const { key, pem } = await makeKey(device.directory, 'factory');
    mkdirSync(join(device.dataDir, 'trusted-keys'));
    writeFileSync(join(device.dataDir, 'trusted-keys/factory.pem'), pem);
    const whole = readFileSync(await make({ version: '4.0.0', sign: key }));
    const { post } = await rawPost(device);
    let seed = 7;
    const positions = Array.from({ length: 9 }, () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % whole.length;
    });
    for (const position of [0, 600, 1500, ...positions, whole.length - 1]) {
      const flipped = Buffer.from(whole);
      flipped[position] = (flipped[position] ?? 0) ^ 0x81;
      const answer = await post(flipped);
      assert.equal(answer.code, 422, `byte ${position} of ${whole.length}: ${answer.text}`);
      const cut = await post(whole.subarray(0, position));
      assert.equal(cut.code, 422, `cut at ${position} of ${whole.length}: ${cut.text}`);
    }
    assert.equal((await device.kubectlOk(['get', 'bundles'])).stdout, '');
    assert.deepEqual(await images(), []);
    assert.equal((await post(whole)).code, 201);
    await device.kubectlOk(['wait', '--for=condition=Ready', 'bundle/shop', '--timeout=30s']);
    assert.equal(await get('.spec.signedBy'), 'factory');
  });

  it('whose sending broke off goes on in the middle of a layer, unless that is damaged', async () => {
    const pods = ['one', 'two'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [{ name: 'main', image: `eliot.test/${name}:1`, command: ['sleep', '100000'] }] },
    }));
    writeFileSync(join(device.directory, 'two.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }));
    const archives: string[] = [];
    for (const name of ['one', 'two']) {
      const archive = join(device.directory, `${name}.tar`);
      writeFileSync(archive, await makeBusyboxImage({ name: `eliot.test/${name}:1`, files: { name } }));
      archives.push('--image-archive', archive);
    }
    const file = join(device.directory, 'two.eliot');
    await device.eliOk([
      'bundle',
      'create',
      '-f',
      join(device.directory, 'two.json'),
      ...archives,
      '--bake',
      '0',
      '-o',
      file,
    ]);
    const missing = async (): Promise<string> => (await device.eliOk(['bundle', 'apply', file, '--dry-run'])).stdout;
    assert.equal(await missing(), 'bundle two:0 would be applied; 2 of 2 layers would be sent (dry run)\n');
    const whole = readFileSync(file);
    const { post } = await rawPost(device);
    // In the middle of the last layer.
    assert.equal((await post(whole.subarray(0, whole.length - 100_000))).code, 422);
    assert.equal(await missing(), 'bundle two:0 would be applied; 1 of 2 layers would be sent (dry run)\n');
    assert.doesNotMatch((await device.kubectlOk(['get', 'pods,bundles', '-o', 'name'])).stdout, /one|two/);
    const { begunLayers } = (JSON.parse((await post(whole, '?dryRun=All')).text) as Bundle).status;
    assert.ok((begunLayers?.[0]?.bytes ?? 0) > 300_000, JSON.stringify(begunLayers));
    // What a power cut may leave of it: as long, and something else.
    const ingests = (await runOk('find', [device.dataDir, '-path', '*/ingest/*/data'])).stdout.trim().split('\n');
    assert.equal(ingests.length, 1);
    const data = readFileSync(ingests[0] ?? '');
    writeFileSync(ingests[0] ?? '', data.fill(0, data.length - 4096));
    const applied = await device.eliOk(['bundle', 'apply', file]);
    assert.match(
      applied.stderr,
      /what was here of layer sha256:[0-9a-f]+ was damaged; it must be sent anew; trying again/,
    );
    assert.equal(applied.stdout, 'bundle two:0 is ready\n');
  });

  it('that a stranger signed is refused where somebody is trusted; one that nobody signed is the developer’s', async () => {
    const { key } = await makeKey(device.directory, 'stranger');
    const strange = await device.eli(['bundle', 'apply', await make({ version: '5.0.0', sign: key })]);
    assert.match(
      strange.stderr,
      /\(Forbidden\): bundle shop:5\.0\.0 is signed by key [0-9a-f]{64}, which this device does not trust/,
    );
    await device.eliOk(['bundle', 'apply', await make({ version: '5.0.1' })]);
    assert.equal(await get('.spec.signedBy'), '');
  });

  it('whose connection breaks again and again is sent once as a whole', async (t) => {
    const file = await make({ version: '6.0.0', paddingBytes: 3_000_000 });
    const relay = await Relay.start(device.port);
    const kubeconfig = join(device.directory, 'relayed.kubeconfig');
    writeFileSync(kubeconfig, readFileSync(device.kubeconfig, 'utf8').replace(`:${device.port}`, `:${relay.port}`));
    relay.cutAfterBytes = 1_000_000;
    relay.onCut = () => 1_000_000;
    const args = ['--kubeconfig', kubeconfig, 'bundle', 'apply', file];
    const applied = await device.eliOk(args).finally(() => relay.close());
    assert.equal(applied.stdout, 'bundle shop:6.0.0 is ready\n');
    const { size } = statSync(file);
    t.diagnostic(`${relay.sentBytes} bytes sent for a file of ${size}, with ${relay.cuts} cuts`);
    assert.ok(relay.cuts >= 3, `${relay.cuts} cuts`);
    // What was on its way and not written yet is lost, and the documents come with each try.
    assert.ok(relay.sentBytes < 1.5 * size, `${relay.sentBytes} of ${size} bytes`);
  });
});

/** Sends bytes as they are, past `eli`, which would find out itself. */
async function rawPost(device: TestDevice): Promise<{
  readonly post: (data: Buffer, query?: string) => Promise<{ readonly code: number; readonly text: string }>;
}> {
  const socketPath = join(device.runDir, 'eliotd.sock');
  const { request } = await import('node:http');
  const post = (data: Buffer, query = ''): Promise<{ readonly code: number; readonly text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath,
          method: 'POST',
          path: `/apis/eliot.run/v1alpha1/bundles${query}`,
          headers: { 'content-type': 'application/x-tar', 'content-length': data.length },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.once('end', () => resolve({ code: response.statusCode ?? 0, text }));
        },
      );
      sent.once('error', reject);
      sent.end(data);
    });
  return { post };
}
