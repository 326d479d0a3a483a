/** Pods (conformance area "Pods: API and lifecycle"). */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import type { ContainerStatus, Pod } from '../../../src/api/kinds/pod/types.ts';
import { pods } from '../../../src/api/resources.ts';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

const otherImage = 'eliot.test/busybox:2';

describe('pods', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start({ config: 'maxContainerRestartPeriod: 2s\n' });
    await on.device.loadImage(otherImage);
  });
  after(() => on?.close());

  const key = (name: string) => ({ namespace: 'default', name });
  const statusOf = (pod: Pod): ContainerStatus => {
    const status = pod.status.containerStatuses?.[0];
    assert.ok(status, 'the pod has a container status');
    return status;
  };
  const labelled = async (selector: string): Promise<readonly string[]> => {
    const { items } = await on.client.list<Pod>(pods, { namespace: 'default', labelSelector: selector });
    return items.map(({ metadata }) => metadata.name ?? '');
  };
  const gone = (name: string): Promise<unknown> =>
    waitFor(`${name} is gone`, async () => !(await labelled('')).includes(name), { intervalMs: 200 });

  it('pods/submit-and-remove: a pod is seen to come, to be told to end, and only then to go', async () => {
    const seen: string[] = [];
    const watching = new AbortController();
    const watched = (async () => {
      const options = { namespace: 'default', labelSelector: 'time=submit' };
      for await (const event of on.client.watch<Pod>(pods, options, watching.signal)) {
        if (event.type === 'BOOKMARK') continue;
        const isEnding = event.object.metadata.deletionTimestamp !== undefined;
        seen.push(`${event.type}${isEnding ? ' ending' : ''}`);
        if (event.type === 'DELETED') return;
      }
    })();
    const line = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
    const name = await on.running({ line, metadata: { labels: { time: 'submit' } } });
    assert.deepEqual(await labelled('time=submit'), [name]);
    await on.client.delete(pods, key(name), { gracePeriodSeconds: 30 });
    await watched;
    watching.abort();
    assert.equal(seen[0], 'ADDED');
    const ending = seen.indexOf('MODIFIED ending');
    assert.ok(ending > 0 && seen.indexOf('DELETED ending') > ending, seen.join());
    assert.deepEqual(await labelled('time=submit'), []);
  });

  it('pods/update-labels: a label that was changed by PUT is found', async () => {
    const name = await on.running({ line: 'sleep 3600', metadata: { labels: { time: 'before' } } });
    const pod = await on.pod(name);
    await on.client.update<Pod>(pods, { ...pod, metadata: { ...pod.metadata, labels: { time: 'after' } } });
    assert.deepEqual(await labelled('time=after'), [name]);
    assert.deepEqual(await labelled('time=before'), []);
  });

  it('pods/active-deadline-update: a pod that runs is failed when a deadline is set and passes', async () => {
    const name = await on.running({ line: 'sleep 3600' });
    const pod = await on.pod(name);
    await on.client.update<Pod>(pods, { ...pod, spec: { ...pod.spec, activeDeadlineSeconds: 2 } });
    const { status } = await on.until(name, 'Failed', ({ status: seen }) => seen.phase === 'Failed');
    assert.equal(status.reason, 'DeadlineExceeded');
    assert.equal(status.message, 'Pod was active on the node longer than the specified deadline');
    assert.ok(status.containerStatuses?.[0]?.state?.terminated, 'its container has ended');
  });

  it('pods/deletecollection: pods that run are removed by their label', async () => {
    const labels = { type: 'collected' };
    const names = await Promise.all([1, 2, 3].map(() => on.running({ line: 'sleep 3600', metadata: { labels } })));
    await on.rest.json({
      method: 'DELETE',
      path: '/api/v1/namespaces/default/pods',
      query: { labelSelector: 'type=collected', gracePeriodSeconds: '1' },
    });
    for (const name of names) await gone(name);
  });

  it('pods/host-ip: the status has an address of the node', async () => {
    const { status } = await on.pod(await on.running({ line: 'sleep 3600' }));
    assert.notEqual(isIP(status.hostIP ?? ''), 0);
    assert.deepEqual(status.hostIPs?.[0], { ip: status.hostIP });
  });

  it('pods/patch-status: a status that somebody patches is read back, and foreign conditions stay', async () => {
    const name = await on.running({ line: 'sleep 3600' });
    const condition = { type: 'example.com/seen', status: 'True', reason: 'Looked' };
    const status = { conditions: [condition], message: 'Patched', reason: 'E2E' };
    const options = { subresource: 'status' };
    const patched = await on.client.patch<Pod>(pods, key(name), 'strategic', { status }, options);
    assert.deepEqual([patched.status.message, patched.status.reason], ['Patched', 'E2E']);
    // The agent writes a status of its own.
    await on.patch(pods, name, { metadata: { labels: { poke: 'a' } } });
    await on.patch(pods, name, { spec: { containers: [{ name: 'main', image: otherImage }] } });
    const after = await on.until(name, 'restarted', (pod) => statusOf(pod).restartCount === 1);
    const kept = after.status.conditions?.find(({ type }) => type === condition.type);
    assert.deepEqual([kept?.status, kept?.reason], ['True', 'Looked']);
  });

  it('pods/lifecycle-and-status: label, image and status change on the live pod, each seen on a watch', async () => {
    const labels = { lifecycle: 'yes' };
    const events: Pod[] = [];
    const watching = new AbortController();
    const watched = (async () => {
      const options = { namespace: 'default', labelSelector: 'lifecycle' };
      for await (const event of on.client.watch<Pod>(pods, options, watching.signal)) {
        if (event.type === 'BOOKMARK') continue;
        events.push(event.object);
        if (event.type === 'DELETED') return;
      }
    })();
    const line = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
    const name = await on.running({ line, metadata: { labels } });
    const before = statusOf(await on.pod(name)).containerID;
    await on.patch(pods, name, {
      metadata: { labels: { lifecycle: 'patched' } },
      spec: { terminationGracePeriodSeconds: undefined, containers: [{ name: 'main', image: otherImage }] },
    });
    const changed = await on.until(
      name,
      'runs the other image',
      (pod) => statusOf(pod).containerID !== before && statusOf(pod).state?.running !== undefined,
    );
    assert.equal(statusOf(changed).image, otherImage);
    const conditions = (changed.status.conditions ?? []).map((each) =>
      each.type === 'Ready' ? { ...each, status: 'False', message: 'by a test' } : each,
    );
    await on.client.update<Pod>(
      pods,
      { ...(await on.pod(name)), status: { ...changed.status, conditions } },
      { subresource: 'status' },
    );
    await waitFor('the replaced status', () =>
      events.some(({ status }) => status.conditions?.some(({ message }) => message === 'by a test')),
    );
    await on.rest.json({
      method: 'DELETE',
      path: '/api/v1/namespaces/default/pods',
      query: { labelSelector: 'lifecycle=patched' },
    });
    await watched;
    watching.abort();
    assert.ok(events.some(({ metadata }) => metadata.labels?.['lifecycle'] === 'patched'));
    assert.ok(events.some((pod) => pod.spec.containers[0]?.image === otherImage));
  });

  it('pods/exec-websocket: frames of the first channel protocol carry what a command prints', async () => {
    const name = await on.running({ line: 'sleep 3600' });
    const query = new URLSearchParams([
      ['stdout', '1'],
      ['stderr', '1'],
      ['command', 'echo'],
      ['command', 'remote execution test'],
    ]);
    const frames = await framesOf(`/api/v1/namespaces/default/pods/${name}/exec?${query}`, 'channel.k8s.io');
    for (const frame of frames) assert.ok([1, 2].includes(frame[0] ?? 0), `channel ${frame[0]}`);
    const stdout = Buffer.concat(frames.filter((frame) => frame[0] === 1).map((frame) => frame.subarray(1)));
    assert.equal(stdout.toString(), 'remote execution test\n');
  });

  it('pods/log-websocket: the second protocol carries the bytes of a log and is closed in order', async () => {
    const name = await on.running({ line: 'echo container is alive; exec sleep 3600' });
    await waitFor('the line', async () => (await on.logs(name)) !== '');
    const frames = await framesOf(`/api/v1/namespaces/default/pods/${name}/log?container=main`, 'binary.k8s.io');
    assert.equal(Buffer.concat(frames).toString(), 'container is alive\n');
  });

  it('pods/prestop-on-delete: the preStop command runs to its end, against another pod', async () => {
    const server = await on.running({ line: 'mkdir /www; exec httpd -f -vv -p 8080 -h /www' });
    const { podIP } = (await on.pod(server)).status;
    const ask = `sleep 1; printf 'GET /prestop HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${podIP} 8080; sleep 1; touch /tmp/done`;
    const line = "trap 'test -e /tmp/done && exit 0' TERM; while :; do sleep 0.1; done";
    const lifecycle = { preStop: { exec: { command: ['sh', '-c', ask] } } };
    const name = await on.running({ line, container: { lifecycle } });
    await on.client.delete(pods, key(name), { gracePeriodSeconds: 20 });
    await gone(name);
    assert.match(await on.logs(server), /url:\/prestop\n/);
  });

  it('pods/qos-class: limits equal to requests are Guaranteed, from the creation on', async () => {
    const resources = { limits: { cpu: '100m', memory: '32Mi' }, requests: { cpu: '100m', memory: '32Mi' } };
    const name = await on.create({ line: 'sleep 3600', container: { resources } });
    assert.equal((await on.pod(name)).status.qosClass, 'Guaranteed');
  });

  it('pods/failed-terminated-reason: a command that fails has a reason', async () => {
    const name = await on.create({ container: { command: ['false'] }, spec: { restartPolicy: 'Always' } });
    const pod = await on.until(name, 'ended', (seen) => lastEnd(seen) !== undefined);
    assert.deepEqual([lastEnd(pod)?.reason, lastEnd(pod)?.exitCode], ['Error', 1]);
  });

  it('pods/failed-can-be-deleted: a pod that keeps crashing is deleted as any other', async () => {
    const name = await on.create({ container: { command: ['false'] }, spec: { restartPolicy: 'Always' } });
    await on.until(
      name,
      'crash loop',
      (pod) => pod.status.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    await on.client.delete(pods, key(name), {});
    await gone(name);
  });

  it('pods/logs-stdout: what a process prints is in its log', async () => {
    assert.equal(await on.output({ line: 'echo Hello World' }), 'Hello World\n');
  });

  describe('pods/exit-phases', () => {
    const counting = (line: string): string =>
      `n=$(cat /count/n 2>/dev/null || echo 0); echo $((n+1)) > /count/n; ${line}`;
    const idea = (restartPolicy: string, line: string) => ({
      line: counting(line),
      volumes: { count: { emptyDir: {} } },
      spec: { restartPolicy },
    });

    it('pods/exit-phases: Always restarts, OnFailure until it succeeds, Never never', async () => {
      const [always, onFailure, never] = await Promise.all([
        on.create(idea('Always', 'test $n -ge 2 && exec sleep 3600; exit 1')),
        on.create(idea('OnFailure', 'test $n -ge 1; exit $?')),
        on.create(idea('Never', 'exit 1')),
      ]);
      const running = await on.until(
        always,
        'restarted twice',
        ({ status: { containerStatuses: [main] = [] } }) => main?.restartCount === 2 && main.ready,
      );
      assert.equal(running.status.phase, 'Running');
      assert.ok(statusOf(running).state?.running);
      const succeeded = await on.until(onFailure, 'Succeeded', ({ status }) => status.phase === 'Succeeded');
      const failed = await on.until(never, 'Failed', ({ status }) => status.phase === 'Failed');
      assert.deepEqual(
        [succeeded, failed]
          .map(statusOf)
          .map(({ restartCount, ready, state }) => [restartCount, ready, state?.terminated?.exitCode]),
        [
          [1, false, 0],
          [0, false, 1],
        ],
      );
    });
  });

  it('is not Succeeded while a sidecar still runs', async () => {
    const sidecar = {
      name: 'side',
      image: testImage,
      restartPolicy: 'Always',
      command: ['sh', '-c', "trap 'sleep 2; exit 0' TERM; while :; do sleep 0.1; done"],
    };
    const name = await on.create({
      line: 'true',
      spec: { initContainers: [sidecar], terminationGracePeriodSeconds: 20 },
    });
    await on.until(name, 'Succeeded', ({ status }) => {
      const side = status.initContainerStatuses?.[0]?.state;
      assert.ok(!(status.phase === 'Succeeded' && side?.running), 'the sidecar runs');
      return status.phase === 'Succeeded' && side?.terminated !== undefined;
    });
  });

  function lastEnd(pod: Pod) {
    const { state, lastState } = pod.status.containerStatuses?.[0] ?? {};
    return state?.terminated ?? lastState?.terminated;
  }

  /** Every frame of a WebSocket until the server closes it, which must be in order. */
  async function framesOf(path: string, protocol: string): Promise<readonly Buffer[]> {
    const { url, options } = on.webSocketTarget(path);
    const socket = new WebSocket(url, [protocol], options);
    const frames: Buffer[] = [];
    const closed = Promise.withResolvers<number>();
    socket.on('message', (data) => frames.push(data as Buffer));
    socket.on('close', closed.resolve);
    socket.on('error', closed.reject);
    assert.equal(await closed.promise, 1000);
    assert.equal(socket.protocol, protocol);
    return frames;
  }
});
