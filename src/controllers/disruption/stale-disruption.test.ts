import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod, PodCondition } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { formatTime } from '../../lib/clock.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { podTemplate } from '../../testing/workloads.ts';
import { StaleDisruptions } from './stale-disruption.ts';

describe('a pod that was to be disrupted', () => {
  let cluster: WorkloadCluster;
  beforeEach(async () => {
    cluster = await WorkloadCluster.start();
    const { client, clock, log } = cluster;
    cluster.run((signal) => new StaleDisruptions({ client, clock, log, pods: cluster.pods }).run(signal));
    const metadata = { namespace: 'default', name: 'a' };
    await cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podTemplate()['spec'] });
    await cluster.until(async () => (await get()).status.phase === 'Running');
  });
  afterEach(() => cluster.stop());

  const get = (): Promise<Pod> => cluster.client.get<Pod>(pods, { namespace: 'default', name: 'a' });
  const target = async (): Promise<PodCondition | undefined> =>
    (await get()).status.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const disrupt = async (reason: string): Promise<void> => {
    const lastTransitionTime = formatTime(cluster.clock.now());
    const condition = { type: 'DisruptionTarget', status: 'True', reason, message: 'soon', lastTransitionTime };
    const conditions = [...((await get()).status.conditions ?? []), condition];
    await cluster.patch(pods, 'a', { status: { conditions } }, 'status');
  };

  it('is no longer, when nothing came of it in two minutes', async () => {
    await disrupt('EvictionByEvictionAPI');
    await cluster.advance(115_000);
    assert.equal((await target())?.status, 'True');
    await cluster.advance(6_000);
    await cluster.until(async () => (await target())?.status === 'False');
    assert.deepEqual(Object.keys((await target()) ?? {}).sort(), ['lastTransitionTime', 'status', 'type']);
  });

  it('stays so when the kubelet says it, which ends the pod in its time', async () => {
    await disrupt('TerminationByKubelet');
    await cluster.advance(300_000);
    assert.equal((await target())?.status, 'True');
  });

  it('stays so when it has ended', async () => {
    await disrupt('PreemptionByScheduler');
    await cluster.patch(pods, 'a', { status: { phase: 'Failed' } }, 'status');
    await cluster.advance(300_000);
    assert.equal((await target())?.status, 'True');
  });
});
