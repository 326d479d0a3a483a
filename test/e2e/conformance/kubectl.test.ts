/** Conformance: kubectl against the API. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { shellPod, TestDevice, testImage } from '../../support/device.ts';
import { waitFor } from '../../support/wait.ts';

describe('conformance: kubectl against the API', { concurrency: 4 }, () => {
  let device: TestDevice;
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const imageOf = (pod: string) => kubectl('get', 'pod', pod, '-o', 'jsonpath={.spec.containers[0].image}');

  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  it('kubectl/api-versions-has-v1: v1 is among the versions', async () => {
    const versions = (await kubectl('api-versions')).split('\n');
    for (const version of ['v1', 'apps/v1', 'events.k8s.io/v1']) assert.ok(versions.includes(version), version);
  });

  it('kubectl/cluster-info: the control plane runs, and services are found, though there are none', async () => {
    const printed = stripVTControlCharacters(await kubectl('cluster-info'));
    assert.match(printed, /^Kubernetes control plane is running at https:\/\/127\.0\.0\.1:\d+$/m);
    const services = await device.kubectlOk(['get', 'services', '-n', 'kube-system']);
    assert.match(services.stderr, /No resources found in kube-system namespace/);
    const made = await device.kubectl(['create', 'service', 'clusterip', 'web', '--tcp=80']);
    assert.match(made.stderr, /this version of Eliot has no services, and serves only their empty list/);
  });

  it('kubectl/label: a label is added, shown, selected by and removed', async () => {
    await device.create(shellPod('labelled', 'sleep 3600'));
    await kubectl('label', 'pod', 'labelled', 'testing-label=testing-label-value');
    const columns = await kubectl('get', 'pod', '-L', 'testing-label', '-l', 'testing-label=testing-label-value');
    assert.match(columns, /^NAME .* TESTING-LABEL\nlabelled .* testing-label-value\n$/);
    await kubectl('label', 'pod', 'labelled', 'testing-label-');
    assert.doesNotMatch(await kubectl('get', 'pod', 'labelled', '-L', 'testing-label'), /testing-label-value/);
    await kubectl('delete', 'pod', 'labelled', '--now', '--wait=false');
  });

  it('kubectl/patch-annotate: a patch annotates each of several pods that run', async () => {
    for (const name of ['patch-a', 'patch-b']) await device.create(shellPod(name, 'sleep 3600'));
    for (const name of ['patch-a', 'patch-b']) {
      await device.waitForPhase(name, 'Running');
      await kubectl('patch', 'pod', name, '-p', '{"metadata":{"annotations":{"x":"y"}}}');
      assert.equal(await kubectl('get', 'pod', name, '-o', 'jsonpath={.metadata.annotations.x}'), 'y');
    }
    await kubectl('delete', 'pod', 'patch-a', 'patch-b', '--now', '--wait=false');
  });

  it('kubectl/replace-image: the whole pod is replaced, with another image', async () => {
    await kubectl('run', 'replaced', `--image=${testImage}`, '--image-pull-policy=IfNotPresent', '--', 'sleep', '3600');
    await device.waitForPhase('replaced', 'Running');
    const other = 'eliot.test/busybox:2';
    await device.loadImage(other);
    const pod = await kubectl('get', 'pod', 'replaced', '-o', 'json');
    await device.kubectlOk(['replace', '-f', '-'], { input: pod.replaceAll(`"${testImage}"`, `"${other}"`) });
    assert.equal(await imageOf('replaced'), other);
    await waitFor('the container of the new image', async () => {
      const status = await kubectl('get', 'pod', 'replaced', '-o', 'jsonpath={.status.containerStatuses[0]}');
      return status.includes('"running"') && status.includes(other);
    });
    await kubectl('delete', 'pod', 'replaced', '--now', '--wait=false');
  });

  it('kubectl/run-restart-never: one bare pod of just this image', async () => {
    await kubectl('run', 'once', '--restart=Never', `--image=${testImage}`, '--image-pull-policy=Never', '--', 'true');
    const pod = JSON.parse(await kubectl('get', 'pod', 'once', '-o', 'json'));
    assert.deepEqual(
      [pod.spec.containers.length, pod.spec.containers[0].image, pod.spec.restartPolicy, pod.metadata.ownerReferences],
      [1, testImage, 'Never', undefined],
    );
    await device.waitForPhase('once', 'Succeeded');
  });

  it('kubectl/dry-run-server: a change is tried, answered and not made', async () => {
    await device.create(shellPod('dry', 'sleep 3600'));
    await device.waitForPhase('dry', 'Running');
    const patch = '{"spec":{"containers":[{"name":"main","image":"eliot.test/other:1"}]}}';
    const tried = await kubectl('patch', 'pod', 'dry', '-p', patch, '--dry-run=server', '-o', 'json');
    assert.equal(JSON.parse(tried).spec.containers[0].image, 'eliot.test/other:1');
    assert.equal(await imageOf('dry'), testImage);
    const bad = patch.replace('eliot.test/other:1', ' ');
    const refused = await device.kubectl(['patch', 'pod', 'dry', '-p', bad, '--dry-run=server']);
    assert.match(refused.stderr, /spec\.containers\[0\]\.image: Invalid value: " "/);
    // Nothing happened to the pod: no restart, no event of one.
    assert.equal(await kubectl('get', 'pod', 'dry', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'), '0');
    assert.doesNotMatch(await kubectl('get', 'events', '--field-selector', 'involvedObject.name=dry'), /Killing/);
    await kubectl('delete', 'pod', 'dry', '--now', '--wait=false');
  });

  it('kubectl/version: every field of the version is filled in', async () => {
    const { clientVersion, serverVersion } = JSON.parse(await kubectl('version', '-o', 'json'));
    for (const field of [
      'major',
      'minor',
      'gitVersion',
      'gitCommit',
      'gitTreeState',
      'buildDate',
      'goVersion',
      'compiler',
      'platform',
    ]) {
      assert.ok(clientVersion[field], `client ${field}`);
      assert.ok(serverVersion[field], `server ${field}`);
    }
  });

  it('kubectl/proxy-unix-socket: the API answers through a proxy on a socket', async () => {
    const socketPath = join(device.directory, 'proxy.sock');
    const proxy = device.kubectlBackground(['proxy', `--unix-socket=${socketPath}`]);
    try {
      await proxy.prints(/Starting to serve on /);
      assert.deepEqual((await getApi({ socketPath })).versions, ['v1']);
    } finally {
      await proxy.stop();
    }
  });

  it('kubectl/proxy-port-zero: the API answers through a proxy on a port of its own choice', async () => {
    const proxy = device.kubectlBackground(['proxy', '--port=0', '--disable-filter=true']);
    try {
      const [, port] = await proxy.prints(/Starting to serve on 127\.0\.0\.1:(\d+)/);
      assert.deepEqual((await getApi({ host: '127.0.0.1', port: Number(port) })).versions, ['v1']);
    } finally {
      await proxy.stop();
    }
  });

  it('kubectl/logs-options: lines are chosen by number, bytes and age, and can carry their time', async () => {
    await device.create(
      shellPod(
        'logs',
        'for n in 1 2 3; do echo line $n; done; until [ -e /tmp/go ]; do sleep 0.1; done; sleep 1; echo late; sleep 3600',
      ),
    );
    await waitFor('the first lines', async () => (await kubectl('logs', 'logs')).includes('line 3'));
    assert.equal(await kubectl('logs', 'logs', '--tail=1'), 'line 3\n');
    assert.equal(await kubectl('logs', 'logs', '--limit-bytes=1'), 'l');
    const stamped = await kubectl('logs', 'logs', '--tail=1', '--timestamps');
    const [, stamp = '', line] = /^(\S+) (.*)\n$/.exec(stamped) ?? [];
    assert.equal(line, 'line 3');
    assert.ok(Math.abs(Date.parse(stamp) - Date.now()) < 120_000, stamp);
    await kubectl('exec', 'logs', '--', 'touch', '/tmp/go');
    await waitFor('the late line', async () => (await kubectl('logs', 'logs')).includes('late'));
    // A second or more of the past holds fewer lines than the whole day.
    const count = async (since: string): Promise<number> =>
      (await kubectl('logs', 'logs', `--since=${since}`)).split('\n').length - 1;
    assert.equal(await count('24h'), 4);
    await waitFor('the early lines to be old', async () => (await count('1s')) < 4);
    await kubectl('delete', 'pod', 'logs', '--now', '--wait=false');
  });
});

async function getApi(
  where: { readonly socketPath: string } | { readonly host: string; readonly port: number },
): Promise<{ readonly versions: readonly string[] }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request({ ...where, path: '/api/', agent: false }, (response) => {
    text(response).then(resolve, reject);
  })
    .on('error', reject)
    .end();
  return JSON.parse(await promise);
}
