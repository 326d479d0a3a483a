/**
 * A link of 1 Mbit/s that loses every twentieth packet and is down for twenty seconds, and what goes over it: a push, file sync and
 * `eli up`. Each has a LAN and a device of its own; they run at once, as they wait most of the time.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Background } from '../support/background.ts';
import { runOk } from '../support/command.ts';
import { TestDevice, testImage } from '../support/device.ts';
import { imageOf, md5, md5On } from '../support/large-image.ts';
import { noise } from '../support/layered-image.ts';
import { NetworkLab, type Station } from '../support/network-lab.ts';
import { codeDirectory, codePod } from '../support/sync-session.ts';
import { waitFor } from '../support/wait.ts';

const syncClient = join(import.meta.dirname, '../support/sync-client.ts');
const eliProgram = resolve(import.meta.dirname, '../../bin/eli');
const fileCount = 20;

describe('over a bad link', { concurrency: true }, () => {
  describe('a push', () => {
    let lab: NetworkLab;
    let kitchen: Station;
    let laptop: Station;
    let device: TestDevice;

    before(async () => {
      lab = await NetworkLab.create();
      kitchen = await lab.addStation('kitchen');
      laptop = await lab.addStation('laptop');
      device = await TestDevice.start({ station: kitchen, image: false });
      // The layer below is there; what is pushed is the application.
      await device.eliOk(['image', 'load', '-'], { input: (await imageOf('eliot.test/near:1', 1)).archive });
      for (const { namespace } of [kitchen, laptop]) {
        const limit = ['tbf', 'rate', '1mbit', 'burst', '16kb', 'latency', '400ms'];
        await runOk('ip', ['netns', 'exec', namespace, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', ...limit]);
      }
      await kitchen.lose(0.05);
    });
    after(async () => {
      await device?.close();
      await lab?.close();
    });

    it('arrives byte for byte', async (t) => {
      const image = await imageOf('eliot.test/far:1', 300_000);
      const path = join(laptop.home, 'far.tar');
      writeFileSync(path, image.archive);
      const kubeconfig = join(laptop.home, 'far.kubeconfig');
      const config = readFileSync(device.kubeconfig, 'utf8');
      writeFileSync(kubeconfig, config.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://${kitchen.address}:6443`));
      const started = performance.now();
      const pushing = laptop.eli(['--kubeconfig', kubeconfig, 'push', path], { timeoutMs: 170_000 });
      await delay(2_500);
      await kitchen.cut();
      await delay(20_000);
      await kitchen.mend();
      const pushed = await pushing;
      assert.equal(pushed.exitCode, 0, pushed.stderr);
      t.diagnostic(`${Math.round(performance.now() - started)} ms: ${pushed.stdout.trim()}`);
      await kitchen.lose(0);
      assert.equal(await md5On(device, 'eliot.test/far:1'), md5(noise(300_000, 'eliot.test/far:1')));
    });
  });

  describe('file sync', () => {
    let lab: NetworkLab;
    let laptop: Station;
    let kitchen: Station;
    let device: TestDevice;
    let session: Background | undefined;
    const project = mkdtempSync(join(tmpdir(), 'eliot-sync-project-'));
    before(async () => {
      lab = await NetworkLab.create();
      kitchen = await lab.addStation('kitchen');
      laptop = await lab.addStation('laptop');
      device = await TestDevice.start({ station: kitchen });
      await device.create(codePod('web'));
      await device.waitForPhase('web', 'Running');
    });
    after(async () => {
      await session?.stop();
      await device?.close();
      await lab?.close();
      rmSync(project, { recursive: true, force: true });
    });

    it('finishes byte-exact, and brings what was saved while the link was down', async () => {
      for (let index = 0; index < 36; index += 1) {
        mkdirSync(join(project, `d${index % 6}`), { recursive: true });
        writeFileSync(join(project, `d${index % 6}/${index}`), randomBytes(10_000));
      }
      const there = await codeDirectory(device, 'web');
      const slow = ['qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', 'rate', '1mbit', 'burst', '16k', 'latency', '300ms'];
      await laptop.runOk('tc', slow);
      await laptop.lose(0.05);
      const server = `https://${kitchen.address}:6443`;
      session = laptop.background(process.execPath, [syncClient, device.kubeconfig, server, 'web', project]);
      await waitFor('some of it', () => existsSync(join(there, 'd2')), { timeoutMs: 30_000 });
      await laptop.cut();
      writeFileSync(join(project, 'd0/0'), 'saved while the link was down');
      rmSync(join(project, 'd1/1'));
      await delay(20_000);
      await laptop.mend();
      const printed = (): string => session?.stdout ?? '';
      await waitFor('the end of the first sync', () => printed().includes('"kind":"first"'), { timeoutMs: 60_000 });
      for (let index = 0; index < 36; index += 1) {
        const name = `d${index % 6}/${index}`;
        if (index === 1) assert.equal(existsSync(join(there, name)), false);
        else assert.ok(readFileSync(join(there, name)).equals(readFileSync(join(project, name))), name);
      }
    });
  });

  describe('eli up', () => {
    let lab: NetworkLab;
    let laptop: Station;
    let kitchen: Station;
    let device: TestDevice;
    let session: Background | undefined;
    const project = mkdtempSync(join(tmpdir(), 'eliot-up-link-'));
    before(async () => {
      lab = await NetworkLab.create();
      kitchen = await lab.addStation('kitchen');
      laptop = await lab.addStation('laptop');
      device = await TestDevice.start({ station: kitchen });
    });
    after(async () => {
      await session?.stop('SIGINT');
      await device?.close();
      await lab?.close();
      rmSync(project, { recursive: true, force: true });
    });

    const path = (index: number): string => join(project, `data/${String(index).padStart(2, '0')}`);
    const sum = (): string => {
      const hash = createHash('md5');
      for (let index = 0; index < fileCount; index += 1) hash.update(readFileSync(path(index)));
      return hash.digest('hex');
    };

    it('runs what is here byte for byte, loses no output, and brings what was saved while the link was down', async () => {
      mkdirSync(join(project, 'data'));
      for (let index = 0; index < fileCount; index += 1) writeFileSync(path(index), randomBytes(8_000));
      writeFileSync(
        join(project, 'run.sh'),
        'cat data/* | md5sum\ni=0; while :; do echo $i; i=$((i+1)); sleep 1; done\n',
      );
      const kubeconfig = join(laptop.home, 'kubeconfig');
      const text = readFileSync(device.kubeconfig, 'utf8').replace(
        /server: .*/,
        `server: https://${kitchen.address}:6443`,
      );
      writeFileSync(kubeconfig, text);
      const slow = ['qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', 'rate', '1mbit', 'burst', '16k', 'latency', '300ms'];
      await laptop.runOk('tc', slow);
      await laptop.lose(0.05);
      const args = ['up', '--directory', project, '--name', 'far', '--image', testImage, '--', 'sh', 'run.sh'];
      session = laptop.background(eliProgram, args, { ...laptop.env(), KUBECONFIG: kubeconfig });
      const first = sum();
      await session.prints(new RegExp(`^${first}  -\n0\n1\n`), 60_000);
      await laptop.cut();
      await delay(18_000);
      writeFileSync(path(3), randomBytes(8_000));
      await delay(2_000);
      await laptop.mend();
      await session.prints(new RegExp(`\n${sum()}  -\n0\n`), 60_000);
      const [before = ''] = session.stdout.split(sum());
      const printed = before.split('\n').slice(1, -1).map(Number);
      assert.ok(printed.length > 15, `it printed ${printed.length} lines`);
      assert.deepEqual(
        printed,
        printed.map((_, index) => index),
      );
      await laptop.lose(0);
      session.child.kill('SIGINT');
      assert.equal(await session.ended(), 0);
      assert.equal((await device.eliOk(['get', 'pods', '-o', 'name'])).stdout, '');
    });
  });
});
