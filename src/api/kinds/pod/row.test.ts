import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admittedPod } from '../../../testing/pod-manifest.ts';
import { podColumns, podRow } from './row.ts';
import type { ContainerState, ContainerStatus, Pod, PodStatus } from './types.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const created = '2026-01-01T00:00:00Z';
const twoContainers = { containers: ['a', 'b'].map((name) => ({ name, image: 'busybox:1' })) };

function podIn(status: PodStatus, spec: Readonly<Record<string, unknown>> = {}): Pod {
  const pod = admittedPod(spec);
  return { ...pod, metadata: { ...pod.metadata, creationTimestamp: created }, status };
}

function container(name: string, state: ContainerState, changes: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, state, lastState: {}, ready: false, restartCount: 0, image: '', imageID: '', ...changes };
}

const running: ContainerState = { running: { startedAt: created } };
const completed: ContainerState = { terminated: { exitCode: 0, reason: 'Completed' } };

/** READY, STATUS and RESTARTS. */
function shown(pod: Pod): unknown[] {
  return podRow(pod, nowMs).slice(1, 4);
}

test('there is one cell for every column', () => {
  assert.equal(podRow(podIn({ phase: 'Pending' }), nowMs).length, podColumns.length);
});

describe('the status word', () => {
  test('is the phase, or the reason that the pod gives', () => {
    assert.deepEqual(shown(podIn({ phase: 'Pending' })), ['0/1', 'Pending', '0']);
    assert.deepEqual(shown(podIn({ phase: 'Failed', reason: 'Evicted' })), ['0/1', 'Evicted', '0']);
  });

  test('says Running when containers run and are ready', () => {
    const containerStatuses = [container('app', running, { ready: true })];
    assert.deepEqual(shown(podIn({ phase: 'Running', containerStatuses })), ['1/1', 'Running', '0']);
  });

  test('says what a container waits for', () => {
    for (const reason of ['ContainerCreating', 'ImagePullBackOff', 'CrashLoopBackOff', 'CreateContainerConfigError']) {
      const containerStatuses = [container('app', { waiting: { reason } })];
      assert.equal(shown(podIn({ phase: 'Pending', containerStatuses }))[1], reason);
    }
  });

  test('says how a container ended', () => {
    const end = (terminated: ContainerState['terminated']): unknown =>
      shown(
        podIn({ phase: 'Failed', containerStatuses: [container('app', { ...(terminated ? { terminated } : {}) })] }),
      )[1];
    assert.equal(end({ exitCode: 1, reason: 'Error' }), 'Error');
    assert.equal(end({ exitCode: 137, reason: 'OOMKilled' }), 'OOMKilled');
    assert.equal(end({ exitCode: 7 }), 'ExitCode:7');
    assert.equal(end({ exitCode: 137, signal: 9 }), 'Signal:9');
  });

  test('lets the first container have the last word', () => {
    const containerStatuses = [
      container('a', { waiting: { reason: 'CrashLoopBackOff' } }),
      container('b', { terminated: { exitCode: 1, reason: 'Error' } }),
    ];
    assert.equal(shown(podIn({ phase: 'Running', containerStatuses }, twoContainers))[1], 'CrashLoopBackOff');
  });

  test('is Running or NotReady when one container has completed and another runs on', () => {
    const containerStatuses = [container('a', completed), container('b', running, { ready: true })];
    const ready = [{ type: 'Ready', status: 'True' }];
    assert.deepEqual(shown(podIn({ phase: 'Running', containerStatuses }, twoContainers)), ['1/2', 'NotReady', '0']);
    assert.deepEqual(shown(podIn({ phase: 'Running', containerStatuses, conditions: ready }, twoContainers)), [
      '1/2',
      'Running',
      '0',
    ]);
  });

  test('is Completed when all have', () => {
    const pod = podIn({ phase: 'Succeeded', containerStatuses: [container('app', completed)] });
    assert.deepEqual(shown(pod), ['0/1', 'Completed', '0']);
  });

  test('is Terminating while the pod is deleted, unless it has finished or its node is lost', () => {
    const deleted = (status: PodStatus): unknown => {
      const pod = podIn(status);
      return shown({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: created } })[1];
    };
    assert.equal(deleted({ phase: 'Running' }), 'Terminating');
    assert.equal(deleted({ phase: 'Succeeded', containerStatuses: [container('app', completed)] }), 'Completed');
    assert.equal(deleted({ phase: 'Running', reason: 'NodeLost' }), 'Unknown');
  });

  test('says that a gate keeps the pod from its node', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
    assert.equal(shown(podIn({ phase: 'Pending', conditions }))[1], 'SchedulingGated');
  });
});

describe('init containers', () => {
  const spec = { initContainers: ['one', 'two'].map((name) => ({ name, image: 'busybox:1' })) };
  const word = (...initContainerStatuses: ContainerStatus[]): unknown =>
    shown(podIn({ phase: 'Pending', initContainerStatuses }, spec))[1];

  test('are counted while they run', () => {
    assert.equal(
      word(container('one', running), container('two', { waiting: { reason: 'PodInitializing' } })),
      'Init:0/2',
    );
    assert.equal(word(container('one', completed), container('two', running)), 'Init:1/2');
  });

  test('say what holds the pod up', () => {
    assert.equal(word(container('one', { terminated: { exitCode: 1, reason: 'Error' } })), 'Init:Error');
    assert.equal(word(container('one', { terminated: { exitCode: 2 } })), 'Init:ExitCode:2');
    assert.equal(word(container('one', { terminated: { exitCode: 137, signal: 9 } })), 'Init:Signal:9');
    assert.equal(word(container('one', { waiting: { reason: 'CrashLoopBackOff' } })), 'Init:CrashLoopBackOff');
  });

  test('are forgotten when all have completed', () => {
    const status = {
      phase: 'Running',
      conditions: [{ type: 'Initialized', status: 'True' }],
      initContainerStatuses: [container('one', completed, { restartCount: 3 }), container('two', completed)],
      containerStatuses: [container('app', running, { ready: true, restartCount: 1 })],
    };
    assert.deepEqual(shown(podIn(status, spec)), ['1/1', 'Running', '1']);
  });

  test('that go on running are counted as containers', () => {
    const sidecar = { initContainers: [{ name: 'log', image: 'busybox:1', restartPolicy: 'Always' }] };
    const status = {
      phase: 'Running',
      initContainerStatuses: [container('log', running, { ready: true, started: true, restartCount: 2 })],
      containerStatuses: [container('app', running, { ready: true, restartCount: 1 })],
    };
    assert.deepEqual(shown(podIn(status, sidecar)), ['2/2', 'Running', '3']);
    const starting = { phase: 'Pending', initContainerStatuses: [container('log', running, { started: false })] };
    assert.deepEqual(shown(podIn(starting, sidecar)), ['0/2', 'Init:0/1', '0']);
  });
});

describe('restarts', () => {
  test('say when the last one was', () => {
    const endedAt = (finishedAt: string): Partial<ContainerStatus> => ({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, finishedAt } },
    });
    const containerStatuses = [
      container('a', running, endedAt('2026-01-01T00:55:00Z')),
      container('b', running, endedAt('2026-01-01T00:30:00Z')),
    ];
    assert.equal(shown(podIn({ phase: 'Running', containerStatuses }, twoContainers))[2], '2 (5m ago)');
  });

  test('are a bare number when the time is unknown', () => {
    const containerStatuses = [container('app', running, { restartCount: 4 })];
    assert.equal(shown(podIn({ phase: 'Running', containerStatuses }))[2], '4');
  });
});

describe('wide columns', () => {
  test('show <none> for what is not there', () => {
    assert.deepEqual(podRow(podIn({ phase: 'Pending' }), nowMs).slice(4), [
      '60m',
      '<none>',
      '<none>',
      '<none>',
      '<none>',
    ]);
  });

  test('show address, node and readiness gates', () => {
    const status = {
      phase: 'Running',
      podIPs: [{ ip: '10.85.0.7' }],
      conditions: [
        { type: 'example.com/up', status: 'True' },
        { type: 'example.com/synced', status: 'False' },
      ],
    };
    const readinessGates = [{ conditionType: 'example.com/up' }, { conditionType: 'example.com/synced' }];
    assert.deepEqual(podRow(podIn(status, { nodeName: 'device', readinessGates }), nowMs).slice(5), [
      '10.85.0.7',
      'device',
      '<none>',
      '1/2',
    ]);
  });
});

test('a status that lacks what Kubernetes always writes is shown nevertheless', () => {
  const bare = { name: 'app', ready: true } as ContainerStatus;
  const pod = podIn({ phase: 'Running', containerStatuses: [bare], initContainerStatuses: [bare] });
  assert.deepEqual(shown(pod), ['0/1', 'Init:0/0', '0']);
});
