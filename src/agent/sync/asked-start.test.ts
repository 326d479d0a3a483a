import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { startAnnotationPrefix } from '../../api/run-annotations.ts';
import type { ContainerId, SandboxId, SandboxStatus } from '../../runtime/runtime.ts';
import { makePod } from '../../testing/pods.ts';
import { noProbes, type PodHealth } from '../container-health.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';
import { computePodActions, type PodAction } from './compute-pod-actions.ts';
import { containerHash } from './container-hash.ts';

const now = 1_000_000;

/** A pod whose container is started for each word. */
const asked = (word: string, restartPolicy = 'Always'): Pod =>
  makePod({
    metadata: { annotations: { [`${startAnnotationPrefix}web`]: word } },
    spec: { restartPolicy, containers: [{ name: 'web', image: 'busybox' }] },
  });

/** A container that was made for a word; undefined: before anybody asked. */
function made(word: string | undefined, change: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: 'web-0' as ContainerId,
    sandboxId: 's0' as SandboxId,
    name: 'web',
    attempt: 0,
    image: 'busybox',
    imageId: 'sha256:1',
    state: 'Running',
    createdAtMs: 0,
    labels: {},
    startedAtMs: 1,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    logPath: '/logs/web/0.log',
    endedAtMonotonicMs: 0,
    annotations: {
      [runtimeAnnotations.restartCount]: '0',
      [runtimeAnnotations.backOffCount]: '4',
      [runtimeAnnotations.containerHash]: containerHash({ name: 'web', image: 'busybox' }),
      ...(word === undefined ? {} : { [runtimeAnnotations.startWord]: word }),
    },
    ...change,
  };
}

const exited = { state: 'Exited', exitCode: 1, finishedAtMs: 2, endedAtMonotonicMs: now } as const;
const lost = { ...exited, exitCode: 255, reason: 'Unknown' };

interface Circumstances {
  readonly ready?: boolean;
  readonly health?: PodHealth;
  readonly atMs?: number;
}

function compute(pod: Pod, container: ObservedContainer, circumstances: Circumstances = {}): readonly PodAction[] {
  const { ready = true, health = noProbes, atMs = now } = circumstances;
  const sandbox = { id: 's0', attempt: 0, ready, ips: ['10.85.0.2'] } as unknown as SandboxStatus;
  const observed: ObservedPod = {
    uid: 'u1',
    namespace: 'default',
    name: 'web',
    sandboxes: [sandbox],
    containers: [container],
    readAtMonotonicMs: now,
  };
  return computePodActions(pod, observed, health, atMs, { longestBackOffMs: 300_000 });
}

const create = { kind: 'CreateContainer', container: 'web', attempt: 1, restartCount: 1, backOffCount: 0 };
const kill = { kind: 'KillContainer', container: 'web', id: 'web-0', why: 'StartAsked', isRestarted: true };
const announcedEnd = { exitCode: 1, atMs: 5_000, atMonotonicMs: now };

describe('a container that starts when somebody asks', () => {
  for (const [what, container, actions] of [
    ['runs on under its word', made('1'), []],
    ['is ended and started in place for another word', made('0'), [kill, create]],
    ['is ended and started when it was there before anybody asked', made(undefined), [kill, create]],
    ['stays ended when it has ended by itself', made('1', exited), []],
    ['starts at once for another word, however often it has crashed', made('0', exited), [create]],
    ['starts when the machine had ended it', made('1', lost), [create]],
    ['stays ended while the runtime tidies up', made('1', { announcedEnd }), []],
    ['starts before the runtime has tidied up', made('0', { announcedEnd }), [create]],
  ] as const) {
    it(what, () => assert.deepEqual(compute(asked('1'), container), actions));
  }

  it('starts when it was ended for another spec, and nobody could go on then', () => {
    const annotations = { ...made('1').annotations, [runtimeAnnotations.containerHash]: 'another' };
    assert.deepEqual(compute(asked('1'), made('1', { ...exited, annotations })), [create]);
  });

  it('waits for its back-off, and starts again then, when it was ended for its probe', () => {
    const health: PodHealth = new Map([['web-0', { isStarted: false, isReady: false, failed: 'liveness' }]]);
    const delayMs = 80_000;
    assert.deepEqual(compute(asked('1'), made('1', exited), { health }), [
      { kind: 'WaitBackOff', container: 'web', delayMs, untilMonotonicMs: now + delayMs },
    ]);
    assert.deepEqual(compute(asked('1'), made('1', exited), { health, atMs: now + delayMs }), [
      { ...create, backOffCount: 5 },
    ]);
    assert.deepEqual(compute(asked('2'), made('1', exited), { health }), [create]);
  });

  it('starts when its sandbox is gone, with a new one', () => {
    assert.deepEqual(
      compute(asked('1'), made('1', exited), { ready: false }).map(({ kind }) => kind),
      ['StopSandbox', 'RunSandbox', 'CreateContainer'],
    );
  });

  it('is started by its policy alone when that is not Always', () => {
    assert.deepEqual(compute(asked('2', 'Never'), made('1', exited)), []);
    assert.deepEqual(compute(asked('2', 'Never'), made('1')), []);
  });

  it('is started by its policy, with a back-off, when nobody asks any longer', () => {
    assert.deepEqual(
      compute(makePod(), made('1', exited)).map(({ kind }) => kind),
      ['WaitBackOff'],
    );
  });
});
