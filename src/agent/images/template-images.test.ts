import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import { type ReplicaSet, replicaSetKind } from '../../api/kinds/replica-set.ts';
import { silentLogger } from '../../lib/logger.ts';
import { admitObject } from '../../testing/admit-object.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { podTemplate, replicaSetManifest } from '../../testing/workloads.ts';
import type { EnsureResult } from './image-manager.ts';
import { TemplateImages } from './template-images.ts';

const image = { id: 'sha256:1', repoTags: [], repoDigests: [], sizeBytes: 1 };
const present = { kind: 'Present', image } as unknown as EnsureResult;

let clock: FakeClock;
let stop: AbortController;
let images: TemplateImages;
let asked: string[];
let changes: number;
/** What the image manager answers; a function throws or waits. */
let answer: (pod: Pod, container: Container) => EnsureResult | Promise<EnsureResult>;

beforeEach(() => {
  clock = new FakeClock();
  stop = new AbortController();
  asked = [];
  changes = 0;
  answer = () => present;
  images = new TemplateImages({
    ensure: async (pod, container) => {
      asked.push(`${pod.kind}/${pod.metadata.name} ${container.image}`);
      return answer(pod, container);
    },
    stopping: stop.signal,
    clock,
    log: silentLogger,
  });
  images.onChange(() => {
    changes += 1;
  });
});

afterEach(async () => {
  stop.abort();
  await images.join();
  assert.equal(clock.sleeping, 0, 'no timer is left');
});

function makeSet(spec: Readonly<Record<string, unknown>> = {}): ReplicaSet {
  const manifest = replicaSetManifest({ template: podTemplate('app:2', spec) }, { uid: 'u1' });
  return admitObject(replicaSetKind, manifest).object;
}

const waiting = (retryInMs: number): EnsureResult => ({
  kind: 'Waiting',
  waiting: { reason: 'ErrImagePull', message: 'no such tag' },
  retryAtMonotonicMs: clock.monotonicMs() + retryInMs,
});

describe('the images of a template', () => {
  it('are fetched one after the other, those of init containers too, and then they are there', async () => {
    const set = makeSet({ initContainers: [{ name: 'first', image: 'init:1' }] });
    assert.equal(images.look(set).kind, 'Waiting');
    await settle();
    assert.deepEqual(asked, ['ReplicaSet/web init:1', 'ReplicaSet/web app:2']);
    assert.equal(images.look(set).kind, 'Ready');
    assert.equal(changes, 1);
  });

  it('are asked for once, however often one looks', async () => {
    for (let count = 0; count < 5; count += 1) images.look(makeSet());
    await settle();
    assert.equal(asked.length, 1);
  });

  it('that cannot be had say why, and are tried again while somebody waits', async () => {
    answer = () => waiting(10_000);
    images.look(makeSet());
    await settle();
    const message = 'container app waits: ErrImagePull: no such tag';
    assert.deepEqual(images.look(makeSet()), { kind: 'Waiting', message });
    answer = () => present;
    clock.advance(10_001);
    await settle();
    assert.equal(images.look(makeSet()).kind, 'Ready');
    assert.equal(asked.length, 2);
  });

  it('are given up when nobody looks any more', async () => {
    answer = () => waiting(10_000);
    images.look(makeSet());
    await settle();
    for (let tries = 0; tries < 5; tries += 1) {
      clock.advance(10_001);
      await settle();
    }
    assert.equal(asked.length, 1);
    assert.equal(clock.sleeping, 0);
  });

  it('are tried at once when an image was loaded', async () => {
    answer = () => waiting(300_000);
    images.look(makeSet());
    await settle();
    images.look(makeSet());
    answer = () => present;
    images.lookAgain();
    await settle();
    assert.equal(images.look(makeSet()).kind, 'Ready');
  });

  it('are tried once more when an image was loaded while it was being looked for', async () => {
    const looking = Promise.withResolvers<EnsureResult>();
    answer = () => looking.promise;
    images.look(makeSet());
    await settle();
    answer = () => present;
    images.lookAgain();
    images.look(makeSet());
    looking.resolve({ kind: 'Waiting', waiting: { reason: 'ErrImageNeverPull', message: 'not present' } });
    await settle();
    assert.equal(images.look(makeSet()).kind, 'Ready');
    assert.equal(asked.length, 2);
  });

  it('wait for a runtime that is away', async () => {
    answer = () => {
      throw new Error('connection refused');
    };
    images.look(makeSet());
    await settle();
    assert.deepEqual(images.look(makeSet()), { kind: 'Waiting', message: 'connection refused' });
    answer = () => present;
    clock.advance(5_001);
    await settle();
    assert.equal(images.look(makeSet()).kind, 'Ready');
  });

  it('are forgotten with their ReplicaSet', async () => {
    answer = () => waiting(10_000);
    images.look(makeSet());
    await settle();
    images.forget('u1');
    await settle();
    assert.equal(clock.sleeping, 0);
  });
});
