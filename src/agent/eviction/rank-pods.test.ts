import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SignalName } from '../../host/node-signals.ts';
import { makePod } from '../../testing/pods.ts';
import { lowResourceMessage } from './eviction-message.ts';
import { type PodUse, rankPods } from './rank-pods.ts';

const mib = 1024 * 1024;

interface Parts {
  readonly memory?: string;
  readonly storage?: string;
  readonly priority?: number;
  readonly labels?: object;
}
function use(name: string, used: Partial<PodUse>, { memory, storage, priority = 0, labels = {} }: Parts = {}): PodUse {
  const requests = { ...(memory ? { memory } : {}), ...(storage ? { 'ephemeral-storage': storage } : {}) };
  const pod = makePod({
    metadata: { name, uid: name, labels },
    spec: { priority, containers: [{ name: 'a', image: 'i', resources: { requests } }] },
  });
  return { pod, memoryBytes: 0, diskBytes: 0, processes: 0, ...used };
}
const names = (uses: readonly PodUse[], signal: SignalName): unknown =>
  rankPods(uses, signal).map(({ pod }) => pod.metadata.name);

describe('which pod goes first', () => {
  it('is the one that uses more memory than it asked for, then the less important, then the greediest', () => {
    const uses = [
      use('modest', { memoryBytes: 900 * mib }, { memory: '1Gi' }),
      use('important', { memoryBytes: 500 * mib }, { priority: 10 }),
      use('small', { memoryBytes: 10 * mib }),
      use('large', { memoryBytes: 60 * mib }, { memory: '10Mi' }),
      use('unimportant', { memoryBytes: mib }, { priority: -5 }),
    ];
    assert.deepEqual(names(uses, 'memory.available'), ['unimportant', 'large', 'small', 'important', 'modest']);
  });

  it('goes by room on disk when that is short, and by processes when those are', () => {
    const uses = [
      use('a', { memoryBytes: 900 * mib, diskBytes: mib, processes: 5 }),
      use('b', { diskBytes: 20 * mib, processes: 500 }, { storage: '1Gi' }),
      use('c', { diskBytes: 2 * mib, processes: 50 }),
    ];
    assert.deepEqual(names(uses, 'nodefs.available'), ['c', 'a', 'b']);
    assert.deepEqual(names(uses, 'imagefs.inodesFree'), ['c', 'a', 'b']);
    assert.deepEqual(names(uses, 'pid.available'), ['b', 'c', 'a']);
  });

  it('is never one that is critical, or that the device itself asks for', () => {
    const uses = [
      use('critical', { memoryBytes: mib }, { priority: 2_000_000_000 }),
      use('static', { memoryBytes: mib }, { labels: { 'eliot.run/source': 'manifests' } }),
    ];
    assert.deepEqual(names(uses, 'memory.available'), []);
  });

  it('is told what was short and which container used more than it asked for', () => {
    const met = { signal: 'memory.available', isHard: true, quantity: 100 * mib, available: 90.5 * mib } as const;
    const { pod } = use('p', {}, { memory: '10Mi' });
    assert.equal(
      lowResourceMessage(met, pod, [{ name: 'a', memoryBytes: 20 * mib, diskBytes: 0 }]),
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 92672Ki. ' +
        'Container a was using 20480Ki, request is 10Mi, has larger consumption of memory. ',
    );
    assert.equal(
      lowResourceMessage({ ...met, signal: 'pid.available', quantity: 10, available: 3 }, pod, []),
      'The node was low on resource: pids. Threshold quantity: 10, available: 3. ',
    );
    assert.match(lowResourceMessage({ ...met, signal: 'nodefs.inodesFree' }, pod, []), /low on resource: inodes\. /);
  });
});
