/** What `eli up` would do in a directory, and the file that says it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('eli up in a directory', () => {
  let device: LocalDevice;
  let root: string;
  let directory: string;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'eliot-up-'));
    directory = join(root, 'My Meter');
    await mkdir(directory);
  });
  afterEach(() => rm(root, { recursive: true }));

  const write = (files: Readonly<Record<string, string>>): Promise<unknown> =>
    Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
  const up = (...args: readonly string[]): Promise<EliResult> =>
    eli(['up', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory, USER: 'ada', HERE: 'yes' }, directory });
  const podOf = async (...args: readonly string[]): Promise<Pod> => {
    const { exitCode, stdout, stderr } = await up('--dry-run', '-o', 'json', ...args);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as Pod;
  };

  it('makes a pod of what lies there, called as the directory', async () => {
    await write({ 'main.py': '' });
    const { metadata, spec } = await podOf();
    assert.equal(metadata.name, 'my-meter');
    assert.match(metadata.annotations?.['eliot.run/owner'] ?? '', /^ada@/);
    assert.equal(spec.containers[0]?.image, 'docker.io/library/python:latest');
    assert.deepEqual(spec.containers[0]?.command, ['python3', 'main.py']);
    assert.equal(spec.containers[0]?.workingDir, '/volume');
  });

  it('does what .eliot.yml says, and what the flags say before that', async () => {
    await write({
      'main.py': '',
      '.eliot.yml': 'name: meter\nenv: [A=1, HERE]\nports: [80]\nsyncs: [.:/app]\nimage: a:1\n',
    });
    const { metadata, spec } = await podOf(
      '--image',
      'b:2',
      '-e',
      'C=3',
      '-p',
      '3000:80',
      '--memory',
      '64m',
      '--',
      'go',
      '-x',
    );
    const [container] = spec.containers;
    assert.equal(metadata.name, 'meter');
    assert.equal(container?.image, 'b:2');
    assert.deepEqual(container?.command, ['go', '-x']);
    assert.equal(container?.workingDir, '/app');
    assert.deepEqual(
      container?.env?.map(({ name, value }) => `${name}=${value}`),
      ['A=1', 'HERE=yes', 'C=3'],
    );
    assert.deepEqual(container?.resources?.limits, { memory: '64Mi' });
  });

  it('lets the device check the pod with --dry-run=server, and makes none', async () => {
    await write({ 'main.py': '' });
    const { exitCode, stdout } = await up('--dry-run=server');
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'pod/my-meter created (server dry run)\n' });
    await write({ '.eliot.yml': 'resources: { limits: { cpu: 1 }, requests: { cpu: 2 } }\n' });
    const refused = await up('--dry-run=server');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /must be less than or equal to cpu limit/);
    assert.deepEqual((await device.client.list(pods)).items, []);
  });

  it('takes another directory', async () => {
    await write({ 'a.py': '' });
    const { exitCode, stdout } = await eli(['up', '--directory', 'My Meter', '--dry-run'], {
      env: { ELIOT_RUN_DIR: device.runDirectory },
      directory: root,
    });
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'pod/my-meter created (dry run)\n' });
  });

  for (const [what, files, args, complaint] of [
    ['nothing that is known', {}, [], /nobody can tell which image runs .*My Meter\n {2}known are package\.json/],
    ['no program', { 'package.json': '{}' }, [], /package\.json does not say what is to be run\n {2}say it after/],
    ['a broken .eliot.yml', { '.eliot.yml': 'a: 1\n' }, [], /error: \.eliot\.yml:1:1: a is not known/],
    ['a sync of nothing', { 'a.py': '' }, ['--sync', 'nope:/a'], /nope is to be synced, and is no directory/],
    [
      'one place twice',
      { 'a.py': '' },
      ['--sync', '.:/a', '--sync', '.:/a/'],
      /two directories are to be synced to \/a/,
    ],
    ['a device that is not offered', { 'a.py': '' }, ['--device', '/dev/x'], /device \/dev\/x is none of those/],
    ['a lease that is too short', { 'a.py': '' }, ['--lease', '1s'], /invalid --lease "1s"\n {2}at least 3s/],
    ['a relative directory', { 'a.py': '' }, ['-w', 'a'], /invalid --workdir "a"/],
    ['a bad name', { 'a.py': '' }, ['--name', 'A_b'], /invalid name "A_b"/],
    ['no such directory', {}, ['--directory', 'nope'], /nope is no directory/],
    ['a bad network', { 'a.py': '' }, ['--network', 'x'], /invalid --network "x"/],
    ['a bad pull policy', { 'a.py': '' }, ['--image-pull', 'x'], /invalid --image-pull "x"/],
    ['a bad stop timeout', { 'a.py': '' }, ['--stop-timeout', 'x'], /invalid --stop-timeout "x"/],
    ['no file of variables', { 'a.py': '' }, ['--env-file', 'x'], /cannot read --env-file x/],
  ] as const) {
    it(`refuses ${what}, and says what to do`, async () => {
      await write(files);
      const { exitCode, stderr } = await up('--dry-run', ...args);
      assert.equal(exitCode, 1);
      assert.match(stderr, complaint);
    });
  }

  it('says where the flags of the command go', async () => {
    const { exitCode, stderr } = await up('--nope');
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /unknown option '--nope'[\s\S]*\n {2}flags of the command itself go after two dashes: eli up -- COMMAND\n/,
    );
  });

  it('writes .eliot.yml, never over one that is there, and then does what it says', async () => {
    await write({ 'main.py': '' });
    const before = (await podOf()).spec;
    const path = join(directory, '.eliot.yml');
    assert.equal((await up('--init')).stdout, `${path} written\n`);
    assert.deepEqual((await podOf()).spec, before);
    const text = await readFile(path, 'utf8');
    const again = await up('--init', '--image', 'other');
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /\.eliot\.yml is there already/);
    assert.equal(await readFile(path, 'utf8'), text);
  });
});
