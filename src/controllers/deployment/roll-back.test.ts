import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isReady } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { deployments, replicaSets } from '../../api/resources.ts';
import { DeploymentCluster } from '../../testing/deployment-cluster.ts';
import { podTemplate } from '../../testing/workloads.ts';

let cluster: DeploymentCluster;

beforeEach(async () => {
  cluster = await DeploymentCluster.start();
});
afterEach(() => cluster.stop());

const rollBack = { 'eliot.run/rollback-on-failure': 'true' };
const settle = () => cluster.base.settle();
const rolledBack = () => cluster.condition('eliot.run/RolledBack');

/** A Deployment whose first revision is trusted. */
async function startTrusted(
  spec: Readonly<Record<string, unknown>> = {},
  annotations: Readonly<Record<string, string>> = rollBack,
): Promise<void> {
  await cluster.create('app:1', { progressDeadlineSeconds: 30, ...spec }, annotations);
  await cluster.untilComplete('app:1');
  await cluster.base.advance(61_000);
  assert.equal(await rolledBack(), 'False Baked');
}

const failing = async (image: string) =>
  (await cluster.replicaSet(image))?.metadata.annotations?.['rollback.eliot.run/failed'];

describe('a Deployment with rollback-on-failure', () => {
  it('gets its previous revision back when the new one misses its deadline, and says why', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
    const [one, two] = [await cluster.replicaSet('app:1'), await cluster.replicaSet('app:2')];
    const says = `ReplicaSet "${two?.metadata.name}" (revision 2) failed: no progress in 30 s: `;
    const message = await cluster.message('eliot.run/RolledBack');
    assert.ok(message.startsWith(says), message);
    assert.ok(message.endsWith(`; returned to ReplicaSet "${one?.metadata.name}" (revision 1).`), message);
    const events = cluster.base.events.filter((event) => event.startsWith('Warning RolledBack'));
    assert.deepEqual(events, [`Warning RolledBack Deployment/web ${message}`]);
  });

  it('never claims that the new template runs, so that rollout status and helm fail', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(60_000);
    const { status, metadata, spec } = await cluster.get();
    assert.equal(await cluster.condition('Progressing'), 'False ProgressDeadlineExceeded');
    assert.equal(status.updatedReplicas, undefined);
    assert.equal(status.availableReplicas, 1);
    assert.equal(status.observedGeneration, metadata.generation);
    // What the user wants is his: the spec stays as he wrote it.
    assert.equal(spec.template.spec.containers[0]?.image, 'app:2');
  });

  it('does not try what failed again, however long it waits and however often it is applied', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    const before = (await cluster.get()).metadata.resourceVersion;
    await cluster.setImage('app:2');
    await cluster.base.advance(3_600_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal((await cluster.get()).metadata.resourceVersion, before, 'nothing is written');
  });

  it('tries another template, and then again the one that failed only under a new hash', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    await cluster.setImage('app:3');
    await cluster.untilComplete('app:3');
    await cluster.base.advance(61_000);
    assert.equal(await rolledBack(), 'False Baked');
    await cluster.setImage('app:2');
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 0, 'app:3': 1 });
    cluster.base.behaviours.delete('app:2');
    const template = podTemplate('app:2') as { metadata: { labels: object } };
    const annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' };
    await cluster.change({ template: { ...template, metadata: { ...template.metadata, annotations } } });
    await cluster.base.until(async () => (await cluster.get()).status.updatedReplicas === 1);
    assert.notEqual(await rolledBack(), 'True ProgressDeadlineExceeded');
  });

  it('gets its previous revision back when a container crashes in the bake time', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    assert.equal(await rolledBack(), 'Unknown Baking');
    await cluster.base.advance(40_000);
    const [pod] = await cluster.pods('app:2');
    assert.ok(pod);
    await cluster.base.crash(pod, 3);
    await settle();
    assert.equal(await rolledBack(), 'True ContainerCrashed');
    assert.match(
      await cluster.message('eliot.run/RolledBack'),
      /container app of pod web-\S+ ended with exit code 3 \(Error\)/,
    );
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal(await cluster.condition('Progressing'), 'False ProgressDeadlineExceeded');
    assert.equal(await cluster.condition('Available'), 'True MinimumReplicasAvailable');
  });

  it('gets its previous revision back when a pod is no longer ready in the bake time', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    const [pod] = await cluster.pods('app:2');
    assert.ok(pod);
    await cluster.base.setReady(pod, false);
    await settle();
    assert.equal(await rolledBack(), 'True NotReady');
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
  });

  it('keeps a new revision that crashes after its bake time', async () => {
    await startTrusted({}, { ...rollBack, 'eliot.run/bake-seconds': '10' });
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    await cluster.base.advance(11_000);
    assert.equal(await rolledBack(), 'False Baked');
    const [pod] = await cluster.pods('app:2');
    assert.ok(pod);
    await cluster.base.crash(pod);
    await cluster.base.advance(120_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 1 });
  });

  it('watches once more for the whole bake time after a restart of the daemon', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    await cluster.base.advance(50_000);
    await cluster.stopController();
    cluster.startController();
    await cluster.base.advance(40_000);
    assert.equal(await rolledBack(), 'Unknown Baking');
    const [pod] = await cluster.pods('app:2');
    assert.ok(pod);
    await cluster.base.crash(pod);
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
  });

  it('gets its previous revision back when its pods ceased to be ready while the daemon was away', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    await cluster.stopController();
    const [pod] = await cluster.pods('app:2');
    assert.ok(pod);
    await cluster.base.setReady(pod, false);
    await settle();
    cluster.startController();
    await settle();
    assert.equal(await cluster.condition('Progressing'), 'True FoundNewReplicaSet');
    await cluster.base.advance(32_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
  });

  it('gets its previous revision back when it was updated with no pods and scaled up afterwards', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.change({ replicas: 0 });
    await settle();
    await cluster.setImage('app:2');
    await settle();
    assert.equal(await cluster.condition('Progressing'), 'True NewReplicaSetAvailable');
    await cluster.change({ replicas: 1 });
    await cluster.base.advance(32_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
  });

  it('gets its previous revision back when it is scaled up in the bake time and the new pods never work', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    cluster.base.behaviours.set('app:2', 'unready');
    await cluster.base.advance(50_000);
    await cluster.change({ replicas: 3 });
    await cluster.base.advance(29_000);
    assert.equal(await rolledBack(), 'Unknown Baking');
    await cluster.base.advance(3_000);
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
    assert.match(
      await cluster.message('eliot.run/RolledBack'),
      /failed: no progress in 30 s: its pods do not become available;/,
    );
    assert.deepEqual(await cluster.sizes(), { 'app:1': 3, 'app:2': 0 });
  });

  it('is trusted late when it is scaled up in the bake time and each new pod works in time', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    cluster.base.behaviours.set('app:2', 'unready');
    await cluster.base.advance(50_000);
    await cluster.change({ replicas: 3 });
    for (const left of [1, 0]) {
      await cluster.base.advance(20_000);
      const waiting = (await cluster.pods('app:2')).filter(({ status }) => !isReady({ status } as Pod));
      assert.equal(waiting.length, left + 1);
      assert.equal(await rolledBack(), 'Unknown Baking');
      await cluster.base.setReady(waiting[0] as Pod, true);
    }
    await cluster.base.advance(5_000);
    assert.equal(await rolledBack(), 'False Baked');
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 3 });
  });

  it('gets its previous revision back when it has no pods for a part of the bake time, and then none that work', async () => {
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    await cluster.change({ replicas: 0 });
    await settle();
    await cluster.base.advance(3_600_000);
    cluster.base.behaviours.set('app:2', 'unready');
    await cluster.change({ replicas: 1 });
    await cluster.base.advance(29_000);
    assert.notEqual(await rolledBack(), 'True ProgressDeadlineExceeded');
    await cluster.base.advance(3_000);
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
  });

  it('stays rolled back when the daemon starts anew and all status is lost', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    await cluster.stopController();
    await cluster.base.client.patch(
      deployments,
      { namespace: 'default', name: 'web' },
      'json',
      [{ op: 'replace', path: '/status', value: {} }],
      { subresource: 'status' },
    );
    cluster.startController();
    await cluster.base.advance(60_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
    assert.equal(await cluster.condition('Progressing'), 'False ProgressDeadlineExceeded');
  });

  it('completes a return that the daemon did not live to see', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await settle();
    await cluster.stopController();
    // The mark is all that was written before the daemon was killed.
    const failed = await cluster.replicaSet('app:2');
    const annotations = { 'rollback.eliot.run/failed': '{"reason":"NotReady","message":"x"}' };
    await cluster.base.patch(replicaSets, failed?.metadata.name ?? '', { metadata: { annotations } });
    cluster.startController();
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
    assert.equal(await rolledBack(), 'True NotReady');
  });

  it('returns to the last revision that was trusted, not to one that was only passed through', async () => {
    for (const image of ['app:2', 'app:3']) cluster.base.behaviours.set(image, 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await settle();
    await cluster.setImage('app:3');
    await cluster.base.advance(32_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0, 'app:3': 0 });
    assert.equal(await failing('app:2'), undefined);
    assert.match((await failing('app:3')) ?? '', /ProgressDeadlineExceeded/);
  });

  it('keeps the revision to return to until the new one is trusted, whatever the history limit', async () => {
    await startTrusted({ revisionHistoryLimit: 0 });
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 1 });
    await cluster.base.advance(61_000);
    assert.deepEqual(await cluster.sizes(), { 'app:2': 1 });
  });

  it('keeps it also while the update is paused', async () => {
    await startTrusted({ revisionHistoryLimit: 0 });
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    await cluster.change({ paused: true });
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 1 });
  });

  it('leaves a first revision alone that fails: there is nothing to return to', async () => {
    cluster.base.behaviours.set('app:1', 'unready');
    await cluster.create('app:1', { progressDeadlineSeconds: 30 }, rollBack);
    await cluster.base.advance(60_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1 });
    assert.equal(await cluster.condition('Progressing'), 'False ProgressDeadlineExceeded');
    assert.equal(await rolledBack(), 'Unknown RollingOut');
  });

  it('gives up an update whose image never comes, and the running pod has not noticed', async () => {
    await startTrusted({ strategy: { type: 'Recreate' } });
    const [pod] = await cluster.pods('app:1');
    cluster.images.missing.set('app:2', 'image "app:2" is not in the registry');
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
    assert.match(await cluster.message('eliot.run/RolledBack'), /30 s: image "app:2" is not in the registry; returned/);
    assert.equal((await cluster.pods('app:1'))[0]?.metadata.uid, pod?.metadata.uid);
  });

  it('gives up a new pod that does not fit, and the running pod has not noticed', async () => {
    cluster.base.behaviours.set('app:2', 'unschedulable');
    cluster.inTheWay = Number.POSITIVE_INFINITY;
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    assert.match(
      await cluster.message('eliot.run/RolledBack'),
      /is not scheduled: 0\/1 nodes are available: 1 Insufficient memory/,
    );
    await cluster.base.until(async () => (await cluster.get()).status.availableReplicas === 1);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
  });

  it('is scaled while it is rolled back', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    await cluster.change({ replicas: 3 });
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 3, 'app:2': 0 });
    assert.equal(await rolledBack(), 'True ProgressDeadlineExceeded');
  });

  it('is at peace again after rollout undo: what runs is what is wanted', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    const [pod] = await cluster.pods('app:1');
    await cluster.setImage('app:1');
    await settle();
    assert.equal(await cluster.condition('Progressing'), 'True NewReplicaSetAvailable');
    assert.equal(await rolledBack(), 'False Baked');
    assert.equal((await cluster.pods('app:1'))[0]?.metadata.uid, pod?.metadata.uid);
  });

  it('tries the failed template after all when the mark is taken away', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await startTrusted();
    await cluster.setImage('app:2');
    await cluster.base.advance(32_000);
    cluster.base.behaviours.delete('app:2');
    const { name = '' } = (await cluster.replicaSet('app:2'))?.metadata ?? {};
    await cluster.base.patch(replicaSets, name, { metadata: { annotations: { 'rollback.eliot.run/failed': null } } });
    await cluster.untilComplete('app:2');
    assert.equal(await rolledBack(), 'Unknown Baking');
  });
});
