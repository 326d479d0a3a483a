/** Which device is chosen, what is said when there is none, and what holds for every verb. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eliotProtocol } from '../api/eliot-protocol.ts';
import { findKindByName } from '../api/scheme.ts';
import { type EliResult, eli } from '../testing/eli-runner.ts';
import { LocalDevice } from '../testing/local-device.ts';
import { startTestPod } from '../testing/test-pods.ts';
import { builtinResources } from './resources/builtin-resources.ts';

describe('the device that a command works on', () => {
  let device: LocalDevice;
  let nowhere: Record<string, string>;
  before(async () => {
    device = await LocalDevice.start();
    nowhere = { ELIOT_RUN_DIR: join(device.directory, 'nowhere') };
    await startTestPod(device.client, { name: 'web' });
  });
  after(() => device.close());

  const nodes = (args: readonly string[], env: Record<string, string>): Promise<EliResult> =>
    eli([...args, 'get', 'nodes', '-o', 'name'], { env });
  const works = async (args: readonly string[], env: Record<string, string>): Promise<void> =>
    assert.deepEqual(await nodes(args, env), { exitCode: 0, stdout: 'node/device\n', stderr: '' });
  const fails = async (args: readonly string[], env: Record<string, string>, says: RegExp): Promise<void> => {
    const { exitCode, stdout, stderr } = await nodes(args, env);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, says);
  };

  it('is the one of --kubeconfig, before or after the verb', async () => {
    await works(['--kubeconfig', device.kubeconfig], nowhere);
    const after = await eli(['get', 'nodes', '-o', 'name', `--kubeconfig=${device.kubeconfig}`], { env: nowhere });
    assert.equal(after.stdout, 'node/device\n');
  });

  it('is the one of KUBECONFIG, and --kubeconfig is stronger', async () => {
    await works([], { ...nowhere, KUBECONFIG: device.kubeconfig });
    await works(['--kubeconfig', device.kubeconfig], { KUBECONFIG: '/nonexistent' });
    await fails(
      [],
      { ELIOT_RUN_DIR: device.runDirectory, KUBECONFIG: '/nonexistent' },
      /no such kubeconfig file: \/nonexistent/,
    );
  });

  it('is the one that runs here, when nothing else is named', () => works([], { ELIOT_RUN_DIR: device.runDirectory }));

  it('is the one that --node or ELI_NODE names, wherever it is found', async () => {
    await works(['--node', 'device'], { ELIOT_RUN_DIR: device.runDirectory });
    await works([], { ELIOT_RUN_DIR: device.runDirectory, ELI_NODE: 'device' });
    await works(['--node', 'device', '--kubeconfig', device.kubeconfig], nowhere);
    // The name of a context does as well.
    await works(['--node', 'eliot', '--kubeconfig', device.kubeconfig], nowhere);
    await works(['--node', 'device'], { ELIOT_RUN_DIR: device.runDirectory, ELI_NODE: 'other' });
  });

  it('is never another one than --node says', async () => {
    await fails(['--node', 'other'], { ELIOT_RUN_DIR: device.runDirectory }, /no device named "other" found/);
    await fails(['--node', 'other', '--kubeconfig', device.kubeconfig], nowhere, /no device named "other" found/);
    await fails(
      ['--node', 'other'],
      nowhere,
      /no device named "other" found: it is not among the paired devices \(none\)/,
    );
  });

  it('may be a context of the kubeconfig', async () => {
    await works(['--kubeconfig', device.kubeconfig, '--context', 'eliot'], nowhere);
    await fails(
      ['--kubeconfig', device.kubeconfig, '--context', 'x'],
      nowhere,
      /no context named "x" \(there is: eliot\)/,
    );
    await fails(['--context', 'x'], nowhere, /--context needs a kubeconfig/);
  });

  it('is nowhere: says what was looked at and what to do', async () => {
    const { exitCode, stdout, stderr } = await eli(['get', 'pods'], { env: nowhere });
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(
      stderr,
      /^error: no device found: .*KUBECONFIG is not set.*\n {2}pair with one: +eli pair .*\n {2}or name yours: .*\n {2}or start one: +eliotd/,
    );
  });

  it('does not answer: says where and what to do', async () => {
    const text = JSON.stringify({
      kind: 'Config',
      clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
      contexts: [{ name: 'a', context: { cluster: 'a' } }],
      'current-context': 'a',
    });
    const file = await device.write('dead.kubeconfig', text);
    await fails(
      ['--kubeconfig', file],
      {},
      /^error: cannot reach https:\/\/127\.0\.0\.1:1: connection refused - is eliotd running/,
    );
  });

  it('is never a cluster that is not Eliot', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('{"major":"1","minor":"35","gitVersion":"v1.35.2"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const file = await device.write(
      'production.kubeconfig',
      `kind: Config
clusters: [{name: p, cluster: {server: "http://127.0.0.1:${port}"}}]
contexts: [{name: p, context: {cluster: p}}]
current-context: p
`,
    );
    for (const args of [
      ['delete', 'pods', '--all'],
      ['get', 'pods'],
      ['apply', '-f', await device.write('x.json', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}')],
    ]) {
      const { exitCode, stderr } = await eli([...args, '--kubeconfig', file]);
      assert.equal(exitCode, 1);
      assert.match(stderr, /is not Eliot but Kubernetes v1\.35\.2: eli never changes somebody's production cluster/);
    }
    assert.deepEqual([...new Set(asked)], ['GET /version']);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  for (const { what, protocols, version, asked, exitCode } of [
    { what: 'says so in the handshake', protocols: [eliotProtocol], version: 'v1.35.2', asked: [], exitCode: 0 },
    {
      what: 'says so only when asked',
      protocols: ['http/1.1'],
      version: 'v1.35.0+eliot',
      asked: ['/version'],
      exitCode: 0,
    },
    { what: 'says otherwise', protocols: ['h2', 'http/1.1'], version: 'v1.35.2', asked: ['/version'], exitCode: 1 },
  ]) {
    it(`is one that ${what}: exit code ${exitCode}`, async () => {
      const paths: string[] = [];
      const server = createHttpsServer(
        { ...device.pki.server, ALPNProtocols: protocols },
        ({ method, url }, response) => {
          if (method !== 'GET' || url === '/version') paths.push(url ?? '');
          response.end(JSON.stringify(url === '/version' ? { gitVersion: version } : { kind: 'Table' }));
        },
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const text = (await readFile(device.kubeconfig, 'utf8')).replace(device.server, `https://127.0.0.1:${port}`);
      const file = await device.write('other.kubeconfig', text);
      assert.equal((await eli(['get', 'pods', '--kubeconfig', file])).exitCode, exitCode);
      assert.deepEqual(paths, asked);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  it('has the namespace of the context, unless -n says another', async () => {
    const plain = await readFile(device.kubeconfig, 'utf8');
    const text = plain.replace('user: eliot-admin\n', 'user: eliot-admin\n    namespace: kube-system\n');
    const file = await device.write('namespaced.kubeconfig', text);
    const there = await eli(['get', 'pods', '--kubeconfig', file]);
    assert.equal(there.stderr, 'No resources found in kube-system namespace.\n');
    assert.match((await eli(['get', 'pods', '-n', 'default', '--kubeconfig', file])).stdout, /web/);
  });
});

describe('the command line', () => {
  const env = { ELIOT_RUN_DIR: '/nonexistent' };

  it('shows help when nothing, help or --help is asked for, and needs no device for it', async () => {
    for (const args of [[], ['--help'], ['help'], ['-h']]) {
      const { exitCode, stdout, stderr } = await eli(args, { env });
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.match(stdout, /^Usage: eli/);
    }
  });

  for (const verb of [
    'get',
    'describe',
    'apply',
    'create',
    'delete',
    'label',
    'annotate',
    'scale',
    'logs',
    'exec',
    'version',
  ]) {
    it(`${verb} --help has examples`, async () => {
      const { exitCode, stdout } = await eli([verb, '--help'], { env });
      assert.equal(exitCode, 0);
      assert.match(stdout, new RegExp(`Examples:\\n.*eli ${verb}`));
      assert.equal((await eli(['help', verb], { env })).stdout, stdout);
    });
  }

  it('suggests what was meant', async () => {
    const { exitCode, stderr } = await eli(['gett', 'pods'], { env });
    assert.equal(exitCode, 1);
    assert.equal(stderr, 'error: unknown command \'gett\'\n(Did you mean get?)\n  see "eli --help"\n');
  });

  it('says its version without a device', async () => {
    assert.match((await eli(['--version'], { env })).stdout, /^\d+\.\d+\.\d+/);
    assert.match((await eli(['version', '--client'], { env })).stdout, /^Client Version: v\d/);
    const json = JSON.parse((await eli(['version', '--client', '-o', 'json'], { env })).stdout) as Record<
      string,
      unknown
    >;
    assert.deepEqual(Object.keys(json), ['clientVersion']);
  });

  it('says its own version even when no device answers', async () => {
    const { exitCode, stdout, stderr } = await eli(['version'], { env });
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Client Version/);
    assert.match(stderr, /no device found/);
  });

  it('knows by heart only what the scheme says as well', () => {
    for (const known of builtinResources) {
      const kind = findKindByName('v1', known.kind);
      assert.ok(kind);
      const { resource, singular, shortNames, categories, namespaced } = kind;
      assert.deepEqual(
        { resource, singular, shortNames, categories, namespaced },
        {
          resource: known.resource,
          singular: known.singular,
          shortNames: known.shortNames,
          categories: known.categories,
          namespaced: known.namespaced,
        },
      );
    }
  });
});
