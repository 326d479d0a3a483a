import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import { type PodSteps, PodWorkers, type SyncResult } from './pod-workers.ts';

const idle: SyncResult = { kind: 'Again', atMonotonicMs: undefined };
const ref = { uid: 'u1', namespace: 'default', name: 'web' };

/** Steps that tell what was asked of them, and do what a test says. */
class Script implements PodSteps {
  readonly calls: string[] = [];
  onSync: (pod: Pod, signal: AbortSignal) => Promise<SyncResult> = async () => idle;
  onTerminate: (graceMs: number, signal: AbortSignal) => Promise<void> = async () => {};
  onFinish: (isDeleted: boolean) => Promise<'Gone' | 'Kept'> = async (isDeleted) => (isDeleted ? 'Gone' : 'Kept');

  sync(pod: Pod, signal: AbortSignal): Promise<SyncResult> {
    this.calls.push(`sync ${pod.metadata.generation}`);
    return this.onSync(pod, signal);
  }

  terminate(_ref: object, _pod: Pod | undefined, graceMs: number, signal: AbortSignal): Promise<void> {
    this.calls.push(`terminate ${graceMs / 1000}s`);
    return this.onTerminate(graceMs, signal);
  }

  finish(_ref: object, _pod: Pod | undefined, isDeleted: boolean): Promise<'Gone' | 'Kept'> {
    this.calls.push(`finish ${isDeleted ? 'deleted' : 'finished'}`);
    return this.onFinish(isDeleted);
  }
}

describe('a pod worker', () => {
  let clock: FakeClock;
  let steps: Script;
  let workers: PodWorkers;
  let stop: () => Promise<void>;

  beforeEach(() => {
    clock = new FakeClock();
    steps = new Script();
    workers = new PodWorkers({ steps, clock, log: silentLogger });
    const abort = new AbortController();
    const running = workers.run(abort.signal);
    stop = async () => {
      abort.abort(new Error('stop'));
      await running;
    };
  });
  afterEach(() => stop());

  const pod = (generation = 1, metadata: object = {}, status?: object): Pod =>
    makePod({ metadata: { generation, ...metadata }, ...(status ? { status } : {}) });
  const deleted = (grace: number): Pod =>
    pod(1, { deletionTimestamp: '1999-01-01T00:00:00Z', deletionGracePeriodSeconds: grace });
  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it('takes one step at a time and then only the newest version', async () => {
    const first = Promise.withResolvers<SyncResult>();
    steps.onSync = () => first.promise;
    workers.update(pod(1));
    await settle();
    workers.update(pod(2));
    workers.update(pod(3));
    await settle();
    assert.deepEqual(steps.calls, ['sync 1']);
    steps.onSync = async () => idle;
    first.resolve(idle);
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'sync 3']);
  });

  it('works on different pods at once', async () => {
    steps.onSync = (_pod, signal) => untilAborted(signal);
    workers.update(pod(1));
    workers.update(pod(2, { uid: 'u2' }));
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'sync 2']);
  });

  it('looks again when it was asked to, and when it is woken', async () => {
    steps.onSync = async () => ({ kind: 'Again', atMonotonicMs: clock.monotonicMs() + 5_000 });
    workers.update(pod());
    await settle();
    workers.wake('u1');
    await settle();
    assert.equal(steps.calls.length, 2);
    clock.advance(4_999);
    await settle();
    assert.equal(steps.calls.length, 2);
    clock.advance(1);
    await settle();
    assert.equal(steps.calls.length, 3);
  });

  it('is not woken by a version without news, but knows it', async () => {
    workers.update(pod(1));
    await settle();
    workers.update(pod(2), false);
    await settle();
    assert.deepEqual(steps.calls, ['sync 1']);
    workers.wake('u1');
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'sync 2']);
  });

  it('tries again after a failure: 1 s, doubling to 30 s, from the beginning after a success', async () => {
    steps.onSync = async () => {
      throw new Error('no');
    };
    workers.update(pod());
    await settle();
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      const before = steps.calls.length;
      clock.advance(seconds * 1000 - 1);
      await settle();
      assert.equal(steps.calls.length, before);
      clock.advance(1);
      await settle();
      assert.equal(steps.calls.length, before + 1);
    }
    steps.onSync = async () => idle;
    workers.wake('u1');
    await settle();
    steps.onSync = async () => ({ kind: 'Retry', atMonotonicMs: undefined });
    workers.wake('u1');
    await settle();
    const before = steps.calls.length;
    clock.advance(1_000);
    await settle();
    assert.equal(steps.calls.length, before + 1);
  });

  it('goes from syncing to terminating to terminated, each once, and is gone', async () => {
    workers.update(pod());
    await settle();
    workers.update(deleted(30));
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'terminate 30s', 'finish deleted']);
    assert.equal(workers.has('u1'), false);
  });

  it('interrupts what it syncs when the pod is to end, and begins to end it only then', async () => {
    let isInterrupted = false;
    steps.onSync = async (_pod, signal) => {
      await untilAborted(signal).catch(() => {});
      isInterrupted = true;
      throw signal.reason;
    };
    steps.onTerminate = async () => assert.ok(isInterrupted);
    workers.update(pod());
    await settle();
    workers.update(deleted(30));
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'terminate 30s', 'finish deleted']);
  });

  it('interrupts what it syncs to look at the pod anew, but not how it ends', async () => {
    steps.onSync = async (_pod, signal) => {
      steps.onSync = async () => ({ kind: 'Finished', graceSeconds: 1 });
      return await untilAborted(signal);
    };
    const end = Promise.withResolvers<void>();
    let isCut = false;
    steps.onTerminate = async (_graceMs, signal) => {
      await end.promise;
      isCut = signal.aborted;
    };
    workers.update(pod());
    await settle();
    assert.deepEqual(steps.calls, ['sync 1']);
    workers.interrupt('u1');
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'sync 1', 'terminate 1s']);
    workers.interrupt('u1');
    end.resolve();
    await settle();
    assert.equal(isCut, false);
    assert.deepEqual(steps.calls.slice(3), ['finish finished']);
  });

  it('looks anew once when it was idle, or its pod is unknown', async () => {
    workers.update(pod());
    await settle();
    workers.interrupt('u1');
    workers.interrupt('u2');
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'sync 1']);
  });

  it('gives only the time that is left when ending has to be tried again, whatever the wall clock does', async () => {
    steps.onTerminate = async () => {
      clock.jumpTo(0);
      throw new Error('runtime is down');
    };
    workers.update(deleted(30));
    await settle();
    clock.advance(1_000);
    await settle();
    assert.deepEqual(steps.calls, ['terminate 30s', 'terminate 29s']);
  });

  it('cuts the time short when the grace period is shortened, and never lengthens it', async () => {
    steps.onTerminate = (_graceMs, signal) => untilAborted(signal);
    workers.update(deleted(600));
    await settle();
    clock.advance(2_000);
    workers.update(deleted(900));
    await settle();
    workers.update(deleted(5));
    await settle();
    workers.update(deleted(0));
    await settle();
    assert.deepEqual(steps.calls, ['terminate 600s', 'terminate 3s', 'terminate 0s']);
  });

  it('ends at once what was removed by force', async () => {
    workers.update(pod());
    await settle();
    workers.remove(ref);
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'terminate 0s', 'finish deleted']);
  });

  it('ends an orphan, but never a pod that has a worker', async () => {
    workers.update(pod());
    workers.endOrphan(ref);
    workers.endOrphan({ ...ref, uid: 'u2' });
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'terminate 0s', 'finish deleted']);
    assert.deepEqual(workers.uids(), ['u1']);
  });

  it('keeps a finished pod until somebody deletes it', async () => {
    steps.onSync = async () => ({ kind: 'Finished' });
    workers.update(pod());
    await settle();
    workers.wake('u1');
    await settle();
    assert.deepEqual(steps.calls, ['sync 1', 'terminate 30s', 'finish finished']);
    assert.equal(workers.isReclaimed('u1'), true);
    workers.update(deleted(0));
    await settle();
    assert.deepEqual(steps.calls.slice(3), ['finish deleted']);
  });

  it('never syncs a pod that was finished before this process', async () => {
    workers.update(pod(1, {}, { phase: 'Failed' }));
    await settle();
    assert.deepEqual(steps.calls, ['terminate 30s', 'finish finished']);
  });

  it('tries to clean up again until it is done', async () => {
    let tries = 0;
    steps.onFinish = async () => {
      if (++tries < 3) throw new Error('busy');
      return 'Gone';
    };
    workers.update(deleted(0));
    await settle();
    assert.equal(workers.isReclaimed('u1'), false);
    clock.advance(1_000);
    await settle();
    clock.advance(2_000);
    await settle();
    assert.equal(tries, 3);
    assert.equal(workers.has('u1'), false);
  });

  it('ignores what is said of pods it does not know', async () => {
    workers.wake('nobody');
    workers.remove({ ...ref, uid: 'nobody' });
    await settle();
    assert.deepEqual(steps.calls, []);
  });
});
