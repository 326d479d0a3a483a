import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../api/kinds/pod/types.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { makePod } from '../testing/pods.ts';
import { openRegistry, pod, podKind, type RegistryFixture, writeContext } from '../testing/registry.ts';
import { PodQuota } from './pod-quota.ts';

type Listener = (change: { readonly type: string; readonly object: Pod }) => void;

/** A copy of the pods that shows what the test puts into it. */
class Copy {
  readonly pods: Pod[] = [];
  #listener: Listener = () => {};

  list(): readonly Pod[] {
    return this.pods;
  }

  onChange(listener: Listener): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = () => {};
    };
  }

  show(object: Pod): void {
    this.pods.push(object);
    this.#listener({ type: 'added', object });
  }
}

const named = (name: string, status: object = { phase: 'Pending' }): Pod =>
  makePod({ metadata: { name, uid: name }, status });
const exceeded = (name: string, used: number, limited: number) => ({
  reason: 'Forbidden',
  message: `pods "${name}" is forbidden: exceeded quota: podQuota, requested: pods=1, used: pods=${used}, limited: pods=${limited}`,
});

describe('the quota of pods', () => {
  let clock: FakeClock;
  let copy: Copy;
  let quota: PodQuota;
  beforeEach(() => {
    clock = new FakeClock();
    copy = new Copy();
    quota = new PodQuota({ clock, podQuota: 2 });
    quota.follow(copy, new AbortController().signal);
  });

  it('is used by pods that have not finished, whether they run or wait', () => {
    copy.show(named('done', { phase: 'Succeeded' }));
    copy.show(named('failed', { phase: 'Failed' }));
    copy.show(named('runs', { phase: 'Running' }));
    quota.take(named('a'));
    assert.throws(() => quota.take(named('b')), exceeded('b', 2, 2));
  });

  it('is used by pods that were stored and are not seen yet, each once', () => {
    quota.take(named('a'));
    copy.show(named('a'));
    quota.take(named('b'));
    assert.throws(() => quota.take(named('c')), exceeded('c', 2, 2));
  });

  it('gets a place back from a pod that was not stored', () => {
    quota.take(named('a'));
    const giveBack = quota.take(named('b'));
    giveBack();
    quota.take(named('c'));
    assert.throws(() => quota.take(named('d')), exceeded('d', 2, 2));
  });

  it('gets a place back from a pod that was gone before it was seen', () => {
    quota.take(named('a'));
    quota.take(named('b'));
    clock.advance(30_001);
    quota.take(named('c'));
  });
});

describe('a registry with a quota of pods', () => {
  let fixture: RegistryFixture;
  let copy: Copy;
  beforeEach(async () => {
    copy = new Copy();
    const quota = new PodQuota({ clock: new FakeClock(), podQuota: 2 });
    quota.follow(copy, new AbortController().signal);
    const placePod = (): string => 'device';
    fixture = await openRegistry({ takePodPlace: (object) => quota.take(object), placePod });
  });
  const create = (name: string, dryRun = false) =>
    fixture.registry.create(podKind, 'default', pod(name), writeContext({ dryRun }));

  it('stores no more, also when they come at once', async () => {
    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => create(name)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    assert.equal((await fixture.registry.list(podKind)).items.length, 2);
  });

  it('counts none that is a dry run or has a name that is taken', async () => {
    await create('a');
    await create('b', true);
    await assert.rejects(create('a'), { reason: 'AlreadyExists' });
    await create('b');
    await assert.rejects(create('c', true), exceeded('c', 2, 2));
    await assert.rejects(create('c'), exceeded('c', 2, 2));
  });
});
