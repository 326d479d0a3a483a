/** Images from one device to another, and to other programs, by `eli image save`. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runOk } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { DockerRegistry } from '../support/docker-registry.ts';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('an image that is saved', () => {
  let device: TestDevice;
  let other: TestDevice;
  let registry: DockerRegistry;
  let pulled: string;
  let archive: string;

  before(async () => {
    [device, other, registry] = await Promise.all([
      TestDevice.start(),
      TestDevice.start({ image: false }),
      DockerRegistry.start(),
    ]);
    await registry.push('saved:1', [3_000_000, 40]);
    pulled = `${registry.host}/saved:1`;
    archive = join(device.directory, 'saved.tar');
    await device.eliOk(['image', 'pull', pulled]);
    await device.eliOk(['image', 'save', pulled, '-o', archive]);
  });
  after(async () => {
    await Promise.all([device?.close(), other?.close(), registry?.close()]);
  });

  it('is the same on another device, by every digest, and as an archive again', async () => {
    assert.equal((await other.eliOk(['image', 'load', archive])).stdout, `image/${pulled} loaded\n`);
    const again = (await other.eliOk(['image', 'save', pulled])).bytes;
    assert.equal(sha256(again), sha256(readFileSync(archive)));
    const id = async (from: TestDevice): Promise<string> =>
      (await from.eliOk(['image', 'inspect', pulled, '-o', 'jsonpath={.status.id}'])).stdout;
    assert.match(await id(device), /^sha256:/);
    assert.equal(await id(other), await id(device));
  });

  it('goes through a pipe from device to device, and runs there', async () => {
    const saved = await device.eliOk(['image', 'save', testImage]);
    await other.eliOk(['image', 'load', '-'], { input: saved.bytes });
    await other.create(shellPod('carried', 'echo here', { restartPolicy: 'Never' }));
    await other.waitForPhase('carried', 'Succeeded');
    assert.equal((await other.eliOk(['logs', 'carried'])).stdout, 'here\n');
  });

  it('is read by skopeo in both of its forms', async () => {
    const inspect = async (source: string): Promise<{ readonly Digest: string; readonly Layers: readonly string[] }> =>
      JSON.parse((await runOk('skopeo', ['inspect', source])).stdout);
    const oci = await inspect(`oci-archive:${archive}`);
    const docker = await inspect(`docker-archive:${archive}`);
    const inRegistry = await inspect(`docker://${pulled}`).catch(() => undefined);
    if (inRegistry !== undefined) assert.deepEqual(oci.Layers, inRegistry.Layers);
    assert.equal(docker.Layers.length, oci.Layers.length);
    const copy = join(device.directory, 'copy');
    await runOk('skopeo', ['copy', '--quiet', `docker-archive:${archive}`, `dir:${copy}`]);
    assert.ok(existsSync(join(copy, 'manifest.json')));
  });

  it('frees its room when nothing wants it', async () => {
    const dry = (await device.eliOk(['image', 'prune', '--dry-run'])).stdout;
    assert.match(
      dry,
      new RegExp(`^image/${pulled} removed \\(dry run\\)\nTotal reclaimed space: [\\d.]+MB \\(dry run\\)\n$`),
    );
    assert.equal((await device.eliOk(['image', 'prune'])).stdout, dry.replaceAll(' (dry run)', ''));
    assert.doesNotMatch((await device.eliOk(['image', 'list'])).stdout, /saved/);
    // What came from an archive, and what every pod needs, stays.
    assert.match(
      (await device.eliOk(['image', 'ls', '-o', 'wide'])).stdout,
      /pause +1 .* eliot .*\n.*busybox +1 .* archive /,
    );
    const refused = await device.eli(['image', 'rm', 'eliot.run/pause:1']);
    assert.match(refused.stderr, /image eliot\.run\/pause:1 is the runtime's own, which every pod needs/);
    assert.equal(refused.exitCode, 1);
  });
});
