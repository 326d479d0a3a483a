/** What the Debian packages hold. Installing, upgrading and removing them is test/packages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runOk } from '../support/command.ts';
import { BuiltPackages, whyNoPackages } from '../support/packages/built-packages.ts';

const root = join(import.meta.dirname, '../..');
const version = '1.2.3';
const names = ['eliot-runtime', 'eliot-cli', 'eliot'] as const;

describe('the Debian packages', { skip: await whyNoPackages() }, () => {
  const packages = new BuiltPackages();
  const tree = join(packages.directory, 'tree');
  before(async () => {
    await packages.build(version);
    for (const name of names) await runOk('dpkg-deb', ['--extract', packages.file(name), tree]);
  });
  after(() => packages.remove());

  const fields = async (name: string): Promise<Readonly<Record<string, string>>> => {
    const { stdout } = await runOk('dpkg-deb', ['--field', packages.file(name)]);
    return Object.fromEntries([...stdout.matchAll(/^(\S+): (.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
  };
  const filesOf = async (name: string): Promise<string[]> => {
    const { stdout } = await runOk('dpkg-deb', ['--contents', packages.file(name)]);
    const lines = stdout.split('\n').filter((line) => line.startsWith('-'));
    assert.deepEqual(
      lines.filter((line) => !/^-rw(x|-)r-\1r-\1 root\/root /.test(line)),
      [],
      'root owns every file, and all may read it',
    );
    return lines.map((line) => line.replace(/.* \.\//, ''));
  };

  it('are what lintian takes without an error or a warning', async () => {
    const files = names.map((name) => packages.file(name));
    await runOk('lintian', ['--allow-root', '--fail-on', 'error,warning', ...files], { timeoutMs: 120_000 });
  });

  it('bring eli, eliotd and one Node for both', async () => {
    const isBundle = (path: string): boolean =>
      /\/dist\/(eli[a-z-]*\.(cjs|cache)|eliotd-[\w-]+\.js|openapi\/.*)$/.test(path);
    const outside = async (name: string): Promise<string[]> =>
      (await filesOf(name)).filter((path) => !isBundle(path) && !path.startsWith('usr/share/doc/'));
    assert.deepEqual(await outside('eliot-runtime'), [
      'usr/lib/eliot/node',
      'usr/share/lintian/overrides/eliot-runtime',
    ]);
    assert.deepEqual((await outside('eliot-cli')).sort(), [
      'usr/bin/eli',
      'usr/share/bash-completion/completions/eli',
      'usr/share/fish/vendor_completions.d/eli.fish',
      'usr/share/man/man1/eli.1.gz',
      'usr/share/zsh/vendor-completions/_eli',
    ]);
    assert.deepEqual((await outside('eliot')).sort(), [
      'etc/eliot/eliotd.yaml',
      'usr/lib/eliot/assets/hold/hold-amd64',
      'usr/lib/eliot/assets/pause/pause-amd64',
      'usr/lib/eliot/dist/eliot-bundle.js',
      'usr/lib/eliot/dist/eliot-certificates.js',
      'usr/lib/eliot/dist/eliot-images.js',
      'usr/lib/eliot/dist/eliot-sync.js',
      'usr/lib/eliot/dist/eliotd.js',
      'usr/lib/eliot/dist/package.json',
      'usr/lib/systemd/system/eliotd.service',
      'usr/sbin/eliotd',
      'usr/share/lintian/overrides/eliot',
      'usr/share/man/man8/eliotd.8.gz',
    ]);
    for (const name of names) {
      assert.deepEqual((await filesOf(name)).filter((path) => path.startsWith('usr/share/doc/')).sort(), [
        `usr/share/doc/${name}/changelog.gz`,
        `usr/share/doc/${name}/copyright`,
      ]);
    }
  });

  it('need exactly the version of each other that they were built with', async () => {
    const node = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node as string;
    assert.equal((await fields('eliot-runtime'))['Version'], node);
    assert.equal((await fields('eliot-cli'))['Depends'], `eliot-runtime (= ${node})`);
    const { Depends: depends = '', Version: own } = await fields('eliot');
    assert.equal(own, version);
    for (const needed of [`eliot-cli (= ${version})`, `eliot-runtime (= ${node})`, 'containerd', 'runc', 'iptables'])
      assert.ok(depends.includes(needed), `${needed} is not in ${depends}`);
  });

  it('ask for the libraries that this Node is linked against', async () => {
    const { stdout } = await runOk('readelf', ['--version-info', join(tree, 'usr/lib/eliot/node')]);
    const newest = (name: string): string =>
      [...stdout.matchAll(new RegExp(`Name: ${name}_([0-9.]+)`, 'g'))]
        .map(([, number = '']) => number)
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .at(-1) ?? '';
    // GLIBCXX 3.4.21 came with GCC 5.
    assert.deepEqual([newest('GLIBC'), newest('GLIBCXX')], ['2.28', '3.4.21']);
    assert.match((await fields('eliot-runtime'))['Depends'] ?? '', /libc6 \(>= 2\.28\).*libstdc\+\+6 \(>= 5\)/);
  });

  it('start eli and eliotd as a checkout does, but for where they are', () => {
    for (const [name, path] of [
      ['eli', 'usr/bin/eli'],
      ['eliotd', 'usr/sbin/eliotd'],
    ] as const) {
      const start = (file: string): string => readFileSync(file, 'utf8').split('\nexec ')[1] ?? '';
      assert.ok(start(join(root, 'bin', name)).includes('--use-openssl-ca'));
      assert.equal(start(join(tree, path)), start(join(root, 'bin', name)));
    }
  });

  it('run without their checkout, eli from the code that this very Node has made', async () => {
    const node = join(tree, 'usr/lib/eliot/node');
    const dist = join(tree, 'usr/lib/eliot/dist');
    assert.match((await runOk(node, [join(dist, 'eliotd.js'), '--version'], { cwd: '/' })).stdout, /^eliotd \d/);
    assert.match((await runOk(node, [join(dist, 'eli.cjs'), 'version', '--client'], { cwd: '/' })).stdout, /^Client V/);
    assert.equal(await packages.takesKeptCode([node], dist), 'x64');
  });

  it('have manual pages that name every command and every setting', async () => {
    const page = async (path: string): Promise<string> =>
      (await runOk('gzip', ['-dc', join(tree, path)])).stdout.replaceAll('\\-', '-');
    const eli = await page('usr/share/man/man1/eli.1.gz');
    for (const verb of ['get', 'apply', 'exec', 'image load', 'rollout status'])
      assert.match(eli, new RegExp(`eli ${verb} `));
    const eliotd = await page('usr/share/man/man8/eliotd.8.gz');
    for (const word of ['--data-dir DIR', 'eliotd stop', 'staticPodPath', '/etc/eliot/eliotd.yaml'])
      assert.ok(eliotd.includes(word), `${word} is not in eliotd(8)`);
  });

  it('name the licences of Node and of every library in the bundles', () => {
    const copyright = (name: string): string => readFileSync(join(tree, `usr/share/doc/${name}/copyright`), 'utf8');
    assert.match(copyright('eliot-runtime'), /Node\.js is licensed for use as follows/);
    assert.match(copyright('eliot-cli'), /^commander \d/m);
    for (const library of ['pino', 'valibot', 'js-yaml', '@bufbuild/protobuf'])
      assert.match(copyright('eliot'), new RegExp(`^${library} \\d`, 'm'));
  });
});
