import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

const original =
  'metadata:\n  name: old\nspec:\n  containers:\n    - name: a\n      image: busybox\n      args: [sh]\n';
const modern = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\n';

describe('eli convert', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-convert-'));
    await writeFile(join(directory, 'both.yml'), `${original}---\n${modern}`);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('prints each object in the form of today, and needs no device', async () => {
    const { exitCode, stdout, stderr } = await eli(['convert', '-f', join(directory, 'both.yml')]);
    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: old\nspec:\n  containers:\n  - command:\n    - sh\n    image: busybox\n    name: a\n---\n' +
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\n',
    );
    assert.match(stderr, /^note: \S+both\.yml is a manifest of the first Eliot; "eli convert -f /);
  });

  it('prints JSON that is one object, or a list of several', async () => {
    const list = JSON.parse((await eli(['convert', '-o', 'json', '-f', join(directory, 'both.yml')])).stdout);
    assert.deepEqual([list.kind, list.items.length], ['List', 2]);
    const one = JSON.parse((await eli(['convert', '-o', 'json', '-f', '-'], { stdin: modern })).stdout);
    assert.equal(one.kind, 'ConfigMap');
  });

  it('tells nothing of what is in the form of today', async () => {
    const { stdout, stderr } = await eli(['convert', '-f', '-'], { stdin: modern });
    assert.deepEqual([stdout, stderr], [modern, '']);
  });
});

describe('manifests that are created', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  const run = (args: readonly string[], stdin = '') =>
    eli(args, { env: { ELIOT_RUN_DIR: device.runDirectory }, stdin });

  it('come from a URL, and complaints name it with line and column', async () => {
    const wrong = modern.replace('metadata', 'metdata');
    const server = createServer((request, response) => response.end(request.url === '/good.yaml' ? modern : wrong));
    server.listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      assert.equal((await run(['create', '-f', `${base}/good.yaml`])).stdout, 'configmap/new created\n');
      const { exitCode, stderr } = await run(['create', '-f', `${base}/bad.yaml`]);
      assert.equal(exitCode, 1);
      assert.ok(stderr.startsWith(`error: ${base}/bad.yaml:1:1: metadata is missing`), stderr);
    } finally {
      server.close();
    }
  });

  it('say where a field stands that is unknown or invalid', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: A\n      image: i\n';
    const invalid = await run(['create', '-f', '-'], pod);
    assert.match(invalid.stderr, /STDIN:6:7: spec\.containers\[0\]\.name\n/);
    const unknown = await run(['apply', '-f', '-'], pod.replace('image', 'imag'));
    assert.match(
      unknown.stderr,
      /unknown field "spec\.containers\[0\]\.imag".*\n {2}STDIN:7:7: spec\.containers\[0\]\.imag\n/s,
    );
  });

  it('are translated when they are of the first Eliot, also to be applied and deleted', async () => {
    const applied = await run(['apply', '-f', '-'], original);
    assert.equal(applied.stdout, 'pod/old created\n');
    assert.match(applied.stderr, /STDIN is a manifest of the first Eliot/);
    assert.equal((await run(['delete', '--no-wait', '-f', '-'], original)).exitCode, 0);
  });

  it('are made of images alone', async () => {
    const { stdout } = await run([
      'create',
      'pod',
      '--image',
      'busybox',
      '--image',
      'team/app:1',
      'pair',
      '-o',
      'json',
    ]);
    const { spec } = JSON.parse(stdout) as {
      readonly spec: { readonly containers: readonly { readonly name: string }[] };
    };
    assert.deepEqual(
      spec.containers.map(({ name }) => name),
      ['library-busybox', 'team-app'],
    );
    assert.match((await run(['create', 'pod', 'x'])).stderr, /required flag\(s\) "image" not set/);
    assert.match(
      (await run(['create', 'pod', '--image', 'a', '--dry-run=client', 'y'])).stdout,
      /^pod\/y created \(dry run\)\n$/,
    );
  });
});
