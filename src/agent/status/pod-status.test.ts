import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod, PodStatus } from '../../api/kinds/pod/types.ts';
import type { ContainerId, SandboxId } from '../../runtime/runtime.ts';
import { makePod } from '../../testing/pods.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';
import { computePodStatus, type PodStatusInput } from './compute-pod-status.ts';
import { withheldPhase } from './withhold-phase.ts';

const startedAtMs = Date.UTC(2026, 0, 1, 10);
const nowMs = Date.UTC(2026, 0, 1, 12);

function container(
  overrides: Partial<Omit<ObservedContainer, 'annotations'>> & { restarts?: number } = {},
): ObservedContainer {
  const { restarts = 0, ...rest } = overrides;
  return {
    id: 'c0' as ContainerId,
    sandboxId: 's0' as SandboxId,
    name: 'web',
    attempt: 0,
    image: 'docker.io/library/busybox:latest',
    imageId: 'sha256:1',
    state: 'Running',
    createdAtMs: startedAtMs,
    labels: {},
    annotations: { [runtimeAnnotations.restartCount]: String(restarts) },
    startedAtMs,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    logPath: '',
    endedAtMonotonicMs: 0,
    ...rest,
  };
}

const exited = (exitCode: number, overrides: Parameters<typeof container>[0] = {}): ObservedContainer =>
  container({ state: 'Exited', exitCode, finishedAtMs: startedAtMs + 1000, ...overrides });

function observed(containers: readonly ObservedContainer[], ready = true): ObservedPod {
  const sandbox = {
    id: 's0' as SandboxId,
    name: 'web',
    namespace: 'default',
    uid: 'u1',
    attempt: 0,
    ready,
    createdAtMs: 0,
    labels: {},
    annotations: {},
    ips: ready ? ['10.85.0.2'] : [],
  };
  return { uid: 'u1', namespace: 'default', name: 'web', sandboxes: [sandbox], containers, readAtMonotonicMs: 0 };
}

function compute(pod: Pod, seen: ObservedPod, more: Partial<PodStatusInput> = {}): PodStatus {
  return computePodStatus({
    pod,
    observed: seen,
    health: new Map(),
    waiting: new Map(),
    messages: new Map(),
    hostIPs: ['192.0.2.7'],
    nowMs,
    ...more,
  });
}

const nothing: ObservedPod = { ...observed([]), sandboxes: [] };
const first = (status: PodStatus) => status.containerStatuses?.[0];
const conditionsOf = (status: PodStatus): object =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ?? value]));

describe('the status of a pod', () => {
  it('is Pending and creating when the runtime has nothing of it', () => {
    const status = compute(makePod(), nothing);
    assert.equal(status.phase, 'Pending');
    assert.deepEqual(first(status)?.state, { waiting: { reason: 'ContainerCreating' } });
    assert.deepEqual(conditionsOf(status), {
      PodReadyToStartContainers: 'False',
      Initialized: 'True',
      Ready: 'ContainersNotReady',
      ContainersReady: 'ContainersNotReady',
      PodScheduled: 'True',
    });
    assert.equal(status.startTime, '2026-01-01T12:00:00Z');
    assert.equal(status.podIP, undefined);
  });

  it('is Running and Ready when its containers run', () => {
    const status = compute(makePod(), observed([container()]));
    assert.equal(status.phase, 'Running');
    assert.deepEqual(first(status), {
      name: 'web',
      state: { running: { startedAt: '2026-01-01T10:00:00Z' } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: 'busybox',
      imageID: 'sha256:1',
      containerID: 'containerd://c0',
      started: true,
    });
    assert.deepEqual(conditionsOf(status), {
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
    assert.deepEqual(status.podIPs, [{ ip: '10.85.0.2' }]);
    assert.deepEqual(status.hostIPs, [{ ip: '192.0.2.7' }]);
  });

  it('has the address of the device on the host network', () => {
    assert.equal(compute(makePod({ spec: { hostNetwork: true } }), observed([container()])).podIP, '192.0.2.7');
  });

  it('keeps the time at which a condition changed', () => {
    const before = compute(makePod(), observed([container()]), { nowMs: nowMs - 60_000 });
    const pod = makePod({ status: before });
    const after = compute(pod, observed([exited(1)]));
    const at = (type: string): unknown => after.conditions?.find((each) => each.type === type)?.lastTransitionTime;
    assert.equal(at('Initialized'), '2026-01-01T11:59:00Z');
    assert.equal(at('Ready'), '2026-01-01T12:00:00Z');
    assert.equal(after.startTime, '2026-01-01T11:59:00Z');
  });

  it('leaves the conditions of others alone, and needs those that are readiness gates', () => {
    const conditions = [{ type: 'example.com/checked', status: 'False' }];
    const pod = makePod({
      spec: { readinessGates: [{ conditionType: 'example.com/checked' }] },
      status: { conditions },
    });
    const status = compute(pod, observed([container()]));
    assert.equal(status.conditions?.at(-1)?.type, 'example.com/checked');
    assert.deepEqual(conditionsOf(status), {
      ...conditionsOf(status),
      Ready: 'ReadinessGatesNotReady',
      ContainersReady: 'True',
    });
  });
});

describe('the phase of a pod', () => {
  for (const { policy, containers, phase } of [
    { policy: 'Always', containers: [exited(0)], phase: 'Running' },
    { policy: 'Always', containers: [exited(1)], phase: 'Running' },
    { policy: 'OnFailure', containers: [exited(0)], phase: 'Succeeded' },
    { policy: 'OnFailure', containers: [exited(1)], phase: 'Running' },
    { policy: 'Never', containers: [exited(0)], phase: 'Succeeded' },
    { policy: 'Never', containers: [exited(1)], phase: 'Failed' },
    { policy: 'Never', containers: [exited(255, { reason: 'Unknown' })], phase: 'Failed' },
    { policy: 'Always', containers: [container({ state: 'Created' })], phase: 'Pending' },
  ] as const) {
    const what = containers.map(({ state, exitCode }) => `${state} ${exitCode}`).join();
    it(`is ${phase} under ${policy} with a container ${what}`, () => {
      assert.equal(compute(makePod({ spec: { restartPolicy: policy } }), observed(containers)).phase, phase);
    });
  }

  it('stays what it was once it is final, whatever the runtime has', () => {
    const pod = makePod({ status: { phase: 'Succeeded' } });
    assert.equal(compute(pod, observed([container()])).phase, 'Succeeded');
  });

  it('is final when the pod was told to end and nothing runs', () => {
    assert.equal(compute(makePod(), observed([exited(137)]), { hasEnded: true }).phase, 'Failed');
    assert.equal(compute(makePod(), observed([exited(0)]), { hasEnded: true }).phase, 'Succeeded');
  });

  it('is Running while one of two containers still does', () => {
    const pod = makePod({
      spec: {
        restartPolicy: 'Never',
        containers: [
          { name: 'web', image: 'a' },
          { name: 'log', image: 'a' },
        ],
      },
    });
    const both = [exited(1), container({ name: 'log', id: 'c1' as ContainerId })];
    assert.equal(compute(pod, observed(both)).phase, 'Running');
  });
});

describe('init containers', () => {
  const pod = makePod({ spec: { initContainers: [{ name: 'init', image: 'a' }] } });
  const init = (overrides: Parameters<typeof container>[0]): ObservedContainer =>
    container({ name: 'init', id: 'i0' as ContainerId, ...overrides });

  it('keep the pod Pending and the others initializing until they are done', () => {
    const status = compute(pod, observed([init({})]));
    assert.equal(status.phase, 'Pending');
    assert.deepEqual(first(status)?.state, { waiting: { reason: 'PodInitializing' } });
    assert.deepEqual(conditionsOf(status), { ...conditionsOf(status), Initialized: 'ContainersNotInitialized' });
    assert.equal(status.conditions?.[1]?.message, 'containers with incomplete status: [init]');
  });

  it('are ready when they are done', () => {
    const status = compute(pod, observed([init({ state: 'Exited', finishedAtMs: nowMs }), container()]));
    assert.equal(status.initContainerStatuses?.[0]?.ready, true);
    assert.deepEqual(conditionsOf(status), { ...conditionsOf(status), Initialized: 'True', Ready: 'True' });
  });

  it('that fail under Never fail the pod', () => {
    const never = makePod({ spec: { ...pod.spec, restartPolicy: 'Never' } });
    assert.equal(compute(never, observed([init({ state: 'Exited', exitCode: 1 })])).phase, 'Failed');
    assert.equal(compute(pod, observed([init({ state: 'Exited', exitCode: 1 })])).phase, 'Pending');
  });

  it('that are sidecars count as done once they run', () => {
    const sidecar = makePod({ spec: { initContainers: [{ name: 'init', image: 'a', restartPolicy: 'Always' }] } });
    const status = compute(sidecar, observed([init({}), container()]));
    assert.equal(status.phase, 'Running');
    assert.deepEqual(conditionsOf(status), { ...conditionsOf(status), Initialized: 'True', Ready: 'True' });
  });
});

describe('the state of a container', () => {
  for (const { what, seen, reason } of [
    { what: 'ended well', seen: exited(0), reason: 'Completed' },
    { what: 'failed', seen: exited(2), reason: 'Error' },
    { what: 'was killed for its memory', seen: exited(137, { reason: 'OOMKilled' }), reason: 'OOMKilled' },
    { what: 'lost only a child to the OOM killer', seen: exited(0, { reason: 'OOMKilled' }), reason: 'Completed' },
    { what: 'could not be started', seen: exited(128, { reason: 'StartError' }), reason: 'StartError' },
    { what: 'was lost at a reboot', seen: exited(255, { reason: 'Unknown' }), reason: 'Unknown' },
  ]) {
    it(`is ${reason} when it ${what}`, () => {
      const status = compute(makePod({ spec: { restartPolicy: 'Never' } }), observed([seen]));
      assert.equal(first(status)?.state?.terminated?.reason, reason);
      assert.equal(first(status)?.state?.terminated?.exitCode, seen.exitCode);
    });
  }

  it('tells what the container left in its termination log', () => {
    const status = compute(makePod(), observed([exited(1)]), { messages: new Map([['c0', 'bye']]) });
    assert.equal(first(status)?.state?.terminated?.message, 'bye');
  });

  it('moves to lastState while the next start is held back', () => {
    const waiting = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off' }]]);
    const status = compute(makePod(), observed([exited(3, { restarts: 2 })]), { waiting });
    assert.deepEqual(first(status)?.state, { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } });
    assert.equal(first(status)?.lastState?.terminated?.exitCode, 3);
    assert.equal(first(status)?.restartCount, 2);
    assert.equal(status.phase, 'Running');
  });

  it('is that of the newest attempt, with the one before as lastState', () => {
    const newest = container({ attempt: 1, restarts: 1, id: 'c1' as ContainerId });
    const status = compute(makePod(), observed([newest, exited(9)]));
    assert.equal(first(status)?.containerID, 'containerd://c1');
    assert.equal(first(status)?.lastState?.terminated?.exitCode, 9);
    assert.equal(first(status)?.restartCount, 1);
  });

  it('is not forgotten with the record of the runtime', () => {
    const before = compute(makePod({ spec: { restartPolicy: 'Never' } }), observed([exited(7)]));
    const finished = makePod({ spec: { restartPolicy: 'Never' }, status: before });
    assert.equal(before.phase, 'Failed');
    assert.equal(first(compute(finished, nothing))?.state?.terminated?.exitCode, 7);
  });

  it('is ContainerStatusUnknown when it was running and is nowhere to be found', () => {
    const pod = makePod({ status: compute(makePod(), observed([container()])) });
    const status = compute(pod, nothing);
    assert.equal(first(status)?.lastState?.terminated?.reason, 'ContainerStatusUnknown');
    assert.equal(first(status)?.lastState?.terminated?.exitCode, 137);
  });
});

describe('probes in the status of a pod', () => {
  const health = (isStarted: boolean, isReady: boolean): Partial<PodStatusInput> => ({
    health: new Map([['c0', { isStarted, isReady, failed: undefined }]]),
  });

  for (const [isStarted, isReady] of [
    [false, false],
    [true, false],
    [true, true],
  ] as const) {
    it(`say that a running container is${isStarted ? '' : ' not'} started and${isReady ? '' : ' not'} ready`, () => {
      const status = compute(makePod(), observed([container()]), health(isStarted, isReady));
      assert.deepEqual([first(status)?.started, first(status)?.ready], [isStarted, isReady]);
      assert.equal(status.phase, 'Running');
      const ready = status.conditions?.find(({ type }) => type === 'ContainersReady');
      assert.equal(ready?.status, isReady ? 'True' : 'False');
      assert.equal(ready?.reason, isReady ? undefined : 'ContainersNotReady');
      assert.equal(ready?.message, isReady ? undefined : 'containers with unready status: [web]');
    });
  }

  it('keep a pod Pending while a sidecar has not started', () => {
    const pod = makePod({
      spec: {
        initContainers: [{ name: 'side', image: 'busybox', restartPolicy: 'Always' }],
        containers: [{ name: 'web', image: 'busybox' }],
      },
    });
    const seen = observed([container({ name: 'side' })]);
    assert.equal(compute(pod, seen, health(false, false)).phase, 'Pending');
    const initialized = (status: PodStatus): string | undefined =>
      status.conditions?.find(({ type }) => type === 'Initialized')?.status;
    assert.equal(initialized(compute(pod, seen, health(false, false))), 'False');
    assert.equal(initialized(compute(pod, seen, health(true, true))), 'True');
  });
});

describe('a container that could not be started', () => {
  const seen = observed([exited(128, { reason: 'StartError', message: 'no such file' })]);
  const waiting = { waiting: new Map([['web', { reason: 'RunContainerError', message: 'no such file' }]]) };

  it('waits for its next start, its end being the last state', () => {
    const status = first(compute(makePod(), seen, waiting));
    assert.equal(status?.state?.waiting?.reason, 'RunContainerError');
    assert.equal(status?.lastState?.terminated?.reason, 'StartError');
  });

  it('has ended when it is not started again', () => {
    const status = compute(makePod({ spec: { restartPolicy: 'Never' } }), seen, waiting);
    assert.equal(status.phase, 'Failed');
    assert.equal(first(status)?.state?.terminated?.reason, 'StartError');
    assert.deepEqual(first(status)?.lastState, {});
  });
});

describe('the phase of a pod that is over', () => {
  it('is withheld while one of its containers may run', () => {
    const pod = makePod({ status: { phase: 'Running', conditions: [] } });
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' };
    const running = observed([container()]);
    const withheld = withheldPhase(compute(pod, running, { verdict }), pod.status, running);
    assert.deepEqual([withheld.phase, withheld.reason, withheld.message], ['Running', undefined, undefined]);
    const ended = observed([exited(137)]);
    const told = withheldPhase(compute(pod, ended, { verdict, hasEnded: true }), pod.status, ended);
    assert.deepEqual([told.phase, told.reason, told.message], ['Failed', 'DeadlineExceeded', 'too long']);
  });
});
