/** `eli get` against the real API server. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { pods } from '../../api/resources.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { removeTestPods, startTestPod, testPod } from '../../testing/test-pods.ts';

describe('eli get', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  beforeEach(async () => {
    await startTestPod(device.client, { name: 'web', labels: { app: 'web' }, containers: ['main', 'side'] });
    await startTestPod(device.client, { name: 'db', labels: { app: 'db' } }, 'Pending');
    await startTestPod(device.client, { name: 'other', namespace: 'kube-system' });
  });
  afterEach(() => removeTestPods(device.client));

  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });
  const run = (...args: string[]): Promise<EliResult> => eli(['get', ...args], { env: env() });
  const print = async (...args: string[]): Promise<string> => {
    const result = await run(...args);
    assert.deepEqual([result.exitCode, result.stderr], [0, '']);
    return result.stdout;
  };
  const names = (text: string): readonly string[] =>
    text
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ +/)[0] ?? '');

  it('shows the table that the server makes', async () => {
    assert.match(
      await print('pods'),
      /^NAME +READY +STATUS +RESTARTS +AGE\ndb +0\/1 +Pending .*\nweb +0\/2 +Running .*\n$/,
    );
  });

  for (const word of ['po', 'pod', 'Pods', 'pods.v1.', 'pods.v1']) {
    it(`knows pods as ${word}`, async () => assert.deepEqual(names(await print(word)), ['db', 'web']));
  }

  it('narrows by name, label, field and namespace', async () => {
    assert.deepEqual(names(await print('pod', 'web')), ['web']);
    assert.deepEqual(names(await print('pods', 'web', 'db')), ['web', 'db']);
    assert.deepEqual(names(await print('pod/web', 'pod/db')), ['web', 'db']);
    assert.deepEqual(names(await print('pods', '-l', 'app in (db,x)')), ['db']);
    assert.deepEqual(names(await print('pods', '--field-selector', 'status.phase=Running')), ['web']);
    assert.deepEqual(names(await print('pods', '-n', 'kube-system')), ['other']);
    assert.deepEqual(names(await print('pods', '-A')), ['default', 'default', 'kube-system']);
  });

  it('shows several kinds, each in its table, with the kind before the names', async () => {
    const text = await print('pods,nodes');
    assert.match(text, /^NAME .*\npod\/db .*\npod\/web .*\n\nNAME .*\nnode\/device .*\n$/);
    assert.match(await print('all'), /pod\/web/);
  });

  it('prints objects as yaml and json, lists as a List', async () => {
    const one = await print('pod', 'web', '-o', 'yaml');
    assert.match(one, /^apiVersion: v1\nkind: Pod\nmetadata:\n/);
    assert.doesNotMatch(one, /managedFields/);
    assert.match(one, /creationTimestamp: "\d{4}-/);
    assert.match(await print('pod', 'web', '-o', 'yaml', '--show-managed-fields'), /managedFields/);
    const list = JSON.parse(await print('pods', '-o', 'json')) as { kind: string; items: { kind: string }[] };
    assert.equal(list.kind, 'List');
    assert.deepEqual(
      list.items.map((item) => item.kind),
      ['Pod', 'Pod'],
    );
  });

  it('prints names, paths and columns of choice', async () => {
    assert.equal(await print('pods,nodes', '-o', 'name'), 'pod/db\npod/web\nnode/device\n');
    assert.equal(await print('pods', '-o', 'jsonpath={.items[*].metadata.name}'), 'db web');
    assert.equal(
      await print('pods', '-o', 'custom-columns=NAME:.metadata.name,CONTAINERS:.spec.containers[*].name'),
      'NAME   CONTAINERS\ndb     main\nweb    main,side\n',
    );
    assert.equal(await print('pod', 'web', '-o', 'custom-columns=N:.metadata.name', '--no-headers'), 'web\n');
  });

  it('reads big lists page by page', async () => {
    for (let index = 0; index < 501; index++) {
      await device.client.create(pods, testPod({ name: `p${index}`, namespace: 'kube-public' }));
    }
    assert.equal(names(await print('pods', '-n', 'kube-public')).length, 501);
    assert.equal((await print('pods', '-n', 'kube-public', '-o', 'name')).split('\n').length, 502);
  });

  it('shows what there is and says what is missing', async () => {
    const { exitCode, stdout, stderr } = await run('pod', 'web', 'nope');
    assert.equal(exitCode, 1);
    assert.deepEqual(names(stdout), ['web']);
    assert.match(
      stderr,
      /^Error from server \(NotFound\): pods "nope" not found\n {2}on unix:.*eliotd\.sock: "eli get pods -n default"/,
    );
    assert.equal((await run('pod', 'nope', '--ignore-not-found')).exitCode, 0);
  });

  it('--raw prints the answer as it comes', async () => {
    assert.match(await print('--raw', '/version'), /^\{"major":"1",.*\}\n$/);
    assert.equal(await print('--raw', '/livez'), 'ok');
    assert.match(
      await print('--raw', 'https://elsewhere/api/v1/pods?limit=1'),
      /^\{"apiVersion":"v1","kind":"PodList"/,
    );
    const missing = await run('--raw', '/api/v1/namespaces/default/pods/nope');
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /^Error from server \(NotFound\): pods "nope" not found\n/);
  });

  for (const { args, complains } of [
    { args: ['--raw', 'version'], complains: /^error: --raw must be a valid URL path: parse "version"/ },
    { args: ['--raw', '/version', '-o', 'yaml'], complains: /--raw and --output are mutually exclusive/ },
    { args: ['pods', '--raw', '/version'], complains: /arguments may not be passed when --raw is specified/ },
    { args: ['--raw', '/version', '-w'], complains: /--raw may not be specified with other flags/ },
    { args: ['--raw', '/version', '-l', 'a=b'], complains: /--raw may not be specified with other flags/ },
  ]) {
    it(`refuses "${args.join(' ')}"`, async () => {
      const { exitCode, stderr } = await run(...args);
      assert.equal(exitCode, 1);
      assert.match(stderr, complains);
    });
  }

  it('says on stderr that there is nothing', async () => {
    assert.deepEqual(await run('pods', '-l', 'a=b'), {
      exitCode: 0,
      stdout: '',
      stderr: 'No resources found in default namespace.\n',
    });
    assert.equal((await run('pods', '-A', '-l', 'a=b')).stderr, 'No resources found\n');
    assert.equal((await run('nodes', '-l', 'a=b')).stderr, 'No resources found\n');
    const empty = JSON.parse((await run('pods', '-l', 'a=b', '-o', 'json')).stdout) as { items: unknown[] };
    assert.deepEqual(empty.items, []);
  });

  const wrong: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
    { args: [], says: /you must specify the type of resource to get\n {2}for example: eli get pods/ },
    { args: ['podz'], says: /doesn't have a resource type "podz"\n {2}did you mean "pods"\?/ },
    { args: ['elephants'], says: /doesn't have a resource type "elephants"\n {2}this device has: .*pods/ },
    { args: ['pods.v9'], says: /doesn't have a resource type "pods\.v9"/ },
    { args: ['pods', 'pod/web'], says: /no need to specify a resource type as a separate argument/ },
    { args: ['pod/web/x'], says: /must have a single resource and name/ },
    { args: ['pod', 'web', '-A'], says: /cannot be retrieved by name across all namespaces/ },
    { args: ['pod', 'web', '-l', 'a=b'], says: /name cannot be provided when a selector is specified/ },
    { args: ['pods', '-o', 'xml'], says: /output format "xml"\n {2}allowed formats are: table, wide/ },
    { args: ['pods', '-o', 'jsonpath={.a'], says: /a "}" is missing/ },
    { args: ['pods', '--field-selector', 'spec.x=1'], says: /Error from server \(BadRequest\): .*spec\.x/ },
    { args: ['pods,nodes', '-w'], says: /you may only specify a single resource type/ },
    { args: ['pods', '--wach'], says: /unknown option '--wach'\n\(Did you mean --watch\?\)\n {2}see "eli get --help"/ },
  ];
  for (const { args, says } of wrong) {
    it(`get ${args.join(' ')} is refused in words`, async () => {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.equal(exitCode, 1);
      assert.equal(stdout, '');
      assert.match(stderr, says);
    });
  }

  it('-w shows what there is, then every change, until Ctrl-C', async () => {
    const watch = new EliRun(['get', 'pods', '-w'], { env: env() });
    await watch.stdout.printed(/web/);
    await startTestPod(device.client, { name: 'late' }, 'Succeeded');
    await watch.stdout.printed(/late .*Pending[\s\S]*late .*(Completed|Succeeded)/);
    watch.signal('SIGINT');
    assert.equal(await watch.ended, 130);
    assert.equal(watch.stderr.text, '');
    assert.equal(watch.stdout.text.match(/NAME/g)?.length, 1);
  });

  it('-w of one name and other formats follows only that, as documents', async () => {
    const watch = new EliRun(['get', 'pod', 'web', '-w', '-o', 'yaml'], { env: env() });
    await watch.stdout.printed(/name: web/);
    await device.client.patch(pods, { namespace: 'default', name: 'db' }, 'merge', {
      metadata: { labels: { x: 'no' } },
    });
    await device.client.patch(pods, { namespace: 'default', name: 'web' }, 'merge', {
      metadata: { labels: { x: 'yes' } },
    });
    await watch.stdout.printed(/---\n[\s\S]*x: "?yes/);
    watch.signal('SIGTERM');
    assert.equal(await watch.ended, 143);
    assert.doesNotMatch(watch.stdout.text, /name: db/);
  });

  it('-w of a missing name fails at once', async () => {
    assert.equal((await run('pod', 'nope', '-w')).exitCode, 1);
  });

  it('tells a person on a terminal that it waits', async () => {
    const watch = new EliRun(['get', 'pods', '-w'], { env: env(), tty: true });
    await watch.stderr.printed(/watching; Ctrl-C ends it/);
    watch.signal('SIGINT');
    await watch.ended;
  });

  it('ends quietly when the reader of its output has gone', async () => {
    const watch = new EliRun(['get', 'pods', '-w'], { env: env() });
    await watch.stdout.printed(/web/);
    watch.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    assert.equal(await watch.ended, 141);
    assert.equal(watch.stderr.text, '');
  });
});
