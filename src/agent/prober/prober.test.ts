import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerId, SandboxId } from '../../runtime/runtime.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod, makeProbe } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { Prober } from './prober.ts';
import type { ProbeTarget } from './run-probe.ts';

class Device {
  readonly clock = new FakeClock();
  /** `kind@milliseconds` of each question. */
  readonly asked: string[] = [];
  readonly changes: string[] = [];
  answer: (target: ProbeTarget) => Promise<'Success' | 'Failure' | undefined> = async () => 'Success';
  observed: ObservedPod = this.seen();
  readonly prober: Prober;
  readonly #stopping = new AbortController();

  constructor(random = 0) {
    this.prober = new Prober({
      clock: this.clock,
      observed: () => this.observed,
      hostIPs: () => ['192.0.2.7'],
      random: () => random,
      ask: async (target) => {
        this.asked.push(`${target.kind}@${this.clock.monotonicMs()}`);
        return await this.answer(target);
      },
      onChange: (_uid, mustAct) => this.changes.push(mustAct ? 'act' : 'readiness'),
    });
    void this.prober.run(this.#stopping.signal);
  }

  seen(...containers: Partial<ObservedContainer>[]): ObservedPod {
    return {
      uid: 'u1',
      namespace: 'default',
      name: 'web',
      sandboxes: [
        {
          id: 's0' as SandboxId,
          name: 'web',
          namespace: 'default',
          uid: 'u1',
          attempt: 0,
          ready: true,
          createdAtMs: 0,
          labels: {},
          annotations: {},
          ips: ['10.85.0.2'],
        },
      ],
      containers: containers.map((container) => ({
        id: 'c1' as ContainerId,
        sandboxId: 's0' as SandboxId,
        name: 'web',
        attempt: 0,
        image: 'busybox',
        imageId: 'sha256:1',
        state: 'Running',
        createdAtMs: 0,
        labels: {},
        annotations: {},
        startedAtMs: this.clock.now(),
        finishedAtMs: 0,
        exitCode: 0,
        reason: '',
        message: '',
        logPath: '',
        endedAtMonotonicMs: 0,
        ...container,
      })),
      readAtMonotonicMs: this.clock.monotonicMs(),
    };
  }

  look(pod: Pod, ...containers: Partial<ObservedContainer>[]): ReturnType<Prober['look']> {
    this.observed = this.seen(...containers);
    return this.prober.look(pod, this.observed);
  }

  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      await settle(4);
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}

const exec = makeProbe({ exec: { command: ['check'] }, periodSeconds: 1 });
const pod = (container: Partial<Container>, more: Partial<Pod> = {}): Pod => ({
  ...makePod({ spec: { containers: [{ name: 'web', image: 'busybox', ...container }] } }),
  ...more,
});

describe('a prober', () => {
  it('makes a container ready by its first success, and unready by three failures', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    const web = pod({ readinessProbe: exec });
    assert.equal(device.look(web, {}).get('c1')?.isReady, false);
    await settle();
    assert.deepEqual(device.asked, ['readiness@0']);
    assert.deepEqual(device.changes, ['readiness']);
    assert.equal(device.prober.health('u1').get('c1')?.isReady, true);
    device.answer = async () => 'Failure';
    await device.pass(2_000);
    assert.equal(device.prober.health('u1').get('c1')?.isReady, true);
    await device.pass(1_000);
    assert.equal(device.prober.health('u1').get('c1')?.isReady, false);
    assert.equal(device.prober.health('u1').get('c1')?.failed, undefined);
  });

  it('asks for nothing but the startup until that succeeded', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    const web = pod({ startupProbe: { ...exec, failureThreshold: 9 }, livenessProbe: exec, readinessProbe: exec });
    device.answer = async () => 'Failure';
    device.look(web);
    assert.deepEqual(device.look(web, {}).get('c1'), { isStarted: false, isReady: false, failed: undefined });
    await device.pass(3_000);
    assert.ok(device.asked.length > 0 && device.asked.every((each) => each.startsWith('startup')));
    device.answer = async () => 'Success';
    await device.pass(1_000);
    await settle();
    assert.deepEqual(device.prober.health('u1').get('c1'), { isStarted: true, isReady: true, failed: undefined });
    const asked = device.asked.length;
    await device.pass(3_000);
    assert.ok(device.asked.slice(asked).every((each) => !each.startsWith('startup')));
    assert.ok(device.asked.slice(asked).some((each) => each.startsWith('liveness')));
  });

  it('still knows of a container that was ended for its probe, until there is another one', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    const web = pod({ livenessProbe: exec });
    device.answer = async () => 'Failure';
    device.look(web, {});
    await device.pass(4_000);
    const ended = { state: 'Exited', exitCode: 137 } as const;
    for (let looks = 0; looks < 2; looks++) assert.equal(device.look(web, ended).get('c1')?.failed, 'liveness');
    const next = device.look(web, { id: 'c2' as ContainerId });
    assert.deepEqual([next.get('c1'), next.get('c2')?.failed], [undefined, undefined]);
    assert.equal(device.look(web, { ...ended, id: 'c2' as ContainerId }).get('c2')?.failed, undefined);
  });

  it('says that a container failed its liveness probe, once, and starts afresh with the next one', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    const web = pod({ livenessProbe: { ...exec, failureThreshold: 2 } });
    device.answer = async () => 'Failure';
    device.look(web, {});
    await device.pass(2_000);
    assert.equal(device.prober.health('u1').get('c1')?.failed, 'liveness');
    assert.deepEqual(device.changes, ['act']);
    const asked = device.asked.length;
    await device.pass(5_000);
    assert.equal(device.asked.length, asked);
    assert.deepEqual([...device.look(web, { state: 'Exited' }).keys()], ['c1']);
    assert.equal(device.look(web, { id: 'c2' as ContainerId }).get('c2')?.failed, undefined);
    await device.pass(2_000);
    assert.equal(device.prober.health('u1').get('c2')?.failed, 'liveness');
  });

  it('changes nothing when it could not ask, and asks again at the next tick', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    device.answer = async () => undefined;
    device.look(pod({ readinessProbe: exec, livenessProbe: { ...exec, failureThreshold: 1 } }), {});
    await settle();
    await device.pass(4_000);
    assert.deepEqual(device.changes, []);
    assert.deepEqual(
      device.asked.filter((each) => each.startsWith('readiness')),
      ['readiness@0', 'readiness@1000', 'readiness@2000', 'readiness@3000', 'readiness@4000'],
    );
  });

  it('drops an answer about a container that is no more', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    const answer = Promise.withResolvers<'Failure'>();
    device.answer = () => answer.promise;
    const web = pod({ livenessProbe: { ...exec, failureThreshold: 1 } });
    device.look(web, {});
    await device.pass(1_000);
    device.look(web, { id: 'c2' as ContainerId });
    device.answer = async () => 'Success';
    answer.resolve('Failure');
    await settle();
    assert.equal(device.prober.health('u1').get('c2')?.failed, undefined);
  });

  it('has one question of a probe under way', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    device.answer = () => new Promise(() => {});
    device.look(pod({ readinessProbe: exec }), {});
    await device.pass(5_000);
    assert.equal(device.asked.length, 1);
  });

  it('believes what was published before a restart of the agent, and spreads its questions over the period', async (t) => {
    const device = new Device(0.5);
    t.after(() => device.stop());
    const status = {
      containerStatuses: [{ name: 'web', containerID: 'containerd://c1', ready: true, started: true }],
    } as unknown as Pod['status'];
    const probe = { ...exec, periodSeconds: 10 };
    const web = pod({ startupProbe: probe, readinessProbe: probe }, { status });
    assert.deepEqual(device.look(web, {}).get('c1'), { isStarted: true, isReady: true, failed: undefined });
    await device.pass(4_500);
    assert.deepEqual(device.asked, []);
    await device.pass(500);
    assert.deepEqual(device.asked, ['readiness@5000']);
  });

  it('asks a pod that ends for its readiness only', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    device.look(pod({ livenessProbe: { ...exec, failureThreshold: 1 }, readinessProbe: exec }), {});
    device.prober.endPod('u1');
    device.answer = async () => 'Failure';
    await device.pass(4_000);
    assert.ok(device.asked.every((each) => each.startsWith('readiness')));
    assert.deepEqual(device.prober.health('u1').get('c1'), { isStarted: true, isReady: false, failed: undefined });
  });

  it('holds one timer for a hundred probes, and none for a pod it forgot', async (t) => {
    const device = new Device();
    t.after(() => device.stop());
    const containers = Array.from({ length: 100 }, (_, index) => ({
      name: `c${index}`,
      image: 'busybox',
      livenessProbe: exec,
    }));
    const many = makePod({ spec: { containers } });
    device.look(many, ...containers.map(({ name }) => ({ name, id: name as ContainerId })));
    await settle();
    assert.equal(device.clock.sleeping, 1);
    device.prober.forget('u1');
    device.asked.length = 0;
    await device.pass(2_000);
    assert.equal(device.clock.sleeping, 0);
    assert.deepEqual(device.asked, []);
  });
});
