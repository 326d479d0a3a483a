import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerStatus, Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerId, SandboxId } from '../../runtime/runtime.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { containerTerminal, containerWithLog, runningContainer } from './find-container.ts';

function pod(status?: Partial<ContainerStatus>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u1' },
    spec: { containers: [{ name: 'main', image: 'busybox', stdin: true }] },
    ...(status ? { status: { containerStatuses: [{ name: 'main', ...status } as ContainerStatus] } } : {}),
  } as unknown as Pod;
}

function container(id: string, state: ObservedContainer['state']): ObservedContainer {
  return {
    id: id as ContainerId,
    sandboxId: 's' as SandboxId,
    name: 'main',
    attempt: 0,
    image: '',
    imageId: '',
    state,
    createdAtMs: 0,
    labels: {},
    annotations: {},
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    logPath: `/logs/${id}`,
    endedAtMonotonicMs: 0,
  };
}

function observed(...containers: ObservedContainer[]): ObservedPod {
  return { uid: 'u1', namespace: 'default', name: 'web', sandboxes: [], containers, readAtMonotonicMs: 0 };
}

const terminated = (id: string) => ({ terminated: { exitCode: 1, containerID: `containerd://${id}` } });

describe('containerTerminal', () => {
  it('says what the container was made with', () => {
    assert.deepEqual(containerTerminal(pod(), 'main'), { stdin: true, tty: false });
  });

  it('refuses a container that the pod has not', () => {
    assert.throws(() => containerTerminal(pod(), 'nope'), {
      reason: 'BadRequest',
      message: 'container nope is not valid for pod web',
    });
  });
});

describe('runningContainer', () => {
  it('finds the one that runs', () => {
    assert.equal(runningContainer(observed(container('b', 'Running'), container('a', 'Exited')), 'main').id, 'b');
  });

  for (const pod of [undefined, observed(), observed(container('a', 'Exited'))]) {
    it(`has none for ${JSON.stringify(pod?.containers.map(({ state }) => state))}`, () => {
      assert.throws(() => runningContainer(pod, 'main'), {
        reason: 'NotFound',
        message: 'unable to upgrade connection: container not found ("main")',
      });
    });
  }
});

describe('containerWithLog', () => {
  it('takes the running container even when the status is late', () => {
    const late = pod({ state: { waiting: { reason: 'ContainerCreating' } } });
    assert.equal(containerWithLog(late, observed(container('a', 'Running')), 'main', false).id, 'a');
  });

  it('takes the one that has ended', () => {
    assert.equal(
      containerWithLog(pod({ state: terminated('a') }), observed(container('a', 'Exited')), 'main', false).id,
      'a',
    );
  });

  it('takes the last one that ended while its successor waits, with and without previous', () => {
    const crashing = pod({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: terminated('a') });
    const seen = observed(container('a', 'Exited'));
    assert.equal(containerWithLog(crashing, seen, 'main', false).id, 'a');
    assert.equal(containerWithLog(crashing, seen, 'main', true).id, 'a');
  });

  it('takes the one before the running one with previous', () => {
    const running = pod({
      containerID: 'containerd://b',
      state: { running: {} },
      lastState: terminated('a'),
    });
    const seen = observed(container('b', 'Running'), container('a', 'Exited'));
    assert.equal(containerWithLog(running, seen, 'main', true).id, 'a');
  });

  for (const { status, previous = false, message } of [
    { status: undefined, message: 'container "main" in pod "web" is not available' },
    {
      status: { state: { waiting: { reason: 'ContainerCreating' } } },
      message: 'container "main" in pod "web" is waiting to start: ContainerCreating',
    },
    {
      status: { state: { waiting: { reason: 'ErrImagePull' } } },
      message: `container "main" in pod "web" is waiting to start: image can't be pulled`,
    },
    {
      status: { state: { waiting: { reason: 'ImagePullBackOff' } } },
      message: 'container "main" in pod "web" is waiting to start: trying and failing to pull image',
    },
    { status: { state: {} }, message: 'container "main" in pod "web" is waiting to start - no logs yet' },
    { status: { state: { terminated: { exitCode: 1 } } }, message: 'container "main" in pod "web" is terminated' },
    {
      status: { state: { running: {} }, containerID: 'containerd://b' },
      previous: true,
      message: 'previous terminated container "main" in pod "web" not found',
    },
    {
      status: { state: { running: {} }, lastState: terminated('gone') },
      previous: true,
      message: 'previous terminated container "main" in pod "web" not found',
    },
  ]) {
    it(`says: ${message} (${JSON.stringify(status)})`, () => {
      assert.throws(() => containerWithLog(pod(status as Partial<ContainerStatus>), observed(), 'main', previous), {
        reason: 'BadRequest',
        message,
      });
    });
  }
});
