import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { ContainerId } from '../../runtime/runtime.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import { podRef } from '../pod-names.ts';
import { ContainerEnder, type ContainerEnderDeps } from './container-ender.ts';

const { signal } = new AbortController();
const id = (text: string): ContainerId => text as ContainerId;
const ok = { exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

class Device {
  readonly clock = new FakeClock();
  /** What happened, with the second it happened in. */
  readonly happened: string[] = [];
  readonly ender: ContainerEnder;

  constructor(overrides: Partial<ContainerEnderDeps> = {}) {
    this.ender = new ContainerEnder({
      clock: this.clock,
      log: silentLogger,
      execSync: async (container, command) => {
        this.note(`exec ${command.join(' ')} in ${container}`);
        return ok;
      },
      httpGet: async ({ url }) => {
        this.note(`get ${url}`);
        return { kind: 'Answer' };
      },
      stopContainer: async (container, seconds) => this.note(`stop ${container} in ${seconds} s`),
      record: (_pod, { reason, message }) => this.note(`${reason} ${message}`),
      recordKilling: (_pod, message) => this.note(`Killing ${message}`),
      userAgent: 'kube-lifecycle/1.35',
      ...overrides,
    });
  }

  note(text: string): void {
    this.happened.push(`${this.clock.monotonicMs() / 1000}: ${text}`);
  }
}

const podWith = (preStop: object | undefined): ReturnType<typeof makePod> =>
  makePod({
    spec: { containers: [{ name: 'web', image: 'busybox', ...(preStop ? { lifecycle: { preStop } } : {}) }] },
  });
const web = { id: id('c1'), name: 'web', isRunning: true };
const options = { graceMs: 30_000, podIP: '10.85.0.2', message: 'Stopping container web' };

describe('the end of a container', () => {
  it('is the stop signal, then the whole grace period', async () => {
    const device = new Device();
    await device.ender.end(podWith(undefined), web, options, signal);
    assert.deepEqual(device.happened, ['0: Killing Stopping container web', '0: stop c1 in 30 s']);
  });

  it('begins with its hook, which takes its time from the grace period', async () => {
    const device = new Device();
    const ending = device.ender.end(podWith({ sleep: { seconds: 10 } }), web, options, signal);
    await settle();
    device.clock.advance(10_000);
    await ending;
    assert.deepEqual(device.happened, ['0: Killing Stopping container web', '10: stop c1 in 20 s']);
  });

  it('comes when the grace period is over although its hook is not done', async () => {
    const stuck = new Device({
      execSync: async (_id, _command, _seconds, stop) => {
        await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
        throw stop.reason;
      },
    });
    const ending = stuck.ender.end(podWith({ exec: { command: ['hang'] } }), web, options, signal);
    await settle();
    stuck.clock.advance(30_000);
    await ending;
    assert.deepEqual(stuck.happened, ['0: Killing Stopping container web', '30: stop c1 in 2 s']);
  });

  it('says that its hook failed, but not how', async () => {
    const device = new Device({ execSync: async () => ({ ...ok, exitCode: 1, stderr: Buffer.from('secret') }) });
    await device.ender.end(podWith({ exec: { command: ['false'] } }), web, options, signal);
    assert.deepEqual(device.happened, [
      '0: Killing Stopping container web',
      '0: FailedPreStopHook PreStopHook failed',
      '0: stop c1 in 30 s',
    ]);
  });

  it('runs its hook once, however often it is tried', async () => {
    let stops = 0;
    const device: Device = new Device({
      stopContainer: async () => {
        if (++stops === 1) throw new StatusError('ServiceUnavailable', 'no answer');
        device.note('stopped');
      },
    });
    const pod = podWith({ exec: { command: ['bye'] } });
    await assert.rejects(device.ender.end(pod, web, options, signal));
    await device.ender.end(pod, web, options, signal);
    assert.equal(device.happened.filter((each) => each.includes('exec bye')).length, 1);
  });

  it('without a grace period is at once, without a hook', async () => {
    const device = new Device();
    await device.ender.end(podWith({ exec: { command: ['bye'] } }), web, { ...options, graceMs: 0 }, signal);
    assert.deepEqual(device.happened, ['0: Killing Stopping container web', '0: stop c1 in 0 s']);
  });

  it('rejects with the reason when it is given up', async () => {
    const device = new Device();
    const stop = new AbortController();
    const ending = device.ender.end(podWith({ sleep: { seconds: 10 } }), web, options, stop.signal);
    await settle();
    stop.abort(new Error('shorter'));
    await assert.rejects(ending, /shorter/);
  });
});

describe('the end of a pod', () => {
  const sidecar = (name: string): object => ({
    name,
    image: 'busybox',
    restartPolicy: 'Always',
    lifecycle: { preStop: { exec: { command: [`bye-${name}`] } } },
  });
  const pod = makePod({
    spec: {
      initContainers: [sidecar('first'), sidecar('second')],
      containers: [
        { name: 'web', image: 'busybox' },
        { name: 'app', image: 'busybox' },
      ],
    },
  });
  const endings = ['first', 'second', 'web', 'app'].map((name) => ({ id: id(name), name, isRunning: true }));

  it('runs all hooks at once, and stops sidecars after the others, in reverse order', async () => {
    const device: Device = new Device({
      stopContainer: async (container) => {
        device.note(`stop ${container}`);
        await device.clock.sleep(1_000);
      },
    });
    const ending = device.ender.endAll(podRef(pod), pod, endings, { graceMs: 30_000, podIP: '' }, signal);
    for (let second = 0; second < 4; second++) {
      await settle();
      device.clock.advance(1_000);
    }
    await ending;
    assert.deepEqual(
      device.happened.filter((each) => !each.includes('Killing')),
      [
        '0: exec bye-second in second',
        '0: exec bye-first in first',
        '0: stop web',
        '0: stop app',
        '1: stop second',
        '2: stop first',
      ],
    );
  });

  it('lets everybody finish his hook before it fails, so that a second try cuts nobody short', async () => {
    const device: Device = new Device({
      execSync: async () => {
        await device.clock.sleep(3_000);
        device.note('hook done');
        return ok;
      },
      stopContainer: async (container) => {
        if (container === 'web') throw new StatusError('ServiceUnavailable', 'no answer');
      },
    });
    const ending = device.ender.endAll(podRef(pod), pod, endings, { graceMs: 30_000, podIP: '' }, signal);
    const failed = assert.rejects(ending, /no answer/).then(() => device.note('failed'));
    await settle();
    device.clock.advance(3_000);
    await failed;
    assert.deepEqual(
      device.happened.filter((each) => !each.includes('Killing')),
      ['3: hook done', '3: hook done', '3: failed'],
    );
  });

  it('waits for nobody when the grace period is over', async () => {
    const device: Device = new Device({
      stopContainer: async (container, seconds) => {
        device.note(`stop ${container} in ${seconds} s`);
        if (container === 'web') await device.clock.sleep(60_000);
      },
    });
    const ending = device.ender.endAll(podRef(pod), pod, endings, { graceMs: 10_000, podIP: '' }, signal);
    await settle();
    device.clock.advance(10_000);
    await settle();
    assert.ok(device.happened.includes('10: stop second in 2 s'));
    device.clock.advance(60_000);
    await ending;
  });
});

describe('a postStart hook', () => {
  const target = (postStart: object) => {
    const pod = makePod({ spec: { containers: [{ name: 'web', image: 'busybox', lifecycle: { postStart } }] } });
    const container = pod.spec.containers[0];
    assert.ok(container);
    return { pod, container, containerId: id('c1'), podIP: '10.85.0.2' };
  };

  it('asks the pod itself when no host is named, and takes every answer', async () => {
    const device = new Device();
    const hook = target({ httpGet: { port: 8080, path: '/started' } });
    assert.equal(await device.ender.postStart(hook, signal), undefined);
    assert.deepEqual(device.happened, ['0: get http://10.85.0.2:8080/started']);
  });

  it('that fails says why in the status, and only that it failed in the event', async () => {
    const device = new Device({ execSync: async () => ({ ...ok, exitCode: 3, stdout: Buffer.from('out') }) });
    const problem = await device.ender.postStart(target({ exec: { command: ['sh', '-c', 'x'] } }), signal);
    assert.equal(
      problem,
      'Exec lifecycle hook ([sh -c x]) for Container "web" in Pod "web_default(u1)" failed - error: command \'sh -c x\' exited with 3: , message: "out"',
    );
    assert.deepEqual(device.happened, ['0: FailedPostStartHook PostStartHook failed']);
  });

  it('is sent by HTTP when it was to go by HTTPS and nobody speaks that, without its Authorization', async () => {
    const asked: unknown[] = [];
    const device: Device = new Device({
      httpGet: async ({ url, headers }) => {
        asked.push([url, headers.map(({ name }) => name)]);
        return url.startsWith('http:') ? { kind: 'Answer' } : { kind: 'Failed', message: 'no TLS', isPlainHttp: true };
      },
    });
    const httpHeaders = [
      { name: 'Authorization', value: 'secret' },
      { name: 'X', value: 'y' },
    ];
    const hook = target({ httpGet: { port: 8080, scheme: 'HTTPS', httpHeaders } });
    assert.equal(await device.ender.postStart(hook, signal), undefined);
    assert.deepEqual(asked, [
      ['https://10.85.0.2:8080/', ['Authorization', 'X']],
      ['http://10.85.0.2:8080/', ['X']],
    ]);
    assert.deepEqual(device.happened, [
      '0: LifecycleHTTPFallback request to HTTPS lifecycle hook 10.85.0.2:8080 got HTTP response, retry with HTTP succeeded',
    ]);
  });

  it('by TCP fails, as it always has', async () => {
    const device = new Device();
    assert.match((await device.ender.postStart(target({ tcpSocket: { port: 1 } }), signal)) ?? '', /invalid handler/);
  });

  it('is given up when the pod is to end', async () => {
    const stop = new AbortController();
    const device = new Device();
    const running = device.ender.postStart(target({ sleep: { seconds: 60 } }), stop.signal);
    stop.abort(new Error('the pod is to end'));
    await assert.rejects(running, /the pod is to end/);
  });

  it('ends some day although nobody answers', async () => {
    const device = new Device({
      httpGet: async (_request, stop) => {
        await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
        throw stop.reason;
      },
    });
    const running = device.ender.postStart(target({ httpGet: { port: 80 } }), signal);
    await settle();
    device.clock.advance(24 * 60 * 60_000);
    assert.match((await running) ?? '', /not done within 86400 seconds/);
    assert.deepEqual(device.happened, ['86400: FailedPostStartHook PostStartHook failed']);
  });
});
