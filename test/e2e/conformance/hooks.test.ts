/** Lifecycle hooks (conformance area "Termination messages and lifecycle hooks"), and the order in which a pod ends. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { shellPod, TestDevice, testImage } from '../../support/device.ts';
import { waitFor } from '../../support/wait.ts';

type Fields = Record<string, unknown>;

describe('lifecycle hooks', { concurrency: 5 }, () => {
  let device: TestDevice;
  let receiverIP = '';
  before(async () => {
    device = await TestDevice.start();
    // Says in its log what it is asked for.
    await device.create(shellPod('receiver', 'mkdir /www; exec httpd -f -vv -p 8080 -h /www'));
    await device.kubectlOk(['wait', '--for=condition=Ready', 'pod/receiver', '--timeout=60s']);
    receiverIP = await kubectl('get', 'pod', 'receiver', '-o', 'jsonpath={.status.podIP}');
  });
  after(() => device?.close());

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const get = async (name: string): Promise<Pod> => JSON.parse(await kubectl('get', 'pod', name, '-o', 'json'));
  const ready = (name: string): Promise<string> =>
    kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
  const eventsOf = (name: string): Promise<string> =>
    kubectl(
      'get',
      'events',
      `--field-selector=involvedObject.name=${name}`,
      '-o',
      'jsonpath={range .items[*]}{.type} {.reason} {.message}{"\\n"}{end}',
    );
  const received = (path: string): Promise<unknown> =>
    waitFor(`a request for ${path}`, async () => (await kubectl('logs', 'receiver')).includes(`url:${path}\n`));
  /** Asks the receiver for a path, in a shell; fails when it cannot be reached. (A static busybox has no working `wget -T`.) */
  const asking = (path: string): string =>
    `printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${receiverIP} 8080 | grep -q 404`;
  const ask = (path: string): object => ({ exec: { command: ['sh', '-c', asking(path)] } });
  const create = (name: string, lifecycle: Fields, spec: Fields = {}, container: Fields = {}): Promise<void> =>
    device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 20,
        ...spec,
        containers: [
          {
            name: 'main',
            image: testImage,
            command: ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
            lifecycle,
            ...container,
          },
        ],
      },
    });

  it('hooks/poststart-exec: a command runs after the start and reaches another pod', async () => {
    await create('poststart-exec', { postStart: ask('/poststart-exec') });
    await ready('poststart-exec');
    await received('/poststart-exec');
    await kubectl('delete', 'pod', 'poststart-exec');
  });

  it('hooks/poststart-http: a request without a host goes to the pod itself, where a sidecar receives it', async () => {
    const receiver = {
      name: 'receiver',
      image: testImage,
      restartPolicy: 'Always',
      command: ['sh', '-c', 'mkdir /www; exec httpd -f -vv -p 8080 -h /www'],
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    };
    const postStart = { httpGet: { path: '/poststart-http', port: 8080 } };
    await create('poststart-http', { postStart }, { initContainers: [receiver] });
    await ready('poststart-http');
    assert.match(await kubectl('logs', 'poststart-http', '-c', 'receiver'), /url:\/poststart-http\n/);
    await kubectl('delete', 'pod', 'poststart-http', '--now');
  });

  it('hooks/prestop-exec: a command runs to its end before the container is told to stop', async () => {
    await create('prestop-exec', { preStop: ask('/prestop-exec') });
    await ready('prestop-exec');
    await kubectl('delete', 'pod', 'prestop-exec');
    await received('/prestop-exec');
  });

  it('hooks/prestop-http: a request to the pod itself is received by a sidecar that is still up', async () => {
    // What the sidecar saw is handed on to the receiver when it ends, after the main container.
    const relay = `relay() { ${asking('/relayed')}; }; mkdir /www; trap 'grep -q url:/prestop-http /log && relay; exit 0' TERM
      httpd -f -vv -p 8080 -h /www 2> /log & while :; do sleep 0.1; done`;
    const receiver = {
      name: 'receiver',
      image: testImage,
      restartPolicy: 'Always',
      command: ['sh', '-c', relay],
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    };
    const preStop = { httpGet: { path: '/prestop-http', port: 8080 } };
    await create('prestop-http', { preStop }, { initContainers: [receiver] });
    await ready('prestop-http');
    await kubectl('delete', 'pod', 'prestop-http');
    await received('/relayed');
  });

  it('a pause before the stop signal takes its time from the grace period', async () => {
    await create('prestop-sleep', { preStop: { sleep: { seconds: 3 } } });
    await ready('prestop-sleep');
    const begun = performance.now();
    await kubectl('delete', 'pod', 'prestop-sleep');
    const tookMs = performance.now() - begun;
    assert.ok(tookMs >= 3_000, `it took ${tookMs} ms`);
  });

  it('a hook that hangs is cut off at the end of the grace period', async () => {
    await create('prestop-hangs', { preStop: { exec: { command: ['sleep', '600'] } } });
    await ready('prestop-hangs');
    const begun = performance.now();
    await kubectl('delete', 'pod', 'prestop-hangs', '--grace-period=3');
    const tookMs = performance.now() - begun;
    assert.ok(tookMs >= 3_000 && tookMs < 30_000, `it took ${tookMs} ms`);
  });

  it('a container whose postStart hook fails is ended and restarted, and its status says why', async () => {
    const postStart = { exec: { command: ['sh', '-c', 'echo no; exit 7'] } };
    await create('poststart-fails', { postStart });
    await waitFor('the second failure', async () => {
      const status = (await get('poststart-fails')).status.containerStatuses?.[0];
      return (status?.restartCount ?? 0) >= 1 && status?.state?.waiting !== undefined;
    });
    const events = await eventsOf('poststart-fails');
    assert.match(events, /^Warning FailedPostStartHook PostStartHook failed$/m);
    assert.match(events, /^Normal Killing FailedPostStartHook$/m);
    const seen = new Set<string>();
    await waitFor('a reason', async () => {
      const waiting = (await get('poststart-fails')).status.containerStatuses?.[0]?.state?.waiting;
      if (waiting) seen.add(`${waiting.reason}`);
      return seen.has('CrashLoopBackOff');
    });
    await kubectl('delete', 'pod', 'poststart-fails');
  });

  it('a container is not Running before its postStart hook is done', async () => {
    await create('poststart-slow', { postStart: { exec: { command: ['sleep', '10'] } } });
    await waitFor('Started', async () => /Started/.test(await eventsOf('poststart-slow')));
    assert.equal((await get('poststart-slow')).status.containerStatuses?.[0]?.state?.running, undefined);
    await ready('poststart-slow');
    // One that hangs holds up no deletion.
    await create('poststart-hangs', { postStart: { exec: { command: ['sleep', '600'] } } });
    await waitFor('Started', async () => /Started/.test(await eventsOf('poststart-hangs')));
    await kubectl('delete', 'pod', 'poststart-hangs', '--now', '--timeout=30s');
  });

  it('the hook runs before a container that failed its liveness probe is ended', async () => {
    const livenessProbe = {
      exec: { command: ['test', '!', '-e', '/tmp/ill'] },
      periodSeconds: 1,
      failureThreshold: 1,
      timeoutSeconds: 5,
    };
    await create('prestop-liveness', { preStop: ask('/prestop-liveness') }, {}, { livenessProbe });
    await ready('prestop-liveness');
    await kubectl('exec', 'prestop-liveness', '--', 'touch', '/tmp/ill');
    await received('/prestop-liveness');
    await waitFor(
      'the restart',
      async () => (await get('prestop-liveness')).status.containerStatuses?.[0]?.restartCount === 1,
    );
  });

  it('a hook that fails is told in an event', async () => {
    await create('prestop-fails', { preStop: { exec: { command: ['false'] } } });
    await ready('prestop-fails');
    await kubectl('delete', 'pod', 'prestop-fails');
    assert.match(await eventsOf('prestop-fails'), /^Warning FailedPreStopHook PreStopHook failed$/m);
  });

  it('sidecars end after the containers they serve, the first started last', async () => {
    const says = (path: string): string =>
      `bye() { ${asking(path)}; exit 0; }; trap bye TERM; while :; do sleep 0.1; done`;
    const sidecar = (name: string): object => ({
      name,
      image: testImage,
      restartPolicy: 'Always',
      command: ['sh', '-c', says(`/end-${name}`)],
    });
    const initContainers = [sidecar('one'), sidecar('two')];
    await create('ordered', {}, { initContainers }, { command: ['sh', '-c', says('/end-main')] });
    await ready('ordered');
    await kubectl('delete', 'pod', 'ordered');
    await received('/end-one');
    const order = [...(await kubectl('logs', 'receiver')).matchAll(/url:\/end-(\w+)/g)].map((match) => match[1]);
    assert.deepEqual(order, ['main', 'two', 'one']);
  });
});
