import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSystemClock } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';
import type { RuntimeEvent } from '../runtime/runtime.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { containerConfig, sandboxConfig } from './runtime-fixtures.ts';
import { runtimeSuite } from './runtime-suite.ts';

const signal = new AbortController().signal;

runtimeSuite('FakeRuntime', async () => {
  const runtime = new FakeRuntime({ clock: createSystemClock() });
  runtime.images.add('busybox');
  return {
    runtime,
    images: runtime.images,
    image: 'busybox',
    logDirectory: '/logs',
    cgroupParent: '/suite',
    hasPodNetwork: true,
    close: async () => {},
  };
});

describe('FakeRuntime, bent by a test', () => {
  async function started(runtime: FakeRuntime, command: readonly string[] = []) {
    runtime.images.add('busybox');
    const sandbox = await runtime.runSandbox(sandboxConfig(), signal);
    const id = await runtime.createContainer(sandbox, containerConfig({ command }), sandboxConfig(), signal);
    await runtime.startContainer(id, signal);
    return { sandbox, id };
  }

  it('fails a call as often as it was told, then works', async () => {
    const runtime = new FakeRuntime({ clock: new FakeClock() });
    runtime.faults.fail('runSandbox', new StatusError('InternalError', 'no network'), 2);
    await assert.rejects(runtime.runSandbox(sandboxConfig(), signal), /no network/);
    await assert.rejects(runtime.runSandbox(sandboxConfig(), signal), /no network/);
    await runtime.runSandbox(sandboxConfig(), signal);
  });

  it('holds a call until it is released', async () => {
    const runtime = new FakeRuntime({ clock: new FakeClock() });
    runtime.images.offer('web:1');
    const release = runtime.faults.hold('pull');
    const pulled = runtime.images.pull('web:1', undefined, signal);
    assert.equal(await runtime.images.status('web:1', signal), undefined);
    release();
    assert.match(await pulled, /^sha256:/);
    assert.ok(await runtime.images.status('web:1', signal));
  });

  it('refuses everything while it is down', async () => {
    const runtime = new FakeRuntime({ clock: new FakeClock() });
    runtime.faults.isDown = true;
    await assert.rejects(runtime.version(signal), { reason: 'ServiceUnavailable' });
    runtime.faults.isDown = false;
    await runtime.version(signal);
  });

  it('ends a container as the test decides, with the events of an OOM kill', async () => {
    const runtime = new FakeRuntime({ clock: new FakeClock() });
    const { id } = await started(runtime);
    const stop = new AbortController();
    const seen: RuntimeEvent[] = [];
    const reading = (async () => {
      for await (const event of runtime.events(stop.signal)) seen.push(event);
    })();
    await runtime.endContainer(id, 137, 'OOMKilled');
    stop.abort();
    await reading;
    const { state, exitCode, reason } = await runtime.containerStatus(id, signal);
    assert.deepEqual({ state, exitCode, reason }, { state: 'Exited', exitCode: 137, reason: 'OOMKilled' });
    assert.deepEqual(
      runtime.faults.calls.map((call) => call.method),
      ['runSandbox', 'createContainer', 'startContainer', 'containerStatus'],
    );
  });

  it('leaves containers Unknown with 255 and sandboxes not ready after a reboot', async () => {
    const runtime = new FakeRuntime({ clock: new FakeClock() });
    const { id, sandbox } = await started(runtime);
    await runtime.reboot();
    const { state, exitCode, reason } = await runtime.containerStatus(id, signal);
    assert.deepEqual({ state, exitCode, reason }, { state: 'Exited', exitCode: 255, reason: 'Unknown' });
    assert.equal((await runtime.sandboxStatus(sandbox, signal)).ready, false);
  });

  it('waits for its clock before it kills', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime({ clock });
    const { id } = await started(runtime, ['sleep', 'infinity']);
    const stopped = runtime.stopContainer(id, 30, signal);
    while (clock.sleeping === 0) await Promise.resolve();
    clock.advance(29_999);
    assert.equal((await runtime.containerStatus(id, signal)).state, 'Running');
    clock.advance(1);
    await stopped;
    assert.equal((await runtime.containerStatus(id, signal)).exitCode, 137);
  });

  it("writes logs in containerd's format", async () => {
    const lines: string[] = [];
    const runtime = new FakeRuntime({
      clock: new FakeClock(),
      writeLog: (path, text) => lines.push(`${path}: ${text}`),
    });
    const { id } = await started(runtime, ['sh', '-c', "echo one; echo two >&2; printf 'three\\r\\nfour'"]);
    while ((await runtime.containerStatus(id, signal)).state !== 'Exited') await nextTurn();
    const time = '2026-01-01T00:00:00.000000000Z';
    assert.deepEqual(lines, [
      `/tmp/eliot-test-logs/web/main/0.log: ${time} stdout F one\n`,
      `/tmp/eliot-test-logs/web/main/0.log: ${time} stderr F two\n`,
      `/tmp/eliot-test-logs/web/main/0.log: ${time} stdout F three\n`,
      `/tmp/eliot-test-logs/web/main/0.log: ${time} stdout P four\n`,
    ]);
  });
});
