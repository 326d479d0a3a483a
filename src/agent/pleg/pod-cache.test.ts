import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { ContainerId, SandboxId } from '../../runtime/runtime.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeRuntime } from '../../testing/fake-runtime.ts';
import { containerConfig, sandboxConfig } from '../../testing/runtime-fixtures.ts';
import { settle, until } from '../../testing/settle.ts';
import { runtimeLabels } from '../runtime-labels.ts';
import { PodCache } from './pod-cache.ts';

const signal = new AbortController().signal;

describe('the picture of the pods', () => {
  let clock: FakeClock;
  let runtime: FakeRuntime;
  let cache: PodCache;
  let changed: string[];
  let stop: () => Promise<void>;

  beforeEach(() => {
    clock = new FakeClock();
    runtime = new FakeRuntime({
      clock,
      programs: (_image, [name]) => (name === 'run' ? () => new Promise<number>(() => {}) : undefined),
    });
    runtime.images.add('busybox');
    cache = new PodCache({ runtime, instanceId: 'i1', clock, log: silentLogger });
    changed = [];
    cache.onChange((uid) => void changed.push(uid));
  });
  afterEach(() => stop());

  async function start(): Promise<void> {
    const abort = new AbortController();
    const running = cache.run(abort.signal);
    stop = async () => {
      abort.abort(new Error('stop'));
      await running;
    };
    await until(() => clock.sleeping > 0);
  }

  const labelsOf = (uid: string, instance = 'i1'): Record<string, string> => ({
    [runtimeLabels.podUid]: uid,
    [runtimeLabels.instance]: instance,
  });
  async function runPod(uid = 'u1', instance = 'i1'): Promise<{ sandbox: SandboxId; container: ContainerId }> {
    const config = sandboxConfig({ name: uid, uid, labels: labelsOf(uid, instance) });
    const sandbox = await runtime.runSandbox(config, signal);
    const made = containerConfig({ command: ['run'], labels: labelsOf(uid, instance) });
    const container = await runtime.createContainer(sandbox, made, config, signal);
    await runtime.startContainer(container, signal);
    return { sandbox, container };
  }
  const stateOf = (uid = 'u1'): string | undefined => cache.get(uid)?.containers[0]?.state;

  it('has what runs already, of this instance only', async () => {
    await runPod('u1');
    await runPod('u2', 'somebody-else');
    await start();
    await cache.whenListed;
    assert.deepEqual(
      cache.list().map(({ uid }) => uid),
      ['u1'],
    );
    assert.equal(stateOf(), 'Running');
  });

  it('changes with events, before listeners hear of it', async () => {
    const { container } = await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    const seen: (string | undefined)[] = [];
    cache.onChange(() => void seen.push(stateOf()));
    await runtime.endContainer(container, 3);
    await until(() => stateOf() === 'Exited');
    // First of the event, then of what the runtime said.
    assert.deepEqual(seen, ['Running', 'Exited']);
    assert.equal(cache.get('u1')?.containers[0]?.exitCode, 3);
  });

  it('knows of an end before the runtime says so, and shows no other state', async () => {
    const { container } = await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    const status = await runtime.containerStatus(container, signal);
    runtime.containerStatus = async () => status;
    await runtime.endContainer(container, 7);
    await until(() => cache.get('u1')?.containers[0]?.announcedEnd !== undefined);
    assert.equal(stateOf(), 'Running');
    assert.deepEqual(cache.get('u1')?.containers[0]?.announcedEnd, {
      exitCode: 7,
      atMs: clock.now(),
      atMonotonicMs: clock.monotonicMs(),
    });
    // A look in between does not forget it.
    cache.distrust('u1');
    assert.equal((await cache.read('u1', signal)).containers[0]?.announcedEnd?.exitCode, 7);
  });

  it('finds what appears without being asked', async () => {
    await start();
    await runPod();
    await until(() => stateOf() === 'Running');
    assert.ok(changed.includes('u1'));
  });

  it('asks again until the runtime says that a container ended', async () => {
    const { container } = await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    const { status } = await runtime.containerStatus(container, signal).then((status) => ({ status }));
    const real = runtime.listContainers.bind(runtime);
    const realStatus = runtime.containerStatus.bind(runtime);
    let lies = 3;
    runtime.listContainers = async (...args) => {
      const list = await real(...args);
      return lies > 0 ? list.map((each) => ({ ...each, state: 'Running' as const })) : list;
    };
    runtime.containerStatus = async (...args) => (lies-- > 0 ? status : realStatus(...args));
    await runtime.endContainer(container, 0);
    await until(async () => {
      clock.advance(10);
      return stateOf() === 'Exited';
    });
    assert.ok(clock.monotonicMs() < 1_000);
  });

  it('does not forget an end that was told before anybody had seen the container run', async () => {
    await start();
    const config = sandboxConfig({ name: 'u1', uid: 'u1', labels: labelsOf('u1') });
    const sandbox = await runtime.runSandbox(config, signal);
    const made = containerConfig({ command: ['run'], labels: labelsOf('u1') });
    const container = await runtime.createContainer(sandbox, made, config, signal);
    await cache.relist(signal);
    await settle(100);
    assert.equal(stateOf(), 'Created');
    cache.distrust('u1');
    await runtime.startContainer(container, signal);
    const running = await runtime.containerStatus(container, signal);
    const [list, status] = [runtime.listContainers.bind(runtime), runtime.containerStatus.bind(runtime)];
    // A slow machine: whoever has started it looks a while after it has ended, and the runtime still says that it runs.
    let lies = true;
    runtime.listContainers = async (...args) =>
      (await list(...args)).map((each) => (lies ? { ...each, state: 'Running' as const } : each));
    runtime.containerStatus = async (...args) => (lies ? running : status(...args));
    await runtime.endContainer(container, 3);
    assert.equal(stateOf(), 'Created');
    for (let waitedMs = 0; waitedMs < 200; waitedMs += 10) {
      await settle();
      clock.advance(10);
    }
    assert.equal((await cache.read('u1', signal)).containers[0]?.state, 'Running');
    lies = false;
    const readMs = clock.monotonicMs();
    await until(async () => {
      clock.advance(10);
      return stateOf() === 'Exited';
    });
    assert.ok(clock.monotonicMs() - readMs < 5_000, `after ${clock.monotonicMs() - readMs} ms`);
  });

  it('compares everything after events were lost', async () => {
    const { container } = await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    runtime.faults.isDown = true;
    await runtime.endContainer(container, 1);
    await settle();
    assert.equal(stateOf(), 'Running');
    runtime.faults.isDown = false;
    runtime.loseEvents();
    await until(() => stateOf() === 'Exited');
  });

  it('compares everything from time to time', async () => {
    await start();
    await until(() => clock.sleeping > 0);
    const before = runtime.faults.calls.filter(({ method }) => method === 'listSandboxes').length;
    clock.advance(30_000);
    await until(() => runtime.faults.calls.filter(({ method }) => method === 'listSandboxes').length > before);
  });

  it('keeps what it knows when a look fails', async () => {
    await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    runtime.faults.fail('listContainers', new StatusError('ServiceUnavailable', 'down'), Infinity);
    await assert.rejects(cache.relist(signal), /down/);
    assert.equal(stateOf(), 'Running');
  });

  it('forgets a pod of which nothing is left', async () => {
    const { sandbox } = await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    await runtime.removeSandbox(sandbox, signal);
    await until(() => cache.get('u1') === undefined);
    assert.deepEqual(cache.list(), []);
  });

  it('is trusted until somebody acts on the pod', async () => {
    await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    await settle();
    const calls = (): number => runtime.faults.calls.length;
    const before = calls();
    await cache.read('u1', signal);
    await cache.read('unknown', signal);
    assert.equal(calls(), before);
    cache.distrust('u1');
    await cache.read('u1', signal);
    assert.ok(calls() > before);
    const after = calls();
    await cache.read('u1', signal);
    assert.equal(calls(), after);
  });

  it('asks the runtime before everything was listed, and fails when it does not answer', async () => {
    stop = async () => {};
    runtime.faults.isDown = true;
    await assert.rejects(cache.read('u1', signal), /does not answer/);
  });

  it('reads containers that ended only once', async () => {
    const { container } = await runPod();
    await start();
    await until(() => stateOf() === 'Running');
    await runtime.endContainer(container, 1);
    await until(() => stateOf() === 'Exited');
    const statuses = (): number => runtime.faults.calls.filter(({ method }) => method === 'containerStatus').length;
    const before = statuses();
    cache.distrust('u1');
    await cache.read('u1', signal);
    assert.equal(statuses(), before);
  });

  describe('dates the end of a container', () => {
    it('by its own look when it saw it run', async () => {
      const { container } = await runPod();
      await start();
      await until(() => stateOf() === 'Running');
      clock.jumpTo(0);
      await runtime.endContainer(container, 1);
      await until(() => stateOf() === 'Exited');
      assert.equal(cache.get('u1')?.containers[0]?.endedAtMonotonicMs, clock.monotonicMs());
    });

    it('by the wall clock when it ended before, never later than now', async () => {
      const { container } = await runPod();
      await runtime.endContainer(container, 1);
      clock.advance(7_000);
      await start();
      await until(() => stateOf() === 'Exited');
      assert.equal(cache.get('u1')?.containers[0]?.endedAtMonotonicMs, 0);
    });

    it('as now when the wall clock went back', async () => {
      const { container } = await runPod();
      await runtime.endContainer(container, 1);
      clock.jumpTo(0);
      await start();
      await until(() => stateOf() === 'Exited');
      assert.equal(cache.get('u1')?.containers[0]?.endedAtMonotonicMs, clock.monotonicMs());
    });
  });
});
