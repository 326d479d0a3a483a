/** Probes (conformance area "Probes"), with periods of a second, and what Kubernetes' own list leaves out. */
import assert from 'node:assert/strict';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { ContainerStatus, Pod } from '../../../src/api/kinds/pod/types.ts';
import { encodeFrame } from '../../../src/lib/grpc/frames.ts';
import { TestDevice, testImage } from '../../support/device.ts';
import { waitFor } from '../../support/wait.ts';

type Fields = Record<string, unknown>;

describe('probes', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start({ config: 'maxContainerRestartPeriod: 2s\n' });
  });
  after(() => device?.close());

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const get = async (name: string): Promise<Pod> => JSON.parse(await kubectl('get', 'pod', name, '-o', 'json'));
  const statusOf = (pod: Pod): ContainerStatus => {
    const status = pod.status.containerStatuses?.[0];
    assert.ok(status, 'the pod has a container status');
    return status;
  };
  const conditionOf = (pod: Pod, type: string) => pod.status.conditions?.find((each) => each.type === type);
  const eventsOf = (name: string): Promise<string> =>
    kubectl(
      'get',
      'events',
      `--field-selector=involvedObject.name=${name}`,
      '-o',
      'jsonpath={range .items[*]}{.type} {.reason} {.message} {.involvedObject.fieldPath}{"\\n"}{end}',
    );
  /** How often its events say that a probe failed. */
  const failuresOf = async (name: string, probe: string): Promise<number> => {
    const selector = `--field-selector=involvedObject.name=${name},reason=Unhealthy`;
    const list: { readonly items: readonly { readonly message: string; readonly count: number }[] } = JSON.parse(
      await kubectl('get', 'events', selector, '-o', 'json'),
    );
    return list.items
      .filter(({ message }) => message.startsWith(`${probe} probe failed`))
      .reduce((sum, { count }) => sum + count, 0);
  };
  const create = (name: string, line: string, container: Fields, spec: Fields = {}): Promise<void> =>
    device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 1,
        ...spec,
        containers: [{ name: 'main', image: testImage, command: ['sh', '-c', line], ...container }],
      },
    });
  const until = (name: string, what: string, look: (pod: Pod) => boolean, timeoutMs = 60_000): Promise<unknown> =>
    waitFor(
      `${name} ${what}`,
      async () => {
        const pod = await get(name);
        if (!look(pod)) throw new Error(JSON.stringify(pod.status));
        return true;
      },
      { timeoutMs, intervalMs: 250 },
    );
  const untilReady = (name: string): Promise<unknown> =>
    until(name, 'ready', (pod) => conditionOf(pod, 'Ready')?.status === 'True');
  const untilRestarted = (name: string, times = 1): Promise<unknown> =>
    until(name, `restarted ${times} times`, (pod) => statusOf(pod).restartCount >= times);

  /** When the probe has been asked ten more times, the pod was never restarted and never unready. */
  const assertNeverRestarted = async (name: string, asked: () => Promise<number> | number): Promise<void> => {
    await untilReady(name);
    const ready = conditionOf(await get(name), 'Ready');
    const before = await asked();
    await waitFor(`ten more questions to ${name}`, async () => (await asked()) >= before + 10, { intervalMs: 500 });
    const pod = await get(name);
    assert.equal(statusOf(pod).restartCount, 0);
    assert.deepEqual(conditionOf(pod, 'Ready'), ready);
  };
  /** What a shell line in the pod prints, as a number. */
  const numberIn = (name: string, line: string) => async (): Promise<number> =>
    Number(await kubectl('exec', name, '--', 'sh', '-c', line));

  /** A web server on port 8080 that counts what it was asked in its log; `$1` is its index page. */
  const web = (page: string, before = ''): string =>
    `mkdir -p /www && echo ${page} > /www/healthz; ${before} httpd -f -v -p 8080 -h /www`;
  const quick = { periodSeconds: 1, failureThreshold: 3, timeoutSeconds: 5 };

  describe('of many pods', { concurrency: 5 }, () => {
    it('probe/liveness-http-ok: a healthy HTTP endpoint is never restarted', async () => {
      const httpGet = { path: '/healthz', port: 8080 };
      await create('http-ok', web('ok'), { livenessProbe: { httpGet, ...quick } });
      const answers = async (): Promise<number> =>
        (await kubectl('logs', 'http-ok')).split('\n').filter((line) => line.includes('response:200')).length;
      await assertNeverRestarted('http-ok', answers);
    });

    it('probe/liveness-http-restart: an HTTP endpoint that turns bad is restarted', async () => {
      const httpGet = { path: '/healthz', port: 'web' };
      await create('http-bad', web('ok', '(sleep 3; rm /www/healthz) &'), {
        ports: [{ name: 'web', containerPort: 8080 }],
        livenessProbe: { httpGet, ...quick, failureThreshold: 1, initialDelaySeconds: 2 },
      });
      await untilRestarted('http-bad');
      const events = await eventsOf('http-bad');
      assert.match(
        events,
        /Warning Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 404 spec\.containers\{main\}/,
      );
      assert.match(events, /Normal Killing Container main failed liveness probe, will be restarted/);
      const { lastState } = statusOf(await get('http-bad'));
      assert.ok([137, 143].includes(lastState?.terminated?.exitCode ?? 0));
    });

    it('probe/liveness-exec-ok: a command that succeeds causes no restart', async () => {
      const exec = { command: ['sh', '-c', 'echo >> /tmp/asked; cat /tmp/health'] };
      await create('exec-ok', 'echo ok > /tmp/health; sleep 3600', { livenessProbe: { exec, ...quick } });
      await assertNeverRestarted('exec-ok', numberIn('exec-ok', 'cat /tmp/asked | wc -l'));
    });

    it('probe/liveness-exec-restart: a command that fails restarts the container', async () => {
      const exec = { command: ['cat', '/tmp/health'] };
      await create('exec-bad', 'echo ok > /tmp/health; sleep 2; rm /tmp/health; sleep 3600', {
        livenessProbe: { exec, ...quick, failureThreshold: 1, initialDelaySeconds: 1 },
      });
      await untilRestarted('exec-bad');
      assert.match(
        await eventsOf('exec-bad'),
        /Warning Unhealthy Liveness probe failed: cat: can't open '\/tmp\/health': No such file or directory/,
      );
    });

    it('probe/liveness-tcp-ok: an open port is enough, whatever is said on it', async () => {
      const tcpSocket = { port: 8080 };
      await create('tcp-ok', web('x', 'rm /www/healthz;'), { livenessProbe: { tcpSocket, ...quick } });
      // Connections that were taken, of everybody in the pod's network.
      const passiveOpens = "awk '/^Tcp: [0-9]/ { print $7 }' /proc/net/snmp";
      await assertNeverRestarted('tcp-ok', numberIn('tcp-ok', passiveOpens));
    });

    describe('by gRPC', () => {
      let port = 0;
      let status = 1;
      let asked = 0;
      const server = createHttp2Server();
      before(async () => {
        server.on('stream', (stream) => {
          asked += 1;
          stream.on('error', () => undefined);
          stream.resume();
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(encodeFrame(Buffer.from([8, status])));
        });
        await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
        port = (server.address() as AddressInfo).port;
      });
      after(() => server.close());

      it('probe/liveness-grpc-ok: a health service that is SERVING causes no restart', async () => {
        const spec = { hostNetwork: true };
        await create('grpc-ok', 'sleep 3600', { livenessProbe: { grpc: { port, service: 'x' }, ...quick } }, spec);
        await assertNeverRestarted('grpc-ok', () => asked);
        status = 2;
        await untilRestarted('grpc-ok');
        assert.match(await eventsOf('grpc-ok'), /probe failed: service unhealthy \(responded with "NOT_SERVING"\)/);
      });

      it('probe/liveness-grpc-restart: a port where nobody listens restarts the container', async () => {
        await create('grpc-bad', 'sleep 3600', {
          livenessProbe: { grpc: { port: 2333 }, ...quick, failureThreshold: 1 },
        });
        await untilRestarted('grpc-bad');
        assert.match(await eventsOf('grpc-bad'), /Liveness probe failed: timeout: failed to connect service "10\./);
      });
    });

    it('probe/liveness-monotonic-restarts: repeated failures only ever count up', async () => {
      const exec = { command: ['false'] };
      await create('restarts', 'exec sleep 3600', {
        livenessProbe: { exec, ...quick, failureThreshold: 1 },
      });
      let last = 0;
      await until(
        'restarts',
        'restarted 5 times',
        (pod) => {
          const { restartCount } = statusOf(pod);
          assert.ok(restartCount >= last, `${restartCount} after ${last}`);
          last = restartCount;
          return restartCount >= 5;
        },
        90_000,
      );
    });

    it('probe/readiness-initial-delay: not ready before the initial delay, and never restarted', async () => {
      const exec = { command: ['true'] };
      await create('delayed', 'sleep 3600', { readinessProbe: { exec, ...quick, initialDelaySeconds: 5 } });
      await untilReady('delayed');
      const pod = await get('delayed');
      const started = Date.parse(String(statusOf(pod).state?.running?.startedAt));
      const ready = Date.parse(String(conditionOf(pod, 'Ready')?.lastTransitionTime));
      assert.ok(ready - started >= 5_000, `ready ${ready - started} ms after the start`);
      assert.equal(statusOf(pod).restartCount, 0);
    });

    it('probe/readiness-always-failing: never ready, and never restarted', async () => {
      await create('unready', 'sleep 3600', { readinessProbe: { exec: { command: ['false'] }, ...quick } });
      await until('unready', 'running', (pod) => statusOf(pod).started === true);
      const ready = conditionOf(await get('unready'), 'Ready');
      // More than its failureThreshold.
      await waitFor('the fifth failure', async () => (await failuresOf('unready', 'Readiness')) >= 5, {
        intervalMs: 500,
      });
      const pod = await get('unready');
      assert.equal(ready?.status, 'False');
      assert.deepEqual(conditionOf(pod, 'Ready'), ready);
      assert.deepEqual([statusOf(pod).restartCount, statusOf(pod).started], [0, true]);
      for (const type of ['Ready', 'ContainersReady']) {
        const { reason, message } = conditionOf(pod, type) ?? {};
        assert.deepEqual([reason, message], ['ContainersNotReady', 'containers with unready status: [main]']);
      }
      assert.equal(pod.status.phase, 'Running');
    });

    it('becomes unready and ready again as the readiness probe says', async () => {
      const exec = { command: ['test', '-e', '/tmp/ready'] };
      await create('flips', 'touch /tmp/ready; sleep 3600', {
        readinessProbe: { exec, ...quick, failureThreshold: 1 },
      });
      await untilReady('flips');
      await kubectl('exec', 'flips', '--', 'rm', '/tmp/ready');
      await until('flips', 'unready', (pod) => conditionOf(pod, 'Ready')?.status === 'False');
      await kubectl('exec', 'flips', '--', 'touch', '/tmp/ready');
      await untilReady('flips');
      assert.equal(statusOf(await get('flips')).restartCount, 0);
    });

    it('asks no liveness before the startup probe has succeeded', async () => {
      await create('starts', 'sleep 3600', {
        startupProbe: { exec: { command: ['test', '-e', '/tmp/started'] }, ...quick, failureThreshold: 60 },
        livenessProbe: { exec: { command: ['test', '-e', '/tmp/alive'] }, ...quick, failureThreshold: 1 },
      });
      await waitFor('the third failure', async () => (await failuresOf('starts', 'Startup')) >= 3, { intervalMs: 500 });
      const waiting = statusOf(await get('starts'));
      assert.deepEqual([waiting.started, waiting.ready, waiting.restartCount], [false, false, 0]);
      await kubectl('exec', 'starts', '--', 'touch', '/tmp/alive', '/tmp/started');
      await untilReady('starts');
      const { started, restartCount } = statusOf(await get('starts'));
      assert.deepEqual([started, restartCount], [true, 0]);
    });

    it('restarts a container that never starts, within the grace period of the probe', async () => {
      const exec = { command: ['false'] };
      await create(
        'never-starts',
        "trap '' TERM; while :; do sleep 1; done",
        { startupProbe: { exec, ...quick, failureThreshold: 2, terminationGracePeriodSeconds: 1 } },
        { terminationGracePeriodSeconds: 600 },
      );
      await untilRestarted('never-starts');
      const events = await eventsOf('never-starts');
      assert.match(events, /Warning Unhealthy Startup probe failed:/);
      assert.match(events, /Normal Killing Container main failed startup probe, will be restarted/);
      assert.equal(statusOf(await get('never-starts')).lastState?.terminated?.exitCode, 137);
      await kubectl('delete', 'pod', 'never-starts', '--now');
    });

    it('ends a pod of restartPolicy Never whose liveness fails as Failed', async () => {
      const livenessProbe = { exec: { command: ['false'] }, ...quick, failureThreshold: 1 };
      await create('dies', 'sleep 3600', { livenessProbe }, { restartPolicy: 'Never' });
      await until('dies', 'Failed', (pod) => pod.status.phase === 'Failed');
      assert.match(await eventsOf('dies'), /Killing Container main failed liveness probe spec/);
    });

    it('starts the next containers when a sidecar has started, and restarts it by its liveness', async () => {
      const sidecar = {
        name: 'side',
        image: testImage,
        restartPolicy: 'Always',
        command: ['sh', '-c', 'touch /tmp/alive; sleep 8; touch /tmp/started; exec sleep 3600'],
        startupProbe: { exec: { command: ['test', '-e', '/tmp/started'] }, ...quick, failureThreshold: 60 },
        livenessProbe: { exec: { command: ['test', '-e', '/tmp/alive'] }, ...quick, failureThreshold: 1 },
      };
      await create('sidecar', 'sleep 3600', {}, { initContainers: [sidecar] });
      await until('sidecar', 'side runs', (pod) => pod.status.initContainerStatuses?.[0]?.state?.running !== undefined);
      assert.equal(conditionOf(await get('sidecar'), 'Initialized')?.status, 'False');
      await untilReady('sidecar');
      const pod = await get('sidecar');
      const side = pod.status.initContainerStatuses?.[0];
      const gapMs =
        Date.parse(String(statusOf(pod).state?.running?.startedAt)) -
        Date.parse(String(side?.state?.running?.startedAt));
      assert.ok(gapMs >= 7_000, `main started ${gapMs} ms after the sidecar`);
      await kubectl('exec', 'sidecar', '-c', 'side', '--', 'rm', '/tmp/alive');
      await until('sidecar', 'side restarted', ({ status }) => status.initContainerStatuses?.[0]?.restartCount === 1);
      assert.match(await eventsOf('sidecar'), /Killing Init container side failed liveness probe spec/);
      await untilReady('sidecar');
      assert.equal(statusOf(await get('sidecar')).restartCount, 0);
    });

    it('takes a command that hangs as failed after its timeout', async () => {
      const exec = { command: ['sleep', '60'] };
      await create('hangs', 'sleep 3600', { readinessProbe: { exec, ...quick, timeoutSeconds: 1 } });
      await waitFor('the event', async () =>
        (await eventsOf('hangs')).includes(
          'Warning Unhealthy Readiness probe failed: command timed out: "sleep 60" timed out after 1s',
        ),
      );
    });

    it('keeps a readiness gate of somebody else, and is ready when it says so', async () => {
      await create('gated', 'sleep 3600', {}, { readinessGates: [{ conditionType: 'example.com/gate' }] });
      await until('gated', 'containers ready', (pod) => conditionOf(pod, 'ContainersReady')?.status === 'True');
      const closed = conditionOf(await get('gated'), 'Ready');
      assert.deepEqual(
        [closed?.status, closed?.reason, closed?.message],
        [
          'False',
          'ReadinessGatesNotReady',
          'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
        ],
      );
      const patch = { status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } };
      await kubectl('patch', 'pod', 'gated', '--subresource=status', '-p', JSON.stringify(patch));
      await untilReady('gated');
      assert.equal(conditionOf(await get('gated'), 'example.com/gate')?.status, 'True');
    });
  });

  it('keep a pod ready over a restart of eliotd, and go on', async () => {
    const exec = { command: ['test', '-e', '/tmp/ready'] };
    await create('stays', 'touch /tmp/ready; sleep 3600', {
      startupProbe: { exec, ...quick },
      readinessProbe: { exec, ...quick, failureThreshold: 1 },
    });
    await untilReady('stays');
    const before = conditionOf(await get('stays'), 'Ready');
    await device.restartDaemon('SIGKILL');
    assert.deepEqual(conditionOf(await get('stays'), 'Ready'), before);
    assert.deepEqual([statusOf(await get('stays')).started, statusOf(await get('stays')).ready], [true, true]);
    await kubectl('exec', 'stays', '--', 'rm', '/tmp/ready');
    await until('stays', 'unready', (pod) => conditionOf(pod, 'Ready')?.status === 'False');
  });
});
