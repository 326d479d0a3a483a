/** The official client library for JavaScript, @kubernetes/client-node, as a program for devices would use it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import {
  ApiException,
  Attach,
  AuthenticationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  Cp,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Pod,
  type V1Status,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { shellPod, TestDevice } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'default';

describe('@kubernetes/client-node', () => {
  let device: TestDevice;
  let config: KubeConfig;
  let core: CoreV1Api;

  before(async () => {
    device = await TestDevice.start();
    config = new KubeConfig();
    config.loadFromFile(device.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    const server = 'mkdir /www; echo served > /www/page; httpd -p 8080 -h /www; echo started; exec sleep 3600';
    await core.createNamespacedPod({ namespace, body: shellPod('web', server) as V1Pod });
    await device.waitForPhase('web', 'Running');
  });
  after(() => device?.close());

  const configMap = (name: string, data: Record<string, string>): V1ConfigMap => ({ metadata: { name }, data });
  const refusal = async (call: Promise<unknown>): Promise<{ code: number; reason: string | undefined }> => {
    const error = await call.then(
      () => assert.fail('it was not refused'),
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof ApiException, String(error));
    const status = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as V1Status;
    return { code: error.code, reason: status.reason };
  };

  it('asks for version, identity, node and lease', async () => {
    assert.match((await config.makeApiClient(VersionApi).getCode()).gitVersion, /eliot/);
    const review = await config.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} });
    assert.equal(review.status?.userInfo?.username, 'eliot-admin');
    const node = await core.readNode({ name: 'device' });
    assert.equal(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    const leases = config.makeApiClient(CoordinationV1Api);
    const lease = await leases.readNamespacedLease({ name: 'device', namespace: 'kube-node-lease' });
    assert.ok(Date.parse(String(lease.spec?.renewTime)) > 0, String(lease.spec?.renewTime));
  });

  it('creates, lists, replaces and deletes', async () => {
    const made = await core.createNamespacedConfigMap({ namespace, body: configMap('life', { a: '1' }) });
    assert.ok(made.metadata?.creationTimestamp instanceof Date);
    const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=life' });
    assert.deepEqual(
      list.items.map(({ data }) => data),
      [{ a: '1' }],
    );
    const body = { ...made, data: { a: '2' } };
    assert.equal((await core.replaceNamespacedConfigMap({ namespace, name: 'life', body })).data?.['a'], '2');
    const stale = core.replaceNamespacedConfigMap({ namespace, name: 'life', body: { ...made, data: { a: '3' } } });
    assert.deepEqual(await refusal(stale), { code: 409, reason: 'Conflict' });
    await core.deleteNamespacedConfigMap({ namespace, name: 'life' });
    const gone = core.readNamespacedConfigMap({ namespace, name: 'life' });
    assert.deepEqual(await refusal(gone), { code: 404, reason: 'NotFound' });
  });

  it('patches in each of the four ways', async () => {
    await core.createNamespacedConfigMap({ namespace, body: configMap('patched', { a: '1' }) });
    const patch = (body: unknown, strategy: PatchStrategy) =>
      core.patchNamespacedConfigMap(
        { namespace, name: 'patched', body, fieldManager: 'test' },
        setHeaderOptions('Content-Type', strategy),
      );
    const operations = [{ op: 'replace', path: '/data/a', value: 'json' }];
    assert.equal((await patch(operations, PatchStrategy.JsonPatch)).data?.['a'], 'json');
    assert.equal((await patch({ data: { a: 'merge' } }, PatchStrategy.MergePatch)).data?.['a'], 'merge');
    const strategic = await patch({ data: { a: 'strategic', b: null } }, PatchStrategy.StrategicMergePatch);
    assert.deepEqual(strategic.data, { a: 'strategic' });
    const apply = (value: string) =>
      patch({ apiVersion: 'v1', kind: 'ConfigMap', data: { b: value } }, PatchStrategy.ServerSideApply);
    assert.deepEqual((await apply('applied')).data, { a: 'strategic', b: 'applied' });
    await patch({ data: { b: 'other' } }, PatchStrategy.MergePatch);
    assert.deepEqual(await refusal(apply('again')), { code: 409, reason: 'Conflict' });
  });

  it('works with objects of any kind, found by discovery', async () => {
    const client = KubernetesObjectApi.makeApiClient(config);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'any', namespace }, data: { a: '1' } };
    await client.create(object);
    const patch = { ...object, data: { a: '2' } };
    const options = [undefined, undefined, undefined, undefined, PatchStrategy.MergePatch] as const;
    assert.equal(((await client.patch(patch, ...options)) as V1ConfigMap).data?.['a'], '2');
    assert.equal(
      (await client.list('v1', 'ConfigMap', namespace)).items.some(({ metadata }) => metadata?.name === 'any'),
      true,
    );
    await client.delete(object);
  });

  it('watches from a revision, and ends when told', async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace });
    const events: string[] = [];
    let ended = false;
    const controller = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: metadata?.resourceVersion ?? '' },
      (phase, object: V1ConfigMap) => events.push(`${phase} ${object.metadata?.name}`),
      () => {
        ended = true;
      },
    );
    await core.createNamespacedConfigMap({ namespace, body: configMap('watched', {}) });
    await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
    await waitFor('both events', () => events.length === 2);
    assert.deepEqual(events, ['ADDED watched', 'DELETED watched']);
    controller.abort();
    await waitFor('the end of the watch', () => ended);
  });

  it('keeps an informer up to date', async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const informer = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }));
    const seen: string[] = [];
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, ({ metadata }) => seen.push(`${verb} ${metadata?.name}`));
    }
    await core.createNamespacedConfigMap({ namespace, body: configMap('before', {}) });
    await informer.start();
    await waitFor('what there was', () => seen.includes('add before'));
    await core.createNamespacedConfigMap({ namespace, body: configMap('informed', { a: '1' }) });
    await core.replaceNamespacedConfigMap({ namespace, name: 'informed', body: configMap('informed', { a: '2' }) });
    await waitFor('the update', () => seen.includes('update informed'));
    assert.equal(informer.get('informed', namespace)?.data?.['a'], '2');
    await core.deleteNamespacedConfigMap({ namespace, name: 'informed' });
    await waitFor('the deletion', () => seen.includes('delete informed'));
    await informer.stop();
  });

  it('reads and follows logs', async () => {
    assert.equal(await core.readNamespacedPodLog({ namespace, name: 'web' }), 'started\n');
    const talker = shellPod('talker', 'for n in 1 2 3; do echo tick $n; sleep 0.3; done', { restartPolicy: 'Never' });
    await core.createNamespacedPod({ namespace, body: talker as V1Pod });
    await waitFor('the talker to start', async () => {
      const { status } = await core.readNamespacedPod({ namespace, name: 'talker' });
      return status?.phase !== 'Pending';
    });
    const log = new PassThrough();
    await new Log(config).log(namespace, 'talker', 'main', log, { follow: true });
    assert.equal(await text(log), 'tick 1\ntick 2\ntick 3\n');
  });

  const run = async (command: string[], stdin?: string): Promise<{ out: string; err: string; status: V1Status }> => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const { promise, resolve } = Promise.withResolvers<V1Status>();
    const input = stdin === undefined ? null : Readable.from([stdin]);
    const socket = await new Exec(config).exec(namespace, 'web', 'main', command, out, err, input, false, resolve);
    const status = await promise;
    await new Promise<void>((done) => {
      if (socket.readyState === 3) done();
      else socket.onclose = () => done();
    });
    out.end();
    err.end();
    return { out: await text(out), err: await text(err), status };
  };

  it('runs commands, with their output and exit code', async () => {
    const { out, err, status } = await run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual([out, err], ['out\n', 'err\n']);
    assert.equal(status.status, 'Failure');
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '7' }]);
  });

  it('sends input to commands', async () => {
    // This client cannot say that its input has ended, so the command must not wait for that.
    const { out, status } = await run(['sh', '-c', 'read line; echo got $line'], 'hello\n');
    assert.deepEqual([out, status.status], ['got hello\n', 'Success']);
  });

  it('attaches to a container', async () => {
    const pod = shellPod('echo', 'while read line; do echo got $line; done', {
      containers: [
        {
          name: 'main',
          image: 'eliot.test/busybox:1',
          stdin: true,
          command: ['sh', '-c', 'while read line; do echo got $line; done'],
        },
      ],
    });
    await core.createNamespacedPod({ namespace, body: pod as V1Pod });
    await device.waitForPhase('echo', 'Running');
    const [out, input] = [new PassThrough(), new PassThrough()];
    let seen = '';
    out.on('data', (chunk: Buffer) => {
      seen += String(chunk);
    });
    const socket = await new Attach(config).attach(namespace, 'echo', 'main', out, null, input, false);
    input.write('one\n');
    await waitFor('the echo', () => seen.includes('got one\n'));
    socket.close();
  });

  it('forwards ports', async () => {
    const [out, input] = [new PassThrough(), new PassThrough()];
    let seen = '';
    out.on('data', (chunk: Buffer) => {
      seen += String(chunk);
    });
    const forwarded = await new PortForward(config).portForward(namespace, 'web', [8080], out, null, input);
    input.write('GET /page HTTP/1.0\r\n\r\n');
    await waitFor('the page', () => seen.endsWith('served\n'));
    assert.match(seen, /^HTTP\/1\.[01] 200 OK/);
    if (typeof forwarded !== 'function') forwarded.close();
  });

  it('copies files into a pod and out of it', async () => {
    const [there, back] = [join(device.directory, 'there'), join(device.directory, 'back')];
    mkdirSync(there);
    mkdirSync(back);
    writeFileSync(join(there, 'file.txt'), 'copied\n'.repeat(10_000));
    // Both return before the copy is done, so the test waits for what they make.
    const cp = new Cp(config);
    const size = '70000';
    await cp.cpToPod(namespace, 'web', 'main', there, '/tmp');
    await waitFor(
      'the file in the pod',
      async () => (await run(['stat', '-c', '%s', '/tmp/file.txt'])).out.trim() === size,
    );
    await cp.cpFromPod(namespace, 'web', 'main', 'file.txt', back, '/tmp');
    const copy = join(back, 'file.txt');
    await waitFor('the file here', () => existsSync(copy) && String(statSync(copy).size) === size);
    assert.equal(readFileSync(copy, 'utf8'), 'copied\n'.repeat(10_000));
  });

  it('deletes a pod, which answers with the pod while it lives on', async () => {
    const going = await core.deleteNamespacedPod({ namespace, name: 'echo', gracePeriodSeconds: 1 });
    assert.equal(going.kind, 'Pod');
    await waitFor('the pod to be gone', async () => {
      const { items } = await core.listNamespacedPod({ namespace, fieldSelector: 'metadata.name=echo' });
      return items.length === 0;
    });
  });
});
