/** `eli bundle apply` over 1 Mbit/s that loses every twentieth packet and is cut for twenty seconds. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Background } from '../support/background.ts';
import { runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { makeLayeredImage, noise } from '../support/layered-image.ts';
import { NetworkLab, type Station } from '../support/network-lab.ts';
import { waitFor } from '../support/wait.ts';

const eliProgram = resolve(import.meta.dirname, '../../bin/eli');
const image = 'eliot.test/far:1';
const layerBytes = 80_000;
const contents = ['one', 'two'].map((seed) => noise(layerBytes, seed));

function makeArchive(layers: readonly Buffer[]): Promise<{ readonly archive: Buffer }> {
  const files = layers.map((content, index) => [{ path: `app/${index}`, content }]);
  return makeLayeredImage({ name: image, layers: files, builtAt: new Date(0) });
}

describe('a bundle over a bad link', () => {
  let lab: NetworkLab;
  let kitchen: Station;
  let laptop: Station;
  let device: TestDevice;
  let applying: Background | undefined;
  /** What the laptop has sent, with every packet that was lost. */
  const sentBytes = async (): Promise<number> => {
    const { stdout } = await runOk('ip', ['-n', laptop.namespace, '-s', '-j', 'link', 'show', 'dev', 'eth0']);
    return (JSON.parse(stdout) as [{ stats64: { tx: { bytes: number } } }])[0].stats64.tx.bytes;
  };

  before(async () => {
    lab = await NetworkLab.create();
    kitchen = await lab.addStation('kitchen');
    laptop = await lab.addStation('laptop');
    device = await TestDevice.start({ station: kitchen, image: false });
    // The layer below is there; what comes is the application.
    await device.eliOk(['image', 'load', '-'], { input: (await makeArchive([])).archive });
  });
  after(async () => {
    await applying?.stop('SIGKILL');
    await device?.close();
    await lab?.close();
  });

  it('arrives byte for byte', async (t) => {
    const at = (name: string): string => join(laptop.home, name);
    const command = ['sh', '-c', 'cat /app/* | md5sum; exec sleep 100000'];
    const containers = [{ name: 'main', image, command }];
    const spec = { terminationGracePeriodSeconds: 0, containers };
    writeFileSync(at('far.json'), JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'far' }, spec }));
    writeFileSync(at('far.tar'), (await makeArchive(contents)).archive);
    const made = ['-f', at('far.json'), '--image-archive', at('far.tar'), '-t', 'far:1', '--bake', '0'];
    await laptop.eliOk(['bundle', 'create', ...made, '-o', at('far.eliot')]);
    const kubeconfig = readFileSync(device.kubeconfig, 'utf8');
    const there = kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://${kitchen.address}:6443`);
    writeFileSync(at('far.kubeconfig'), there);
    for (const { namespace } of [kitchen, laptop]) {
      const limit = ['tbf', 'rate', '1mbit', 'burst', '16kb', 'latency', '400ms'];
      await runOk('ip', ['netns', 'exec', namespace, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', ...limit]);
    }
    await kitchen.lose(0.05);

    const blobs = (await runOk('find', [device.dataDir, '-path', '*/blobs/sha256'])).stdout.trim();
    const known = readdirSync(blobs).length;
    const started = performance.now();
    const before = await sentBytes();
    const args = ['--kubeconfig', at('far.kubeconfig'), 'bundle', 'apply', at('far.eliot')];
    applying = laptop.background(eliProgram, args, laptop.env());
    await waitFor('the first layer', () => readdirSync(blobs).length > known, { intervalMs: 20 });
    // In the middle of the second one.
    await delay(500);
    await kitchen.cut();
    await delay(20_000);
    await kitchen.mend();
    assert.equal(await applying.ended(60_000), 0, applying.stderr);
    const sent = (await sentBytes()) - before;
    t.diagnostic(`${Math.round(performance.now() - started)} ms, ${sent} bytes sent; ${applying.stderr.trim()}`);
    assert.equal(applying.stdout, 'bundle far:1 is ready\n');
    await kitchen.lose(0);
    const sum = createHash('md5').update(Buffer.concat(contents)).digest('hex');
    assert.equal((await device.eliOk(['logs', 'far'])).stdout, `${sum}  -\n`);
  });
});
