import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerId, SandboxId, SandboxStatus } from '../../runtime/runtime.ts';
import { makePod } from '../../testing/pods.ts';
import type { PodHealth } from '../container-health.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';
import { computePodActions, type PodAction } from './compute-pod-actions.ts';
import { containerHash } from './container-hash.ts';

const now = 1_000_000;
const limits = { longestBackOffMs: 300_000 };

function sandbox(overrides: Partial<SandboxStatus> = {}): SandboxStatus {
  return {
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
    ...overrides,
  };
}

interface ContainerOptions extends Partial<Omit<ObservedContainer, 'id' | 'sandboxId'>> {
  readonly id?: string;
  readonly sandboxId?: string;
  readonly restartCount?: number;
  readonly backOffCount?: number;
  readonly hash?: string;
}

function container(options: ContainerOptions = {}): ObservedContainer {
  const { restartCount = 0, backOffCount = 0, name = 'web', attempt = 0, hash, id, sandboxId, ...rest } = options;
  return {
    image: 'busybox',
    imageId: 'sha256:1',
    state: 'Running',
    createdAtMs: attempt,
    labels: {},
    startedAtMs: 1,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    logPath: `/logs/${name}/${attempt}.log`,
    endedAtMonotonicMs: 0,
    ...rest,
    id: (id ?? `${name}-${attempt}`) as ContainerId,
    sandboxId: (sandboxId ?? 's0') as SandboxId,
    name,
    attempt,
    annotations: {
      [runtimeAnnotations.restartCount]: String(restartCount),
      [runtimeAnnotations.backOffCount]: String(backOffCount),
      [runtimeAnnotations.containerHash]: hash ?? containerHash({ name, image: 'busybox' }),
    },
  };
}

const exited = (exitCode: number, options: ContainerOptions = {}): ObservedContainer =>
  container({ state: 'Exited', exitCode, finishedAtMs: 2, endedAtMonotonicMs: now, ...options });

const observed = (
  containers: readonly ObservedContainer[] = [],
  sandboxes: readonly SandboxStatus[] = [sandbox()],
): ObservedPod => ({ uid: 'u1', namespace: 'default', name: 'web', sandboxes, containers, readAtMonotonicMs: now });

const compute = (pod: Pod, seen: ObservedPod, at = now, health: PodHealth = new Map()): readonly PodAction[] =>
  computePodActions(pod, seen, health, at, limits);

const create = (overrides: object = {}): PodAction => ({
  kind: 'CreateContainer',
  container: 'web',
  attempt: 0,
  restartCount: 0,
  backOffCount: 0,
  ...overrides,
});

describe('what a pod needs', () => {
  it('is a sandbox and its containers when there is nothing', () => {
    const pod = makePod({
      spec: {
        containers: [
          { name: 'web', image: 'busybox' },
          { name: 'log', image: 'busybox' },
        ],
      },
    });
    assert.deepEqual(compute(pod, observed([], [])), [
      { kind: 'RunSandbox', attempt: 0 },
      create(),
      create({ container: 'log' }),
    ]);
  });

  it('is nothing when everything runs', () => {
    assert.deepEqual(compute(makePod(), observed([container()])), []);
  });

  it('is the containers that are missing in a sandbox that is there', () => {
    assert.deepEqual(compute(makePod(), observed()), [create()]);
  });

  it('is the start of a container that was created when the agent died', () => {
    const seen = observed([container({ state: 'Created' })]);
    assert.deepEqual(compute(makePod(), seen), [{ kind: 'StartCreated', container: 'web', id: 'web-0' }]);
  });

  it('is a new container of the same restart count when the created one lies in a dead sandbox', () => {
    const seen = observed([container({ state: 'Created' })], [sandbox({ ready: false })]);
    assert.deepEqual(compute(makePod(), seen), [
      { kind: 'StopSandbox', id: 's0', isReplaced: true },
      { kind: 'RunSandbox', attempt: 1 },
      create({ attempt: 1 }),
    ]);
  });
});

describe('the restart policy', () => {
  for (const { policy, exitCode, restarts } of [
    { policy: 'Always', exitCode: 0, restarts: true },
    { policy: 'Always', exitCode: 1, restarts: true },
    { policy: 'OnFailure', exitCode: 0, restarts: false },
    { policy: 'OnFailure', exitCode: 1, restarts: true },
    { policy: 'Never', exitCode: 0, restarts: false },
    { policy: 'Never', exitCode: 1, restarts: false },
  ] as const) {
    it(`${restarts ? 'restarts' : 'leaves'} a container that exited ${exitCode} under ${policy}`, () => {
      const actions = compute(makePod({ spec: { restartPolicy: policy } }), observed([exited(exitCode)]));
      assert.deepEqual(actions, restarts ? [create({ attempt: 1, restartCount: 1, backOffCount: 1 })] : []);
    });
  }

  it('ends a container whose state nobody knows before a new one is made', () => {
    assert.deepEqual(compute(makePod(), observed([container({ state: 'Unknown' })])), [
      { kind: 'KillContainer', container: 'web', id: 'web-0', why: 'StateUnknown', isRestarted: false },
      create({ attempt: 1, restartCount: 1 }),
    ]);
  });

  it('counts on from the status when the runtime forgot the container', () => {
    const containerStatuses = [{ name: 'web', restartCount: 4, containerID: 'containerd://x', image: '', imageID: '' }];
    const pod = makePod({ status: { phase: 'Running', containerStatuses } });
    assert.deepEqual(compute(pod, observed()), [create({ restartCount: 5 })]);
  });
});

describe('the restart back-off', () => {
  for (const { count, delayMs } of [
    { count: 0, delayMs: 0 },
    { count: 1, delayMs: 10_000 },
    { count: 2, delayMs: 20_000 },
    { count: 5, delayMs: 160_000 },
    { count: 6, delayMs: 300_000 },
    { count: 900, delayMs: 300_000 },
  ]) {
    it(`is ${delayMs / 1000} s after ${count} restarts in a row`, () => {
      const seen = observed([exited(1, { backOffCount: count, restartCount: count })]);
      const next = create({ attempt: 1, restartCount: count + 1, backOffCount: count + 1 });
      if (delayMs > 0) {
        assert.deepEqual(compute(makePod(), seen, now + delayMs - 1), [
          { kind: 'WaitBackOff', container: 'web', delayMs, untilMonotonicMs: now + delayMs },
        ]);
      }
      assert.deepEqual(compute(makePod(), seen, now + delayMs), [next]);
    });
  }

  it('begins anew after ten minutes of work', () => {
    const seen = observed([exited(1, { backOffCount: 6, restartCount: 6, startedAtMs: 1, finishedAtMs: 600_002 })]);
    assert.deepEqual(compute(makePod(), seen), [create({ attempt: 1, restartCount: 7, backOffCount: 1 })]);
  });

  it('does not hold back what a reboot took', () => {
    const seen = observed(
      [exited(255, { reason: 'Unknown', backOffCount: 6, restartCount: 6 })],
      [sandbox({ ready: false })],
    );
    assert.deepEqual(compute(makePod(), seen).at(-1), create({ attempt: 1, restartCount: 7, backOffCount: 6 }));
  });
});

describe('a changed image', () => {
  it('ends the container and makes another, whatever the restart policy', () => {
    const pod = makePod({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:2' }] } });
    assert.deepEqual(compute(pod, observed([container()])), [
      { kind: 'KillContainer', container: 'web', id: 'web-0', why: 'SpecChanged', isRestarted: true },
      create({ attempt: 1, restartCount: 1 }),
    ]);
  });
});

describe('a dead sandbox', () => {
  it('is stopped with what runs in it, and replaced', () => {
    assert.deepEqual(compute(makePod(), observed([container()], [sandbox({ ready: false })])), [
      { kind: 'KillContainer', container: 'web', id: 'web-0', why: 'SandboxDead', isRestarted: false },
      { kind: 'StopSandbox', id: 's0', isReplaced: true },
      { kind: 'RunSandbox', attempt: 1 },
      create({ attempt: 1, restartCount: 1 }),
    ]);
  });

  it('is a ready one that lost its address too', () => {
    const actions = compute(makePod(), observed([container()], [sandbox({ ips: [] })]));
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['KillContainer', 'StopSandbox', 'RunSandbox', 'CreateContainer'],
    );
  });

  it('is not one on the host network, which has no address of its own', () => {
    const pod = makePod({ spec: { hostNetwork: true } });
    assert.deepEqual(compute(pod, observed([container()], [sandbox({ ips: [] })])), []);
  });

  it('is not replaced for a pod whose work is done', () => {
    const pod = makePod({ spec: { restartPolicy: 'OnFailure' } });
    assert.deepEqual(compute(pod, observed([exited(0)], [sandbox({ ready: false })])), [
      { kind: 'StopSandbox', id: 's0', isReplaced: true },
    ]);
  });

  it('is removed once its containers are no longer kept for logs', () => {
    const old = sandbox({ id: 's0' as SandboxId, ready: false });
    const current = sandbox({ id: 's1' as SandboxId, attempt: 1 });
    const containers = [
      container({ attempt: 2, sandboxId: 's1', restartCount: 2 }),
      exited(1, { attempt: 1, sandboxId: 's1', restartCount: 1 }),
      exited(1, { attempt: 0, sandboxId: 's0' }),
    ];
    assert.deepEqual(compute(makePod(), observed(containers, [current, old])), [
      { kind: 'RemoveContainer', id: 'web-0' },
      { kind: 'RemoveSandbox', id: 's0' },
    ]);
    assert.deepEqual(
      compute(makePod(), observed(containers.slice(0, 1).concat(containers.slice(2)), [current, old])),
      [],
    );
  });

  it('does not pile up while none comes up', () => {
    const failed = [2, 1, 0].map((attempt) => sandbox({ id: `s${attempt}` as SandboxId, attempt, ready: false }));
    assert.deepEqual(compute(makePod(), observed([], failed)), [
      { kind: 'StopSandbox', id: 's2', isReplaced: true },
      { kind: 'RunSandbox', attempt: 3 },
      create(),
      { kind: 'RemoveSandbox', id: 's1' },
      { kind: 'RemoveSandbox', id: 's0' },
    ]);
  });

  it('that never came up is removed after the next one did', () => {
    const failed = sandbox({ id: 's0' as SandboxId, ready: false });
    const current = sandbox({ id: 's1' as SandboxId, attempt: 1 });
    assert.deepEqual(compute(makePod(), observed([container({ sandboxId: 's1' })], [current, failed])), [
      { kind: 'RemoveSandbox', id: 's0' },
    ]);
  });
});

describe('init containers', () => {
  const spec = {
    initContainers: [
      { name: 'a', image: 'busybox' },
      { name: 'b', image: 'busybox' },
    ],
  };

  it('come one after the other, before all others', () => {
    const pod = makePod({ spec });
    assert.deepEqual(compute(pod, observed()), [create({ container: 'a' })]);
    assert.deepEqual(compute(pod, observed([container({ name: 'a' })])), []);
    const first = exited(0, { name: 'a' });
    assert.deepEqual(compute(pod, observed([first])), [create({ container: 'b' })]);
    assert.deepEqual(compute(pod, observed([first, exited(0, { name: 'b' })])), [create()]);
  });

  it('that fail are tried again with the back-off, and hold the rest', () => {
    const pod = makePod({ spec });
    assert.deepEqual(compute(pod, observed([exited(1, { name: 'a', backOffCount: 1 })])), [
      { kind: 'WaitBackOff', container: 'a', delayMs: 10_000, untilMonotonicMs: now + 10_000 },
    ]);
  });

  it('that fail under Never end the pod: nothing else starts', () => {
    assert.deepEqual(
      compute(makePod({ spec: { ...spec, restartPolicy: 'Never' } }), observed([exited(1, { name: 'a' })])),
      [],
    );
  });

  it('do not run again when only an app container restarts', () => {
    const seen = observed([exited(0, { name: 'a' }), exited(0, { name: 'b' }), exited(1)]);
    assert.deepEqual(compute(makePod({ spec }), seen), [create({ attempt: 1, restartCount: 1, backOffCount: 1 })]);
  });

  it('run again in a new sandbox', () => {
    const lost = { reason: 'Unknown', exitCode: 255, state: 'Exited' } as const;
    const seen = observed(
      [exited(0, { name: 'a' }), exited(0, { name: 'b' }), container(lost)],
      [sandbox({ ready: false })],
    );
    assert.deepEqual(compute(makePod({ spec }), seen), [
      { kind: 'StopSandbox', id: 's0', isReplaced: true },
      { kind: 'RunSandbox', attempt: 1 },
      create({ container: 'a', attempt: 1, restartCount: 1, backOffCount: 1 }),
    ]);
  });

  it('with restartPolicy Always go on beside the others, and are restarted with them', () => {
    const pod = makePod({ spec: { initContainers: [{ name: 'proxy', image: 'busybox', restartPolicy: 'Always' }] } });
    assert.deepEqual(compute(pod, observed()), [create({ container: 'proxy' })]);
    assert.deepEqual(compute(pod, observed([container({ name: 'proxy' })])), [create()]);
    assert.deepEqual(compute(pod, observed([exited(0, { name: 'proxy' }), container()])), [
      create({ container: 'proxy', attempt: 1, restartCount: 1, backOffCount: 1 }),
    ]);
  });
});

it('keeps the two newest containers of a name and removes older ones', () => {
  const containers = [
    container({ attempt: 3 }),
    exited(1, { attempt: 2 }),
    exited(1, { attempt: 1 }),
    exited(1, { attempt: 0 }),
  ];
  assert.deepEqual(compute(makePod(), observed(containers)), [
    { kind: 'RemoveContainer', id: 'web-1' },
    { kind: 'RemoveContainer', id: 'web-0' },
  ]);
});

describe('a container whose probe failed', () => {
  const failed = (probe: 'liveness' | 'startup', id = 'web-0'): PodHealth =>
    new Map([[id, { isStarted: probe === 'liveness', isReady: false, failed: probe }]]);
  const pod = (restartPolicy: string): Pod =>
    makePod({ spec: { restartPolicy, containers: [{ name: 'web', image: 'busybox' }] } });
  const kill = (overrides: object = {}): object => ({
    kind: 'KillContainer',
    container: 'web',
    id: 'web-0',
    why: 'LivenessFailed',
    isRestarted: true,
    ...overrides,
  });

  it('is ended and replaced at once the first time', () => {
    assert.deepEqual(compute(pod('Always'), observed([container()]), now, failed('liveness')), [
      kill(),
      create({ attempt: 1, restartCount: 1 }),
    ]);
    assert.deepEqual(compute(pod('OnFailure'), observed([container()]), now, failed('startup')), [
      kill({ why: 'StartupFailed' }),
      create({ attempt: 1, restartCount: 1 }),
    ]);
  });

  it('is ended and not replaced under restartPolicy Never', () => {
    assert.deepEqual(compute(pod('Never'), observed([container()]), now, failed('liveness')), [
      kill({ isRestarted: false }),
    ]);
  });

  it('is replaced at once when it lived longer than its wait, counted from the end of the one before', () => {
    const running = container({ attempt: 1, restartCount: 2, backOffCount: 2 });
    const before = exited(137, { endedAtMonotonicMs: now - 20_000 });
    assert.deepEqual(compute(pod('Always'), observed([running, before]), now, failed('liveness', 'web-1')), [
      kill({ id: 'web-1' }),
      create({ attempt: 2, restartCount: 3, backOffCount: 3 }),
    ]);
    assert.deepEqual(compute(pod('Always'), observed([running, before]), now - 1, failed('liveness', 'web-1')), [
      kill({ id: 'web-1' }),
    ]);
  });

  it('is left alone when it is a container of another id', () => {
    assert.deepEqual(compute(pod('Always'), observed([container()]), now, failed('liveness', 'old')), []);
  });
});

describe('a sidecar with a startup probe', () => {
  const pod = makePod({
    spec: {
      initContainers: [{ name: 'side', image: 'busybox', restartPolicy: 'Always' }],
      containers: [{ name: 'web', image: 'busybox' }],
    },
  });
  const side = container({ name: 'side', hash: containerHash({ name: 'side', image: 'busybox' }) });
  const health = (isStarted: boolean, failed?: 'startup'): PodHealth =>
    new Map([['side-0', { isStarted, isReady: isStarted, failed }]]);

  it('holds the others back until it has started', () => {
    assert.deepEqual(compute(pod, observed([side]), now, health(false)), []);
    assert.deepEqual(compute(pod, observed([side]), now, health(true)), [create()]);
  });

  it('is ended and started again when it fails', () => {
    assert.deepEqual(compute(pod, observed([side]), now, health(false, 'startup')), [
      { kind: 'KillContainer', container: 'side', id: 'side-0', why: 'StartupFailed', isRestarted: true },
      create({ container: 'side', attempt: 1, restartCount: 1 }),
    ]);
  });
});

describe('a container whose end was announced', () => {
  const pod = (restartPolicy: string): Pod =>
    makePod({ spec: { restartPolicy, containers: [{ name: 'web', image: 'busybox' }] } });
  const announced = (exitCode: number, options: ContainerOptions = {}): ObservedContainer =>
    container({ announcedEnd: { exitCode, atMs: 5_000, atMonotonicMs: now }, ...options });

  it('is started again at once when nothing is to be waited for', () => {
    const next = create({ attempt: 1, restartCount: 1, backOffCount: 1 });
    assert.deepEqual(compute(pod('Always'), observed([announced(0)])), [next]);
    assert.deepEqual(compute(pod('OnFailure'), observed([announced(1)])), [next]);
  });

  it('is left until the runtime says how it ended when it is to wait, or is done', () => {
    assert.deepEqual(compute(pod('Always'), observed([announced(1, { backOffCount: 1 })])), []);
    assert.deepEqual(compute(pod('OnFailure'), observed([announced(0)])), []);
    assert.deepEqual(compute(pod('Never'), observed([announced(1)])), []);
  });
});
