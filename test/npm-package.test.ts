/** What `npm pack` gives: eli, ready to run with the Node that a user has. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LocalDevice } from '../src/testing/local-device.ts';
import { startTestPod } from '../src/testing/test-pods.ts';
import { type CommandResult, run, runOk } from './support/command.ts';

const root = join(import.meta.dirname, '..');
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;

/** Without this checkout's own: where the machine has a Node, it is the one that runs eli. */
const usersPath = (process.env['PATH'] ?? '').split(':').filter((directory) => !directory.includes('node_modules'));

describe('the npm package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-npm-'));
  // The one that runs this test comes last, for a machine with no other.
  const env = { PATH: [...usersPath, join(root, 'node_modules/.bin')].join(':'), HOME: directory };
  let device: LocalDevice;
  let packed: {
    readonly size: number;
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  };

  before(async () => {
    device = await LocalDevice.start();
    // What is built already is taken as it is.
    const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
    [packed] = JSON.parse((await runOk('npm', pack, { cwd: root })).stdout) as [typeof packed];
    const install = ['install', '--global', '--offline', '--prefix', directory, join(directory, packed.filename)];
    await runOk('npm', install, { cwd: directory, env });
  });
  after(async () => {
    rmSync(directory, { recursive: true, force: true });
    await device?.close();
  });

  const eli = (...args: string[]): Promise<CommandResult> =>
    run(join(directory, 'bin/eli'), ['--kubeconfig', device.kubeconfig, ...args], { cwd: directory, env });

  it('holds eli, licences and nothing else, in less than half a megabyte', () => {
    const names = packed.files.map(({ path }) => path).filter((path) => !/^dist\/eli-[a-z-]+\.cjs$/.test(path));
    assert.deepEqual(names.sort(), ['LICENSE', 'README.md', 'dist/eli.NOTICES.txt', 'dist/eli.cjs', 'package.json']);
    assert.ok(packed.size < 500_000, `it has ${packed.size} bytes`);
  });

  it('brings no packages along, since the bundles have them', () => {
    const add = 'add packages with npm install --save-dev --save-exact: bundles hold what they need of them';
    assert.equal(packageJson['dependencies'], undefined, add);
  });

  it('names what it is made of, each with its licence', () => {
    const notices = readFileSync(join(directory, 'lib/node_modules/eliot/dist/eli.NOTICES.txt'), 'utf8');
    const titles = [...notices.matchAll(/^(\S+) [0-9.]+ \((.+)\)\n\n(?:.+\n|\n){3}/gm)].map(([, name]) => name);
    for (const name of ['commander', 'js-yaml', 'modern-tar', 'ws', 'yaml']) assert.ok(titles.includes(name), name);
  });

  it('uses nothing by name that Node 20 lacks', () => {
    const newer =
      /\bRegExp\.escape\(|\b(?:Object|Map)\.groupBy\(|\bArray\.fromAsync\(|\bPromise\.try\(|\bIterator\.|\.(?:union|intersection|(?:symmetricD|d)ifference|is(?:Sub|Super)setOf|isDisjointFrom)\(|\.(?:keys|values|entries)\(\)\.(?:map|filter|take|drop|toArray|some|every|find|flatMap|forEach|reduce)\(|\.(?:toBase64|toHex)\(/;
    const used = packed.files
      .filter(({ path }) => path.endsWith('.cjs'))
      .flatMap(({ path }) => newer.exec(readFileSync(join(directory, 'lib/node_modules/eliot', path), 'utf8')) ?? []);
    assert.deepEqual(used, [], 'eli runs with the Node of Debian 13 and Raspberry Pi OS (docs/adr/0043)');
  });

  it('runs without a build', async () => {
    const { stdout, stderr } = await eli('version', '--client');
    assert.deepEqual([stdout, stderr], [`Client Version: v${packageJson['version']}\n`, '']);
  });

  it('speaks with a device over TLS, reads YAML and opens streams', async () => {
    await startTestPod(device.client, { name: 'web' });
    assert.match((await eli('get', 'pods')).stdout, /^web +/m);
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  a: |\n    b\n';
    writeFileSync(join(directory, 'settings.yaml'), manifest);
    assert.equal((await eli('apply', '-f', 'settings.yaml')).stdout, 'configmap/settings created\n');
    device.streams.exec = async () => ({ exitCode: 3 });
    assert.equal((await eli('exec', 'web', '--', 'false')).exitCode, 3);
  });

  it('says what it cannot read from the web, and trusts nobody for it', async () => {
    const { exitCode, stderr } = await eli('apply', '-f', `${device.server}/pod.yaml`);
    assert.equal(exitCode, 1);
    assert.match(stderr, /unable to read URL "https:.*": .*certificate/);
  });
});
