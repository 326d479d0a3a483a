/** `eli bundle create`, `inspect`, `verify` and `keygen`: all that happens on the laptop alone. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { makeTestArchive } from '../../testing/image-files.ts';

const pod = (name: string, image: string, policy?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image, ...(policy === undefined ? {} : { imagePullPolicy: policy }) }] },
});

describe('eli bundle', () => {
  let directory: string;
  const at = (name: string): string => join(directory, name);
  const bundle = (...args: string[]): Promise<EliResult> => eli(['bundle', ...args]);
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await bundle(...args);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  const create = (output: string, ...args: string[]): Promise<EliResult> =>
    bundle('create', '-f', at('app.json'), '-o', at(output), ...args);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-bundle-'));
    await writeFile(at('app.json'), JSON.stringify(pod('web', 'web:1', 'Always')));
    await writeFile(at('none.json'), JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }));
    await writeFile(at('amd64.tar'), await makeTestArchive({ name: 'web:1', contents: ['one', 'two'] }));
    await writeFile(at('arm64.tar.gz'), gzipSync(await makeTestArchive({ name: 'web:1', architecture: 'arm64' })));
    await ok('keygen', at('factory'));
    await ok('keygen', at('other'));
  });
  after(() => rm(directory, { recursive: true }));

  it('holds manifests that want just the images it holds', async () => {
    const created = await create('one.eliot', '--image-archive', at('amd64.tar'), '-t', 'shop:1.2.0');
    assert.match(
      created.stdout,
      /^bundle shop:1\.2\.0 for amd64 written to \S+one\.eliot \([\d.]+kB, 1 object, 1 image\)\nsha256:[0-9a-f]{64}\n$/,
    );
    const summary = JSON.parse(await ok('inspect', at('one.eliot'), '-o', 'json'));
    assert.equal(summary.images[0].name, 'docker.io/library/web:1');
    const manifests = await ok('inspect', at('one.eliot'), '--manifests');
    assert.match(manifests, new RegExp(`image: web:1@${summary.images[0].digest}\n`));
    assert.match(manifests, /imagePullPolicy: IfNotPresent/);
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.includes('parts')),
      [],
    );
  });

  it('is the same bytes each time', async () => {
    const args = ['--image-archive', at('arm64.tar.gz'), '--image-archive', at('amd64.tar'), '-t', 'shop:1'];
    await create('a.eliot', ...args);
    await create('b.eliot', ...args);
    assert.deepEqual(await readFile(at('a.eliot')), await readFile(at('b.eliot')));
  });

  it('is for every architecture that all images have, or for those that are asked for', async () => {
    const both = ['--image-archive', at('arm64.tar.gz'), '--image-archive', at('amd64.tar')];
    assert.match((await create('both.eliot', ...both)).stdout, /^bundle both:0 for amd64, arm64 /);
    assert.match(await ok('inspect', at('both.eliot')), /web:1 +amd64 \(\d+B\), arm64 \(\d+B\)\n/);
    assert.match((await create('arm.eliot', '--arch', 'aarch64', ...both)).stdout, /^bundle arm:0 for arm64 /);
    const lacking = await create('lacking.eliot', '--arch', 'arm64,amd64', '--image-archive', at('amd64.tar'));
    assert.match(lacking.stderr, /web:1 is not there for arm64, only for amd64\n.*--image-archive/);
    assert.equal(lacking.exitCode, 1);
    assert.equal((await readdir(directory)).includes('lacking.eliot'), false);
  });

  it('is an OCI layout', async () => {
    await create('layout.eliot', '--image-archive', at('amd64.tar'));
    const names = (await unpackTar(await readFile(at('layout.eliot')), { strict: true })).map(
      ({ header }) => header.name,
    );
    assert.deepEqual(names.slice(0, 2), ['oci-layout', 'index.json']);
    assert.ok(names.slice(2).every((name) => /^blobs\/sha256\/[0-9a-f]{64}$/.test(name)));
  });

  it('takes an OCI layout back in, with the digest of each layer kept', async () => {
    await create('first.eliot', '--image-archive', at('amd64.tar'), '-t', 'shop:1');
    await create('second.eliot', '--image-archive', at('first.eliot'), '-t', 'shop:1');
    assert.deepEqual(await readFile(at('second.eliot')), await readFile(at('first.eliot')));
  });

  it('is not made of a layer that is not what its image says', async () => {
    const archive = await makeTestArchive({ name: 'web:1', contents: ['the content of the layer'] });
    archive.write('THE', archive.indexOf('the content of the layer'));
    await writeFile(join(directory, 'changed.tar'), archive);
    const { exitCode, stderr } = await create('changed.eliot', '--image-archive', join(directory, 'changed.tar'));
    assert.match(stderr, /changed\.tar: 0\/layer\.tar is damaged: the layer is not what the image says\n/);
    assert.equal(exitCode, 1);
    assert.equal((await readdir(directory)).includes('changed.eliot'), false);
  });

  it('takes images from docker or podman, whichever has them', async () => {
    const programs = at('programs');
    await mkdir(programs);
    await writeFile(join(programs, 'docker'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    // As podman names what was built with it.
    await writeFile(at('podman.tar'), await makeTestArchive({ name: 'localhost/web:1' }));
    const script = `#!/bin/sh\ncase "$*" in "image inspect"*" web:1") ;; "save web:1") cat ${at('podman.tar')};; *) exit 1;; esac\n`;
    await writeFile(join(programs, 'podman'), script, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${programs}:${path}`;
    try {
      const { stdout, stderr } = await create('engine.eliot');
      assert.match(stdout, /^bundle engine:0 for amd64 /, stderr);
    } finally {
      process.env['PATH'] = path;
    }
    assert.match(await ok('inspect', at('engine.eliot')), /docker\.io\/library\/web:1 +amd64/);
  });

  it('needs no image when nothing wants one', async () => {
    const made = await bundle('create', '-f', at('none.json'), '-o', at('none.eliot'));
    assert.match(made.stdout, /^bundle none:0 for any architecture written to .* 1 object, 0 images\)/);
    assert.match(await ok('verify', at('none.eliot')), /^bundle none:0 is whole/);
  });

  it('is verified by the key that signed it, and by no other', async () => {
    await create('signed.eliot', '--image-archive', at('amd64.tar'), '--sign', at('factory.key'));
    const right = await ok('verify', at('signed.eliot'), '--key', at('other.pem'), '--key', at('factory.pem'));
    assert.match(right, /signature: by key "factory" \([0-9a-f]{64}\), right\n/);
    const wrong = await bundle('verify', at('signed.eliot'), '--key', at('other.pem'));
    assert.match(wrong.stderr, /signed\.eliot: bundle signed:0 is signed by another key, [0-9a-f]{64}\n/);
    assert.equal(wrong.exitCode, 1);
    await create('unsigned.eliot', '--image-archive', at('amd64.tar'));
    assert.match((await bundle('verify', at('unsigned.eliot'), '--key', at('other.pem'))).stderr, /is not signed/);
    assert.match(await ok('verify', at('unsigned.eliot')), /signature: not signed\n/);
  });

  it('is refused wherever a byte is wrong or the file ends', async () => {
    await create('whole.eliot', '--image-archive', at('amd64.tar'), '--sign', at('factory.key'));
    const whole = await readFile(at('whole.eliot'));
    const refused = async (data: Buffer, what: string): Promise<void> => {
      await writeFile(at('broken.eliot'), data);
      const { exitCode, stderr } = await bundle('verify', at('broken.eliot'), '--key', at('factory.pem'));
      assert.equal(exitCode, 1, what);
      assert.match(stderr, /^error: \S+broken\.eliot: /, what);
    };
    for (let position = 0; position < whole.length; position += 397) {
      const flipped = Buffer.from(whole);
      // Not the case of a letter: that of hex digits means nothing.
      flipped[position] = (flipped[position] ?? 0) ^ 0x81;
      await refused(flipped, `byte ${position} of ${whole.length}`);
      await refused(whole.subarray(0, position), `cut at ${position} of ${whole.length}`);
    }
  });

  it('says what is missing, and what to do', async () => {
    assert.match(
      (await create('x.eliot')).stderr,
      /neither an image archive, docker nor podman has docker\.io\/library\/web:1\n.*--image-archive/,
    );
    assert.match((await bundle('create', '-f', at('app.json'))).stderr, /must specify the file with -o/);
    assert.match((await create('x.eliot', '-t', 'Shop:1')).stderr, /"Shop" cannot be the name of a bundle/);
    assert.match((await create('x.eliot', '-t', 'shop:latest')).stderr, /"latest" is no version/);
    assert.match((await create('x.eliot', '--sign', at('none'))).stderr, /no such key\n.*keygen/);
    assert.match((await create('x.eliot', '--sign', at('factory.pem'))).stderr, /no private key of Ed25519/);
    assert.match(
      (await create('x.eliot', '--image-archive', at('app.json'))).stderr,
      /app\.json is no tar archive\n.*docker save/,
    );
    assert.match((await bundle('inspect', at('amd64.tar'))).stderr, /amd64\.tar: the bundle is none/);
    assert.match((await bundle('verify', at('missing'))).stderr, /missing: no such bundle/);
  });

  it('makes a pair of keys, and never writes over one', async () => {
    assert.equal((await stat(at('factory.key'))).mode & 0o777, 0o600);
    const again = await bundle('keygen', at('factory'));
    assert.match(again.stderr, /factory\.key is there already/);
    assert.equal(again.exitCode, 1);
  });
});
