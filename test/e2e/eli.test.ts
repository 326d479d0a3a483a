/** The command line on a real device: same words, same output, same exit codes as kubectl. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Background } from '../support/background.ts';
import { shellPod, TestDevice } from '../support/device.ts';

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

  for (const args of [
    ['get', 'pods'],
    ['get', 'pods', '-o', 'wide'],
    ['get', 'pods', '-A'],
    ['get', 'pod', 'web', '-o', 'name'],
    ['get', 'pod', 'web', '-o', 'jsonpath={.spec.containers[*].image}'],
    ['get', 'nodes'],
    ['get', 'namespaces'],
    ['get', 'configmaps', '-A'],
  ]) {
    it(`${args.join(' ')} prints what kubectl prints`, async () => {
      const ages = (text: string): string => text.replace(/\b\d+(s|m\d*s?|ms)\b/g, 'AGE').replace(/ +/g, ' ');
      assert.equal(ages(await eli(...args)), ages(await kubectl(...args)));
    });
  }

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

  it('label and annotate do and print what kubectl does and prints', async () => {
    for (const name of ['ours', 'theirs']) await kubectl('create', 'configmap', name);
    for (const args of [
      ['label', 'cm', 'NAME', 'a=1'],
      ['label', 'cm', 'NAME', 'a=1'],
      ['label', 'cm', 'NAME', 'a=2', '--overwrite'],
      ['label', 'cm/NAME', 'nope-', 'a-'],
      ['label', 'cm', 'NAME', 'b=1', '--dry-run=server'],
      ['label', 'cm', 'NAME', 'b=1', '-o', 'name'],
      ['label', 'cm', 'NAME', '--list'],
      ['annotate', 'cm', 'NAME', 'note=on the roof'],
      ['annotate', 'cm', 'NAME', 'note-', 'other=x'],
      ['annotate', 'cm', 'NAME', '--list'],
    ]) {
      const on = (name: string): string[] => args.map((arg) => arg.replace('NAME', name));
      const ours = (await eli(...on('ours'))).replaceAll('ours', 'NAME');
      assert.equal(ours, (await kubectl(...on('theirs'))).replaceAll('theirs', 'NAME'), args.join(' '));
    }
  });

  it('scale does and prints what kubectl does and prints', async () => {
    await kubectl('create', 'deployment', 'scaled', '--image=eliot.test/none:1', '--replicas=0');
    for (const args of [
      ['scale', 'deployment', 'scaled', '--replicas=0', '--timeout=30s'],
      ['scale', 'deploy/scaled', '--replicas=1', '--dry-run=server'],
      ['scale', 'deploy/scaled', '--current-replicas=0', '--replicas=0', '-o', 'name'],
    ]) {
      assert.equal(await eli(...args), await kubectl(...args), args.join(' '));
    }
  });

  it('rollout pauses, resumes and restarts as kubectl does', async () => {
    await kubectl('create', 'deployment', 'rolled', '--image=eliot.test/none:1', '--replicas=0');
    for (const verb of ['pause', 'resume', 'restart']) {
      assert.equal(await eli('rollout', verb, 'deploy/rolled'), `deployment.apps/rolled ${verb.replace(/e$/, '')}ed\n`);
    }
    const status = ['rollout', 'status', 'deploy/rolled', '--timeout=30s'];
    assert.match(await eli(...status), /deployment "rolled" successfully rolled out\n$/);
    assert.equal(await eli(...status), await kubectl(...status));
    assert.equal(await kubectl('rollout', 'pause', 'deploy/rolled'), 'deployment.apps/rolled paused\n');
    const theirs = await device.kubectl(['rollout', 'restart', 'deploy/rolled']);
    const ours = await device.eli(['rollout', 'restart', 'deploy/rolled']);
    assert.deepEqual([ours.exitCode, ours.stderr], [theirs.exitCode, theirs.stderr]);
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
