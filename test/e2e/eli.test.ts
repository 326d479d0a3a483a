/** The command line on a real device; that it says what kubectl says is tested in same-as-kubectl.test.ts. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Background } from '../support/background.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

/** Manifests in the form of the first Eliot. */
const originals = join(import.meta.dirname, '../../examples/original');

describe('eli on a device', () => {
  let device: TestDevice;
  const eli = async (...args: string[]): Promise<string> => (await device.eliOk(args)).stdout;
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;

  before(async () => {
    device = await TestDevice.start();
    const manifest = join(device.directory, 'web.json');
    writeFileSync(manifest, JSON.stringify(shellPod('web', 'echo hello; exec sleep 3600')));
    assert.equal(await eli('create', '-f', manifest), 'pod/web created\n');
    await device.waitForPhase('web', 'Running');
  });
  after(() => device?.close());

  it('get -o json and yaml give the object that kubectl gives', async () => {
    const theirs = JSON.parse(await kubectl('get', 'pod', 'web', '-o', 'json')) as { metadata: { uid: string } };
    const ours = JSON.parse(await eli('get', 'pod', 'web', '-o', 'json')) as { metadata: { uid: string } };
    assert.equal(ours.metadata.uid, theirs.metadata.uid);
    assert.match(await eli('get', 'pod', 'web', '-o', 'yaml'), /\nkind: Pod\n/);
  });

  it('get -w follows', async () => {
    const watch = device.eliBackground(['get', 'pods', '-w']);
    try {
      await watch.prints(/web/);
      await device.create(shellPod('followed', 'true', { restartPolicy: 'Never' }));
      await watch.prints(/followed +0\/1 +Completed/);
    } finally {
      await watch.stop('SIGINT');
    }
  });

  it('describe tells what happened', async () => {
    const text = await eli('describe', 'pod', 'web');
    assert.match(text, /^Name: +web$/m);
    assert.match(text, /State: +Running/);
    assert.match(text, /Started/);
    assert.match(await eli('describe', 'node', 'device'), /containerd:\/\//);
  });

  it('apply creates, configures and leaves unchanged, as kubectl does and mixed with it', async () => {
    const input = (colour: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mixed\ndata:\n  colour: ${colour}\n`;
    const ours = async (colour: string): Promise<string> =>
      (await device.eliOk(['apply', '-f', '-'], { input: input(colour) })).stdout;
    assert.equal(await ours('red'), 'configmap/mixed created\n');
    assert.equal(await ours('red'), 'configmap/mixed unchanged\n');
    assert.equal(
      (await device.kubectlOk(['apply', '-f', '-'], { input: input('blue') })).stdout,
      'configmap/mixed configured\n',
    );
    assert.equal(await ours('green'), 'configmap/mixed configured\n');
    assert.equal(await kubectl('get', 'cm', 'mixed', '-o', 'jsonpath={.data.colour}'), 'green');
  });

  it('names file, line and column of a YAML error', async () => {
    const file = join(device.directory, 'bad.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: [web\n');
    const result = await device.eli(['apply', '-f', file]);
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /bad\.yaml:\d+:\d+/);
  });

  it('logs prints, exec passes stdin, arguments and the exit code', async () => {
    assert.equal(await eli('logs', 'web'), 'hello\n');
    const piped = await device.eliOk(['exec', '-i', 'web', '--', 'cat'], { input: 'a  b' });
    assert.equal(piped.stdout, 'a  b');
    const failed = await device.eli(['exec', 'web', '--', 'sh', '-c', 'echo "two  words"; exit 3']);
    assert.equal(failed.stdout, 'two  words\n');
    assert.equal(failed.exitCode, 3);
  });

  it('exec -it has a terminal', async () => {
    const terminal = new Background(
      'script',
      ['-qefc', `stty rows 40 cols 99; bin/eli exec -it web -- sh -c 'stty size; exit 4'`, '/dev/null'],
      device.clientEnv(),
    );
    assert.equal(await terminal.ended(), 4);
    assert.match(terminal.stdout, /40 99/);
  });

  it('create pod makes a pod of images', async () => {
    const { stdout } = await device.eliOk([
      'create',
      'pod',
      '--image',
      testImage,
      '--image',
      testImage,
      'pair',
      '-o',
      'json',
    ]);
    const { spec } = JSON.parse(stdout) as {
      readonly spec: { readonly containers: readonly { readonly name: string }[] };
    };
    assert.deepEqual(
      spec.containers.map(({ name }) => name),
      ['busybox', 'busybox-2'],
    );
    assert.equal((await device.eli(['create', 'pod', 'none'])).exitCode, 1);
    await device.eliOk(['delete', 'pod', 'pair', '--now']);
  });

  it('runs the manifests of the first Eliot, and says how they are read', async () => {
    await device.loadImage('docker.io/library/busybox:latest');
    const { stdout, stderr } = await device.eliOk(['create', '-f', originals]);
    assert.equal(stdout, 'pod/hello-world created\npod/mounts created\npod/pipe created\n');
    assert.match(stderr, /hello-world\.yml is a manifest of the first Eliot; "eli convert -f /);
    for (const name of ['hello-world', 'mounts', 'pipe']) await device.waitForPhase(name, 'Running');
    const prints = (args: string[], pattern: RegExp): Promise<unknown> =>
      waitFor(`${pattern}`, async () => pattern.test(await eli('logs', ...args)));
    await prints(['hello-world'], /^hello world\n/);
    await prints(['mounts'], new RegExp(`^${hostname()}\r?\nlog\r?\n`));
    await prints(['pipe', '-c', 'counter'], /^1: hello\n2: hello\n/);
    assert.match(await eli('describe', 'pod', 'pipe'), /^ +Pipe: +stdout to stdin of counter$/m);
    await device.eliOk(['delete', '-f', originals, '--now']);
    rmSync('/tmp/eliot-example-data', { recursive: true, force: true });
  });

  it('convert shows what they become, which apply takes', async () => {
    const converted = await eli('convert', '-f', join(originals, 'pipe.yml'));
    assert.match(
      converted,
      /^apiVersion: v1\nkind: Pod\nmetadata:\n {2}annotations:\n {4}eliot\.run\/pipe\.talker: counter\n/,
    );
    const applied = await device.eliOk(['apply', '--dry-run=server', '-f', '-'], { input: converted });
    assert.deepEqual([applied.stdout, applied.stderr], ['pod/pipe created (server dry run)\n', '']);
  });

  it('says where in the file a field stands that the device refuses', async () => {
    const manifest = join(device.directory, 'wrong.yaml');
    const head = 'apiVersion: v1\nkind: Pod\nmetadata: {name: wrong}\nspec:\n  containers:\n';
    writeFileSync(manifest, `${head}    - {name: a, image: i, comand: [sh]}\n`);
    const unknown = await device.eli(['create', '-f', manifest]);
    assert.match(
      unknown.stderr,
      /unknown field "spec\.containers\[0\]\.comand"\n {2}\S+wrong\.yaml:6:27: spec\.containers/,
    );
    writeFileSync(manifest, `${head}    - name: A\n      image: i\n`);
    const invalid = await device.eli(['apply', '-f', manifest]);
    assert.match(invalid.stderr, /wrong\.yaml:6:7: spec\.containers\[0\]\.name/);
  });

  it('attach -it is at the terminal of the container, and its keys leave it running', async () => {
    const containers = [{ name: 'main', image: testImage, command: ['sh'], stdin: true, tty: true }];
    await device.create(shellPod('shell', '', { containers }));
    await device.waitForPhase('shell', 'Running');
    for (const answer of [12, 20]) {
      const terminal = new Background('script', ['-qefc', 'bin/eli attach -it shell', '/dev/null'], device.clientEnv());
      await terminal.prints(/try pressing enter/);
      terminal.child.stdin?.write(`echo is $((${answer} * 2))\n`);
      await terminal.prints(new RegExp(`is ${answer * 2}`));
      terminal.child.stdin?.write('\x10\x11');
      assert.equal(await terminal.ended(), 0);
      assert.match(terminal.stdout, /Session ended, resume using 'eli attach shell -c main -n default -i -t' command/);
    }
  });

  it('delete removes, and refuses to guess without a name', async () => {
    await device.create(shellPod('removed', 'sleep 3600'));
    assert.equal(await eli('delete', 'pod', 'removed', '--now'), 'pod "removed" deleted from default namespace\n');
    const result = await device.eli(['delete', 'pods']);
    assert.notEqual(result.exitCode, 0);
    assert.match(result.stderr, /--all/);
  });

  it('says what is missing, on which device', async () => {
    const result = await device.eli(['get', 'pod', 'nope']);
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /Error from server \(NotFound\): pods "nope" not found/);
  });

  it('version says both versions', async () => {
    const text = await eli('version');
    assert.match(text, /Client Version: +v?0\.1\.0/);
    assert.match(text, /Server Version: +v1\.35\.\d+.*eliot/i);
  });

  it('never touches a cluster that is not Eliot', async () => {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"major":"1","minor":"35","gitVersion":"v1.35.2"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const kubeconfig = join(device.directory, 'production.kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'p', cluster: { server: `http://127.0.0.1:${port}` } }],
        users: [{ name: 'p', user: {} }],
        contexts: [{ name: 'p', context: { cluster: 'p', user: 'p' } }],
        'current-context': 'p',
      }),
    );
    try {
      const result = await device.eli(['delete', 'pods', '--all'], { env: { KUBECONFIG: kubeconfig } });
      assert.equal(result.exitCode, 1);
      assert.match(result.stderr, /not.*Eliot/i);
    } finally {
      server.close();
    }
  });

  it('reaches the device by its unix socket when nothing else is said', async () => {
    const result = await device.eliOk(['get', 'nodes', '-o', 'name'], {
      env: { KUBECONFIG: '', ELIOT_RUN_DIR: device.runDir },
    });
    assert.equal(result.stdout, 'node/device\n');
  });
});
