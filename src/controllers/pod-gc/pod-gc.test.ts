import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { podTemplate } from '../../testing/workloads.ts';
import { PodCollector } from './pod-gc.ts';

describe('PodCollector', () => {
  let cluster: WorkloadCluster;
  beforeEach(async () => {
    cluster = await WorkloadCluster.start();
    // What becomes of them is for the tests to say.
    cluster.behaviours.set('nginx:1.27', 'pending');
  });
  afterEach(() => cluster.stop());

  const start = (terminatedPodGCThreshold: number): void => {
    const { client, clock, log } = cluster;
    const isNeeded = ({ metadata }: Pod): boolean => metadata.labels?.['needed'] !== undefined;
    const deps = { client, clock, log, pods: cluster.pods, terminatedPodGCThreshold, isNeeded };
    cluster.run((signal) => new PodCollector(deps).run(signal));
  };
  /** A pod that has finished, each a minute younger than the one before. */
  const finish = async (name: string, labels: object = {}): Promise<void> => {
    cluster.clock.jumpTo(cluster.clock.now() + 60_000);
    const metadata = { namespace: 'default', name, labels };
    await cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podTemplate()['spec'] });
    await cluster.patch(pods, name, { status: { phase: 'Succeeded' } }, 'status');
  };
  const names = async (): Promise<readonly string[]> =>
    (await cluster.list<Pod>(pods)).map(({ metadata }) => metadata.name ?? '').sort();

  it('leaves as many finished pods as may be, the youngest, a while after the last has finished', async () => {
    start(2);
    for (const name of ['a', 'b', 'c']) await finish(name);
    await cluster.settle();
    assert.deepEqual(await names(), ['a', 'b', 'c']);
    await cluster.advance(21_000);
    assert.deepEqual(await names(), ['b', 'c']);
  });

  it('waits for nothing when there are more than twice as many', async () => {
    start(2);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await finish(name);
    await cluster.until(async () => (await names()).length === 2);
    assert.deepEqual(await names(), ['d', 'e']);
  });

  it('finds those that had finished before it started', async () => {
    for (const name of ['a', 'b']) await finish(name);
    start(1);
    await cluster.settle();
    await cluster.advance(21_000);
    assert.deepEqual(await names(), ['b']);
  });

  it('deletes none that is needed', async () => {
    start(1);
    await finish('a', { needed: 'yes' });
    for (const name of ['b', 'c']) await finish(name);
    await cluster.until(async () => (await names()).length === 1);
    assert.deepEqual(await names(), ['a']);
  });

  it('deletes none at all when it is told to', async () => {
    start(0);
    for (const name of ['a', 'b', 'c']) await finish(name);
    await cluster.advance(60_000);
    assert.deepEqual(await names(), ['a', 'b', 'c']);
  });
});
