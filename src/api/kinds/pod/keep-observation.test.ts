import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admittedPod } from '../../../testing/pod-manifest.ts';
import { keepPodObservation } from './keep-observation.ts';
import type { ContainerStatus, Pod, PodStatus } from './types.ts';

const base = admittedPod();

function podIn(status: PodStatus): Pod {
  return { ...base, status };
}

function container(changes: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'app', state: {}, lastState: {}, ready: false, restartCount: 0, image: '', imageID: '', ...changes };
}

const running = podIn({
  phase: 'Running',
  containerStatuses: [container({ ready: true, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } })],
});
const ended = { exitCode: 1, reason: 'Error', finishedAt: '2026-01-01T00:01:00Z' };

test('what comes and goes with the boot is not kept', () => {
  assert.equal(keepPodObservation(podIn({ phase: 'Pending' }), undefined), false);
  assert.equal(keepPodObservation(running, podIn({ phase: 'Pending' })), false);
  const notReady = podIn({ phase: 'Running', containerStatuses: [container({ ready: false })], podIP: '10.85.0.2' });
  assert.equal(keepPodObservation(notReady, running), false);
});

test('the end of a pod is kept, once', () => {
  for (const phase of ['Succeeded', 'Failed']) {
    const finished = podIn({ phase });
    assert.equal(keepPodObservation(finished, running), true);
    assert.equal(keepPodObservation(podIn({ phase, message: 'bye' }), finished), false);
  }
});

test('the end of a container, its restart and its last termination are kept', () => {
  const crashed = podIn({ phase: 'Running', containerStatuses: [container({ state: { terminated: ended } })] });
  const again = podIn({
    phase: 'Running',
    containerStatuses: [container({ restartCount: 1, lastState: { terminated: ended }, state: { running: {} } })],
  });
  assert.equal(keepPodObservation(crashed, running), true);
  assert.equal(keepPodObservation(again, crashed), true);
  assert.equal(keepPodObservation(again, again), false);
});

test('init containers count as well', () => {
  const done = podIn({
    phase: 'Pending',
    initContainerStatuses: [container({ name: 'init', state: { terminated: { exitCode: 0 } } })],
  });
  assert.equal(keepPodObservation(done, podIn({ phase: 'Pending' })), true);
});
