import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Lease } from '../../api/kinds/lease.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { leases, pods } from '../../api/resources.ts';
import { leaseAnnotation, removeWhenFinishedAnnotation } from '../../api/run-annotations.ts';
import { WorkloadCluster } from '../../testing/workload-cluster.ts';
import { podTemplate } from '../../testing/workloads.ts';
import { type KnownLease, RunPods } from './run-pods.ts';

describe('a pod of eli run', () => {
  let cluster: WorkloadCluster;
  let stop: AbortController;
  beforeEach(async () => {
    cluster = await WorkloadCluster.start();
    stop = new AbortController();
    start();
  });
  afterEach(async () => {
    stop.abort();
    await cluster.stop();
  });

  const start = (): void => {
    const { client, clock, log } = cluster;
    const known = cluster.follow<KnownLease>(leases, (object) => {
      const { metadata, spec } = object as Lease;
      return { metadata, leaseDurationSeconds: spec.leaseDurationSeconds };
    });
    const events = { recordFor: cluster.recordFor };
    const controller = new RunPods({ client, clock, log, events, pods: cluster.pods, leases: known });
    cluster.run((signal) => controller.run(AbortSignal.any([signal, stop.signal])));
  };
  /** As an eliotd that is started again: all that it remembers is what is stored. */
  const restart = (): void => {
    stop.abort();
    stop = new AbortController();
    start();
  };
  const run = async (annotations: Readonly<Record<string, string>>): Promise<void> => {
    const metadata = { namespace: 'default', name: 'a', annotations };
    await cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podTemplate()['spec'] });
    await cluster.settle();
  };
  const lease = async (leaseDurationSeconds = 10): Promise<void> => {
    const metadata = { namespace: 'default', name: 'laptop' };
    const spec = { holderIdentity: 'eli', leaseDurationSeconds };
    await cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
    await cluster.settle();
  };
  /** @param renewTime as the laptop's clock says, however wrong */
  const renew = async (renewTime: string): Promise<void> => {
    await cluster.patch(leases, 'laptop', { spec: { renewTime } });
    await cluster.settle();
  };
  const finish = async (): Promise<void> => {
    await cluster.patch(pods, 'a', { status: { phase: 'Succeeded' } }, 'status');
    await cluster.settle();
  };
  const isThere = async (): Promise<boolean> => (await cluster.list<Pod>(pods)).length > 0;

  it('stays while its lease is renewed, whatever time the laptop believes it is', async () => {
    await run({ [leaseAnnotation]: 'laptop' });
    await lease();
    for (const year of [1970, 2099, 2026, 1999]) {
      await cluster.advance(8_000);
      await renew(`${year}-01-01T00:00:00.000000Z`);
    }
    assert.equal(await isThere(), true);
  });

  it('goes when its lease is no longer renewed, and an event says why', async () => {
    await run({ [leaseAnnotation]: 'laptop' });
    await lease();
    await cluster.advance(9_000);
    assert.equal(await isThere(), true);
    await cluster.advance(2_000);
    await cluster.until(async () => !(await isThere()));
    assert.deepEqual(cluster.events, [
      'Normal LeaseLapsed Pod/a Deleted: nobody has renewed the lease laptop for 10 s',
    ]);
  });

  it('goes when the clock of the device jumps, only after the time has really passed', async () => {
    await run({ [leaseAnnotation]: 'laptop' });
    await lease();
    cluster.clock.jumpTo(Date.UTC(2099, 0, 1));
    await cluster.settle();
    assert.equal(await isThere(), true);
    await cluster.advance(11_000);
    await cluster.until(async () => !(await isThere()));
  });

  it('has the whole time again after a restart of eliotd', async () => {
    await run({ [leaseAnnotation]: 'laptop' });
    await lease();
    await cluster.advance(9_000);
    restart();
    await cluster.settle();
    await cluster.advance(9_000);
    assert.equal(await isThere(), true);
    await cluster.advance(2_000);
    await cluster.until(async () => !(await isThere()));
  });

  it('goes half a minute after a start when the boot has ended its lease', async () => {
    await run({ [leaseAnnotation]: 'laptop' });
    await cluster.advance(29_000);
    assert.equal(await isThere(), true);
    await cluster.advance(2_000);
    await cluster.until(async () => !(await isThere()));
  });

  it('stays when it is let go of', async () => {
    await run({ [leaseAnnotation]: 'laptop' });
    await lease();
    await cluster.patch(pods, 'a', { metadata: { annotations: { [leaseAnnotation]: null } } });
    await cluster.advance(60_000);
    assert.equal(await isThere(), true);
  });

  it('that was to go when it has finished goes a moment later, and not before', async () => {
    await run({ [removeWhenFinishedAnnotation]: 'true' });
    await cluster.advance(60_000);
    assert.equal(await isThere(), true);
    await finish();
    assert.equal(await isThere(), true);
    await cluster.advance(6_000);
    await cluster.until(async () => !(await isThere()));
  });

  it('that is leased and finished stays for whoever holds the lease', async () => {
    await run({ [removeWhenFinishedAnnotation]: 'true', [leaseAnnotation]: 'laptop' });
    await lease(20);
    await finish();
    await cluster.advance(10_000);
    assert.equal(await isThere(), true);
    await cluster.advance(11_000);
    await cluster.until(async () => !(await isThere()));
  });

  it('of somebody else is left alone', async () => {
    await run({});
    await finish();
    await cluster.advance(120_000);
    assert.equal(await isThere(), true);
  });
});
