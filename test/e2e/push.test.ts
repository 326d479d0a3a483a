/** Images from this machine to a device with no registry: what moves, what is there afterwards, and what breaks off. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { load } from 'js-yaml';
import { TestDevice } from '../support/device.ts';
import { type AppFile, type LayeredImage, makeLayeredImage, noise } from '../support/layered-image.ts';
import { Relay } from '../support/relay.ts';
import { waitFor } from '../support/wait.ts';

/** 5,000 files of 20 KB that hardly compress: 100 MB. */
const fileCount = 5_000;
const fileBytes = 20_000;
/** 1 MB of them is other content in the next build. */
const changedFiles = 50;

/** Two builds of one application. */
function buildTwice(): readonly [Promise<LayeredImage>, Promise<LayeredImage>] {
  const fileOf = (index: number, age: 'old' | 'new'): AppFile => ({
    path: `app/file${index}`,
    content: noise(fileBytes, `${age} ${index}`),
  });
  const first = Array.from({ length: fileCount }, (_, index) => fileOf(index, 'old'));
  const second = first.map((file, index) => (index < changedFiles ? fileOf(index, 'new') : file));
  const build = (version: number, layer: readonly AppFile[], builtAt: string): Promise<LayeredImage> =>
    makeLayeredImage({ name: `eliot.test/app:${version}`, layers: [layer], builtAt: new Date(builtAt) });
  return [build(1, first, '2026-01-01'), build(2, second, '2026-02-02')];
}

/** Two files in two layers, of which the second is large enough to be cut off in the middle. */
function smallImage(name: string, seed: string, bytes = 6_000_000): Promise<LayeredImage> {
  return makeLayeredImage({
    name,
    layers: [[{ path: 'app/small', content: Buffer.from(seed) }], [{ path: 'app/large', content: noise(bytes, seed) }]],
    builtAt: new Date(0),
  });
}

interface Kubeconfig {
  readonly contexts: readonly { readonly name: string }[];
}

const md5 = (data: Buffer): string => createHash('md5').update(data).digest('hex');

describe('eli push', () => {
  let device: TestDevice;
  let relay: Relay;
  let kubeconfig: string;
  let builds: ReturnType<typeof buildTwice>;
  let pods = 0;

  const write = (name: string, archive: Buffer): string => {
    const path = join(device.directory, name);
    writeFileSync(path, archive);
    return path;
  };
  const push = (...args: string[]) => device.eli(['--kubeconfig', kubeconfig, 'push', ...args], { timeoutMs: 170_000 });
  const idOf = async (name: string): Promise<string> =>
    (await device.eliOk(['image', 'inspect', name, '-o', 'jsonpath={.status.id}'])).stdout;

  /** What files of the image are when a container reads them. */
  async function md5On(image: string, ...paths: readonly string[]): Promise<string[]> {
    pods += 1;
    const name = `reader-${pods}`;
    const containers = [{ name: 'main', image, imagePullPolicy: 'Never', command: ['md5sum', ...paths] }];
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { restartPolicy: 'Never', containers },
    });
    await device.waitForPhase(name, 'Succeeded');
    const { stdout } = await device.eliOk(['logs', name]);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 32));
  }

  before(async () => {
    const starting = TestDevice.start({ image: false });
    // Packed while the device starts.
    builds = buildTwice();
    device = await starting;
    relay = await Relay.start(device.port);
    kubeconfig = join(device.directory, 'relayed.kubeconfig');
    writeFileSync(kubeconfig, readFileSync(device.kubeconfig, 'utf8').replace(`:${device.port}`, `:${relay.port}`));
  });
  after(async () => {
    relay?.close();
    await device?.close();
  });

  it('moves at most 2 MB for 1 MB of new content among 5,000 files that all have new time stamps', async (t) => {
    const one = await push(write('one.tar', (await builds[0]).archive));
    assert.equal(one.exitCode, 0, one.stderr);
    assert.match(one.stdout, /^image\/eliot\.test\/app:1 pushed \(\d+MB of 10\dMB sent\)\n$/);
    const before = relay.sentBytes + relay.receivedBytes;
    const second = await builds[1];
    const two = await push(write('two.tar', second.archive));
    assert.equal(two.exitCode, 0, two.stderr);
    const moved = relay.sentBytes + relay.receivedBytes - before;
    t.diagnostic(`${moved} bytes on the wire, both ways`);
    assert.ok(moved <= 2_000_000, `${moved} bytes on the wire`);
    assert.equal(await idOf('eliot.test/app:2'), second.id);
    const looked = [0, changedFiles - 1, changedFiles, fileCount - 1];
    assert.deepEqual(
      await md5On('eliot.test/app:2', ...looked.map((index) => `/app/file${index}`)),
      looked.map((index) => md5(noise(fileBytes, index < changedFiles ? `new ${index}` : `old ${index}`))),
    );
  });

  it('sends nothing of an image that is there, whatever it is called', async () => {
    const { archive, id } = await smallImage('eliot.test/there:1', 'there');
    const path = write('there.tar', archive);
    assert.equal((await push(path)).exitCode, 0);
    const before = relay.sentBytes;
    const again = await push(path, 'eliot.test/other:2');
    assert.equal(again.stdout, 'image/eliot.test/other:2 pushed (all of it was there)\n');
    assert.ok(relay.sentBytes - before < 20_000, `${relay.sentBytes - before} bytes`);
    assert.equal(await idOf('eliot.test/other:2'), id);
  });

  it('knows what was pulled or loaded as well, once it was unpacked', async () => {
    const { archive } = await smallImage('eliot.test/loaded:1', 'loaded');
    await device.eliOk(['image', 'load', '-'], { input: archive });
    await md5On('eliot.test/loaded:1', '/app/large');
    const before = relay.sentBytes;
    const pushed = await push(write('loaded.tar', archive), 'eliot.test/loaded:2');
    assert.match(pushed.stdout, /all of it was there/);
    assert.ok(relay.sentBytes - before < 20_000);
  });

  it('goes on after cuts at any byte', async (t) => {
    const { archive, id } = await smallImage('eliot.test/cut:1', 'cut', 3_000_000);
    let random = 12_345;
    const next = (): number => {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      return 150_000 + (random % 600_000);
    };
    const before = relay.sentBytes;
    relay.cutAfterBytes = 3_000;
    relay.onCut = next;
    const pushed = await push(write('cut.tar', archive));
    relay.cutAfterBytes = undefined;
    relay.onCut = () => undefined;
    const moved = relay.sentBytes - before;
    t.diagnostic(`${relay.cuts} cuts, ${moved} bytes sent for ${archive.length}`);
    assert.equal(pushed.exitCode, 0, pushed.stderr);
    assert.ok(relay.cuts >= 4, `${relay.cuts} cuts`);
    assert.ok(moved < 1.6 * archive.length, `${moved} bytes sent for ${archive.length}`);
    assert.equal(await idOf('eliot.test/cut:1'), id);
    assert.deepEqual(await md5On('eliot.test/cut:1', '/app/large'), [md5(noise(3_000_000, 'cut'))]);
  });

  it('goes on when eliotd is killed at its beginning, in the middle, and when all has been sent', async () => {
    const { archive, id } = await smallImage('eliot.test/killed:1', 'killed', 12_000_000);
    const path = write('killed.tar', archive);
    const before = relay.sentBytes;
    const pushing = device.eliBackground(['--kubeconfig', kubeconfig, 'push', path]);
    const spool = join(device.dataDir, 'pushes');
    const phases = [
      () => existsSync(spool) && readdirSync(spool).length > 0,
      () => relay.sentBytes - before > 3_000_000,
      () => relay.sentBytes - before > 12_000_000,
    ];
    for (const isReached of phases) {
      await waitFor('a phase of the push', isReached, { intervalMs: 1 });
      await device.restartDaemon('SIGKILL');
    }
    assert.equal(await pushing.ended(60_000), 0, pushing.stderr);
    assert.ok(relay.sentBytes - before < 2 * archive.length, `${relay.sentBytes - before} bytes sent`);
    assert.equal(await idOf('eliot.test/killed:1'), id);
  });

  it('goes on when eli is killed at any point and called again; the image is there as a whole or not at all', async (t) => {
    const { archive, id } = await smallImage('eliot.test/again:1', 'again', 12_000_000);
    const path = write('again.tar', archive);
    const start = relay.sentBytes;
    for (const atBytes of [2_000, 300_000, 3_000_000, 6_000_000]) {
      const before = relay.sentBytes;
      const pushing = device.eliBackground(['--kubeconfig', kubeconfig, 'push', path]);
      await waitFor(`${atBytes} bytes`, () => relay.sentBytes - before > atBytes || pushing.child.exitCode !== null, {
        intervalMs: 1,
      });
      await pushing.stop('SIGKILL');
      const list = await device.eliOk(['image', 'list', '-o', 'name']);
      if (pushing.child.exitCode === null) assert.doesNotMatch(list.stdout, /again/);
    }
    const pushed = await push(path);
    assert.equal(pushed.exitCode, 0, pushed.stderr);
    t.diagnostic(`${relay.sentBytes - start} bytes sent for ${archive.length}`);
    assert.ok(relay.sentBytes - start < 1.7 * archive.length, `${relay.sentBytes - start} bytes sent`);
    assert.equal(await idOf('eliot.test/again:1'), id);
    assert.deepEqual(await md5On('eliot.test/again:1', '/app/large'), [md5(noise(12_000_000, 'again'))]);
  });

  it('reaches several devices at once, also when they are one', async () => {
    const { archive } = await smallImage('eliot.test/both:1', 'both', 1_000_000);
    const config = load(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
    const [context] = config.contexts;
    const current = context?.name ?? '';
    const both = join(device.directory, 'both.kubeconfig');
    writeFileSync(both, JSON.stringify({ ...config, contexts: [context, { ...context, name: 'twin' }] }));
    const pushed = await device.eli([
      '--kubeconfig',
      both,
      '--node',
      `${current},twin`,
      'push',
      write('both.tar', archive),
    ]);
    assert.equal(pushed.exitCode, 0, pushed.stderr);
    for (const node of [current, 'twin']) {
      assert.match(pushed.stdout, new RegExp(`^\\[${node}\\] image/eliot.test/both:1 pushed`, 'm'));
    }
    const stdin = await device.eli(['--kubeconfig', both, '--node', `${current},twin`, 'push', '-'], {
      input: archive,
    });
    assert.match(stdin.stderr, /an image on stdin goes to one device/);
  });

  it('for another processor is refused before anything is sent', async () => {
    const { archive } = await makeLayeredImage({
      name: 'eliot.test/foreign:1',
      layers: [[]],
      builtAt: new Date(0),
      architecture: 'riscv64',
    });
    const pushed = await push(write('foreign.tar', archive));
    assert.equal(pushed.exitCode, 1);
    assert.match(
      pushed.stderr,
      /has an image for linux\/riscv64, and the device needs linux\/(amd64|arm64)\n.*docker build/s,
    );
  });

  it('makes an image of a directory on top of another', async () => {
    const site = join(device.directory, 'site');
    mkdirSync(site, { recursive: true });
    writeFileSync(join(site, 'page'), 'hello from a directory\n');
    const base = write('base.tar', (await smallImage('eliot.test/base:1', 'base', 1_000)).archive);
    const pushed = await push(
      ...[
        'eliot.test/site:1',
        '--directory',
        site,
        '--base',
        base,
        '--to',
        '/srv',
        '--cmd',
        'cat /srv/page $WHO',
        '-e',
        'WHO=/app/small',
      ],
    );
    assert.equal(pushed.exitCode, 0, pushed.stderr);
    const containers = [{ name: 'main', image: 'eliot.test/site:1', imagePullPolicy: 'Never' }];
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'site' },
      spec: { restartPolicy: 'Never', containers },
    });
    await device.waitForPhase('site', 'Succeeded');
    assert.equal((await device.eliOk(['logs', 'site'])).stdout, 'hello from a directory\nbase');
  });

  it('comes before the manifests of apply --push, from an archive or from docker', async () => {
    const { archive } = await smallImage('eliot.test/wanted:1', 'wanted', 1_000);
    const path = write('wanted.tar', archive);
    const manifest = (name: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: `eliot.test/${name}:1`, command: ['true'] }],
        },
      });
    const applied = await device.eli(['apply', '-f', '-', `--push=${path}`], { input: manifest('wanted') });
    assert.match(applied.stdout, /^image\/eliot.test\/wanted:1 pushed \(.*\)\npod\/wanted created\n$/);
    await device.waitForPhase('wanted', 'Succeeded');
    const bin = join(device.directory, 'bin');
    mkdirSync(bin);
    const built = write('built.tar', (await smallImage('eliot.test/built:1', 'built', 1_000)).archive);
    writeFileSync(
      join(bin, 'docker'),
      `#!/bin/sh\n[ "$1 $2" = "save eliot.test/built:1" ] && exec cat ${built}\n[ "$1 $2 $5" = "image inspect eliot.test/built:1" ]\n`,
    );
    chmodSync(join(bin, 'docker'), 0o755);
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    const two = `${manifest('built')}\n---\n${manifest('wanted')}`;
    const again = await device.eli(['apply', '-f', '-', '--push'], { input: two, env });
    assert.match(
      again.stdout,
      /^image\/eliot.test\/built:1 pushed \(.*\)\npod\/built created\npod\/wanted unchanged\n$/,
      again.stderr,
    );
    await device.waitForPhase('built', 'Succeeded');
  });
});
