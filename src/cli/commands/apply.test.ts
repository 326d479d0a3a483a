/** `eli apply`, `create` and `delete` against the real API server. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { configMaps, pods } from '../../api/resources.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { removeTestPods, startTestPod } from '../../testing/test-pods.ts';

const configMap = (name: string, data: string, extra = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${extra}data: ${data}\n`;
const pod = (name: string, image: string, more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, labels: {app: ${name}}}\nspec:\n  containers:\n  - {name: main, image: "${image}"${more}}\n`;

describe('a manifest', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  afterEach(async () => {
    await removeTestPods(device.client);
    for (const { metadata } of (await device.client.list(configMaps, { namespace: 'default' })).items) {
      await device.client.delete(configMaps, { namespace: 'default', name: metadata.name ?? '' });
    }
  });

  const run = (args: readonly string[], stdin?: string): Promise<EliResult> =>
    eli(args, { env: { ELIOT_RUN_DIR: device.runDirectory }, ...(stdin === undefined ? {} : { stdin }) });
  const apply = (stdin: string, ...args: string[]): Promise<EliResult> => run(['apply', '-f', '-', ...args], stdin);
  const printed = async (result: Promise<EliResult>): Promise<string> => {
    const { exitCode, stdout, stderr } = await result;
    assert.deepEqual([exitCode, stderr], [0, '']);
    return stdout;
  };
  const dataOf = async (name: string): Promise<unknown> =>
    (await device.client.get(configMaps, { namespace: 'default', name }))['data'];

  it('is created, configured when it differs, and unchanged when it does not', async () => {
    assert.equal(await printed(apply(configMap('a', '{x: "1", y: "2"}'))), 'configmap/a created\n');
    assert.equal(await printed(apply(configMap('a', '{x: "1", y: "2"}'))), 'configmap/a unchanged\n');
    await device.client.patch(configMaps, { namespace: 'default', name: 'a' }, 'merge', { data: { theirs: 'z' } });
    assert.equal(await printed(apply(configMap('a', '{x: "3"}'))), 'configmap/a configured\n');
    assert.deepEqual(await dataOf('a'), { x: '3', theirs: 'z' });
  });

  describe('on the server side', () => {
    it('is merged by the device, which knows who owns what', async () => {
      assert.equal(
        await printed(apply(configMap('a', '{x: "1"}'), '--server-side')),
        'configmap/a serverside-applied\n',
      );
      const change = { data: { x: 'theirs' } };
      await device.client.patch(configMaps, { namespace: 'default', name: 'a' }, 'merge', change, {
        fieldManager: 'u',
      });
      const { exitCode, stderr } = await apply(configMap('a', '{x: "2"}'), '--server-side');
      assert.equal(exitCode, 1);
      assert.match(stderr, /Apply failed with 1 conflict: conflict with "u" using v1: \.data\.x/);
      await printed(apply(configMap('a', '{x: "2"}'), '--server-side', '--force-conflicts'));
      assert.deepEqual(await dataOf('a'), { x: '2' });
    });

    it('under --dry-run=server stores nothing', async () => {
      const said = await printed(apply(configMap('a', '{x: "1"}'), '--server-side', '--dry-run=server'));
      assert.equal(said, 'configmap/a serverside-applied (server dry run)\n');
      await assert.rejects(dataOf('a'), /not found/);
    });

    it('is no work for the client, nor are conflicts without it', async () => {
      const dry = await apply(configMap('a', '{}'), '--server-side', '--dry-run=client');
      assert.match(dry.stderr, /--dry-run=client doesn't work with --server-side/);
      assert.match((await apply(configMap('a', '{}'), '--force-conflicts')).stderr, /only works with --server-side/);
    });
  });

  it('that says the same in other words is unchanged', async () => {
    const limits = (cpu: string): string => `, resources: {limits: {cpu: "${cpu}"}}`;
    await printed(apply(pod('q', 'x', limits('500m'))));
    assert.equal(await printed(apply(pod('q', 'x', limits('0.5')))), 'pod/q configured\n');
    assert.equal(await printed(apply(pod('q', 'x', limits('0.5')))), 'pod/q unchanged\n');
  });

  it('changes one container of a pod and leaves the rest', async () => {
    await printed(apply(pod('web', 'nginx:1')));
    assert.equal(await printed(apply(pod('web', 'nginx:2'))), 'pod/web configured\n');
    const changed = await device.client.get(pods, { namespace: 'default', name: 'web' });
    assert.equal((changed['spec'] as { containers: { image: string }[] }).containers[0]?.image, 'nginx:2');
  });

  it('takes over what was made without apply, with a warning', async () => {
    assert.equal(
      await printed(run(['create', '-f', '-'], configMap('a', '{x: "1", keep: "k"}'))),
      'configmap/a created\n',
    );
    const { stdout, stderr } = await apply(configMap('a', '{x: "2"}'));
    assert.equal(stdout, 'configmap/a configured\n');
    assert.match(stderr, /^Warning: resource configmaps\/a is missing the .*last-applied-configuration annotation/);
    assert.deepEqual(await dataOf('a'), { x: '2', keep: 'k' });
  });

  it('goes where it says, where -n says, and nowhere when they disagree', async () => {
    const there = configMap('a', '{}', '  namespace: kube-public\n');
    assert.equal(await printed(apply(there)), 'configmap/a created\n');
    assert.equal(await printed(apply(configMap('b', '{}'), '-n', 'kube-public')), 'configmap/b created\n');
    const { exitCode, stderr } = await apply(there, '-n', 'default');
    assert.equal(exitCode, 1);
    assert.match(stderr, /namespace from the provided object "kube-public" does not match the namespace "default"/);
    const { items } = await device.client.list(configMaps, { namespace: 'kube-public' });
    assert.deepEqual(
      items.map((item) => item.metadata.name),
      ['a', 'b'],
    );
  });

  it('that fails does not stop the ones after it', async () => {
    const text = [configMap('a', '{}'), configMap('Bad_Name', '{}'), configMap('c', '{}')].join('---\n');
    const { exitCode, stdout, stderr } = await apply(text);
    assert.equal(exitCode, 1);
    assert.equal(stdout, 'configmap/a created\nconfigmap/c created\n');
    assert.match(
      stderr,
      /error when applying "STDIN": The ConfigMap "Bad_Name" is invalid: metadata\.name: Invalid value/,
    );
  });

  it('with a field that does not exist is refused, not half obeyed', async () => {
    const { exitCode, stderr } = await apply(pod('web', 'x', ', restartPolicy: Never'));
    assert.equal(exitCode, 1);
    assert.match(stderr, /strict decoding error: unknown field "spec\.containers\[0\]\.restartPolicy|restartPolicy/);
  });

  it('of a kind or namespace that is not there says so', async () => {
    const statefulSet = 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\n';
    assert.match((await apply(statefulSet)).stderr, /no matches for kind "StatefulSet" in version "apps\/v1"/);
    const nowhere = await apply(configMap('a', '{}'), '-n', 'nope');
    assert.equal(nowhere.exitCode, 1);
    assert.match(nowhere.stderr, /Error from server \(NotFound\): .*namespaces "nope" not found/);
    const nameless = 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\nspec: {}\n';
    assert.match((await apply(nameless)).stderr, /apply needs metadata\.name/);
  });

  it('is only talked about in a dry run', async () => {
    assert.equal(await printed(apply(configMap('a', '{}'), '--dry-run=client')), 'configmap/a created (dry run)\n');
    assert.equal(
      await printed(apply(configMap('a', '{}'), '--dry-run=server')),
      'configmap/a created (server dry run)\n',
    );
    assert.equal((await device.client.list(configMaps, { namespace: 'default' })).items.length, 0);
    assert.match((await apply(configMap('a', '{}'), '--dry-run=maybe')).stderr, /invalid dry-run value \(maybe\)/);
  });

  it('can be printed as it was stored', async () => {
    assert.equal(await printed(apply(configMap('a', '{}'), '-o', 'name')), 'configmap/a\n');
    assert.match(await printed(apply(configMap('b', '{}'), '-o', 'yaml')), /uid: /);
  });

  it('comes from files, directories, several -f and the web', async () => {
    const directory = join(device.directory, 'manifests');
    await mkdir(join(directory, 'deeper'), { recursive: true });
    await device.write('manifests/b.yaml', configMap('b', '{}'));
    await device.write(
      'manifests/a.json',
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
    );
    await device.write('manifests/readme.txt', 'not read: {');
    await device.write('manifests/deeper/c.yml', configMap('c', '{}'));
    const single = await device.write('single.yaml', configMap('d', '{}'));
    assert.equal(
      await printed(run(['apply', '-f', directory, '-f', single])),
      'configmap/a created\nconfigmap/b created\nconfigmap/d created\n',
    );
    assert.match(await printed(run(['apply', '-R', '-f', directory])), /configmap\/c created/);

    const web = createServer((request, response) => {
      if (request.url === '/ok.yaml') response.end(configMap('w', '{}'));
      else response.writeHead(404, 'Not Found').end();
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const address = web.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    assert.equal(await printed(run(['apply', '-f', `${url}/ok.yaml`])), 'configmap/w created\n');
    assert.match(
      (await run(['apply', '-f', `${url}/no.yaml`])).stderr,
      /unable to read URL ".*", server reported 404 Not Found/,
    );
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    assert.match((await run(['apply', '-f', `${url}/ok.yaml`])).stderr, /unable to read URL/);
  });

  const unreadable: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
    { args: ['apply'], says: /must specify -f\n {2}for example: eli apply -f pod\.yaml/ },
    { args: ['apply', '-f', '/nonexistent.yaml'], says: /the path "\/nonexistent\.yaml" does not exist/ },
    { args: ['create', '-f', '-', '-f', '-'], says: /-f - can be given only once/ },
    { args: ['apply', '-f', '-'], says: /no objects passed to apply/ },
  ];
  for (const { args, says } of unreadable) {
    it(`that cannot be read is told: ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 1);
      assert.match(stderr, says);
    });
  }

  it('that exists is not created again', async () => {
    await printed(run(['create', '-f', '-'], configMap('a', '{}')));
    const { exitCode, stderr } = await run(['create', '-f', '-'], configMap('a', '{}'));
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^Error from server \(AlreadyExists\): error when creating "STDIN": configmaps "a" already exists/,
    );
  });

  it('gets a name from the server with generateName', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: made-}\n';
    assert.match(await printed(run(['create', '-f', '-'], text)), /^configmap\/made-\w{5} created\n$/);
  });

  it('names what is deleted', async () => {
    await printed(apply(configMap('a', '{}')));
    assert.equal(
      await printed(run(['delete', '-f', '-'], configMap('a', '{}'))),
      'configmap "a" deleted from default namespace\n',
    );
  });

  describe('deleting', () => {
    it('by name, by TYPE/NAME, by label and all', async () => {
      for (const name of ['a', 'b', 'c', 'd'])
        await printed(apply(configMap(name, '{}', `  labels: {own: "${name}"}\n`)));
      assert.match(await printed(run(['delete', 'cm', 'a'])), /^configmap "a" deleted/);
      assert.match(await printed(run(['delete', 'cm/b'])), /^configmap "b" deleted/);
      assert.match(await printed(run(['delete', 'cm', '-l', 'own=c'])), /^configmap "c" deleted/);
      assert.equal(await printed(run(['delete', 'cm', '--all', '-o', 'name'])), 'configmap/d\n');
      assert.equal(await printed(run(['delete', 'cm', '--all'])), 'No resources found\n');
    });

    it('without a name is refused: nothing is guessed', async () => {
      await printed(apply(configMap('a', '{k: v}')));
      const { exitCode, stderr } = await run(['delete', 'configmaps']);
      assert.equal(exitCode, 1);
      assert.match(stderr, /no name was specified\n.*eli delete configmaps --all/);
      assert.deepEqual(await dataOf('a'), { k: 'v' });
    });

    it('of what is not there fails, unless that is fine', async () => {
      assert.match(
        (await run(['delete', 'pod', 'nope'])).stderr,
        /Error from server \(NotFound\): pods "nope" not found/,
      );
      assert.equal((await run(['delete', 'pod', 'nope', '--ignore-not-found'])).exitCode, 0);
    });

    it('waits until a pod is gone, and tells a person so', async () => {
      await startTestPod(device.client, { name: 'slow' });
      const deleting = new EliRun(['delete', 'pod', 'slow', '--grace-period=7'], {
        env: { ELIOT_RUN_DIR: device.runDirectory },
        tty: true,
      });
      await deleting.stderr.printed(
        /waiting for pod\/slow to end \(it may take its 7 s\); Ctrl-C stops the waiting only/,
      );
      const leaving = await device.client.get(pods, { namespace: 'default', name: 'slow' });
      assert.equal(leaving.metadata.deletionGracePeriodSeconds, 7);
      await device.client.delete(pods, { namespace: 'default', name: 'slow' }, { gracePeriodSeconds: 0 });
      assert.equal(await deleting.ended, 0);
      assert.match(deleting.stdout.text, /^pod "slow" deleted/);
    });

    it('does not wait with --no-wait or --wait=false, and only so long with --timeout', async () => {
      for (const flags of [['--no-wait'], ['--wait=false']]) {
        await startTestPod(device.client, { name: 'p' });
        assert.equal((await run(['delete', 'pod', 'p', ...flags])).exitCode, 0);
        await device.client.delete(pods, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
      }
      await startTestPod(device.client, { name: 'p' });
      const { exitCode, stderr } = await run(['delete', 'pod', 'p', '--timeout=50ms']);
      assert.equal(exitCode, 1);
      assert.match(stderr, /timed out waiting for pod\/p to be gone/);
    });

    it('at once with --force', async () => {
      await startTestPod(device.client, { name: 'p' });
      const { stdout, stderr } = await run(['delete', 'pod', 'p', '--force']);
      assert.match(stdout, /^pod "p" force deleted/);
      assert.match(stderr, /^Warning: Immediate deletion/);
    });

    it('only checks in a dry run', async () => {
      await startTestPod(device.client, { name: 'p' });
      for (const mode of ['client', 'server']) {
        assert.match(await printed(run(['delete', 'pod', 'p', `--dry-run=${mode}`])), /dry run\)\n$/);
      }
      await device.client.get(pods, { namespace: 'default', name: 'p' });
    });

    const wrong: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
      { args: ['pod', 'a', '--all'], says: /name cannot be provided when a selector or --all is specified/ },
      { args: ['pod', 'a', '-A'], says: /cannot be deleted by name across all namespaces/ },
      {
        args: ['pod', 'a', '--now', '--grace-period=5'],
        says: /--now and --grace-period cannot be specified together/,
      },
      { args: ['pod', 'a', '--grace-period=soon'], says: /invalid --grace-period "soon"/ },
      { args: ['pod', 'a', '--grace-period='], says: /invalid --grace-period ""/ },
      { args: ['pod', 'a', '--grace-period= '], says: /invalid --grace-period " "/ },
      {
        args: ['pod', 'a', '--force', '--grace-period=30'],
        says: /^error: --force and --grace-period greater than 0 cannot be specified together\n$/,
      },
      {
        args: ['pod', 'a', '--force', '--now'],
        says: /^error: --force and --grace-period greater than 0 cannot be specified together\n$/,
      },
      { args: ['pod', 'a', '--timeout=soon'], says: /invalid argument "soon" for "--timeout" flag/ },
      { args: ['pod', 'a', '--cascade=maybe'], says: /invalid cascade value \(maybe\)/ },
      { args: ['pod', 'a', '-f', 'x'], says: /when -f is given, name no resources/ },
      { args: ['pod', 'a', '-o', 'yaml'], says: /allowed formats are: table, wide, name/ },
    ];
    for (const { args, says } of wrong) {
      it(`${args.join(' ')} is refused in words`, async () => {
        const { exitCode, stderr } = await run(['delete', ...args]);
        assert.equal(exitCode, 1);
        assert.match(stderr, says);
      });
    }
  });
});
