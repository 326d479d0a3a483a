import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { deployments, pods, replicaSets } from '../../api/resources.ts';
import { DeploymentCluster } from '../../testing/deployment-cluster.ts';
import { podTemplate, replicaSetManifest } from '../../testing/workloads.ts';

let cluster: DeploymentCluster;

beforeEach(async () => {
  cluster = await DeploymentCluster.start();
});
afterEach(() => cluster.stop());

const settle = () => cluster.base.settle();
const revisionOf = async (image: string) =>
  (await cluster.replicaSet(image))?.metadata.annotations?.['deployment.kubernetes.io/revision'];
const scalings = () => cluster.base.events.filter((event) => event.includes('ScalingReplicaSet'));

describe('a Deployment', () => {
  it('gets its pods, by a ReplicaSet named by the template, and says so', async () => {
    await cluster.create('app:1', { replicas: 2 });
    await cluster.untilComplete('app:1');
    const set = await cluster.replicaSet('app:1');
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? '';
    assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
    assert.equal(set?.metadata.name, `web-${hash}`);
    assert.deepEqual(set?.spec.selector, { matchLabels: { app: 'web', 'pod-template-hash': hash } });
    assert.deepEqual((await cluster.pods('app:1'))[0]?.metadata.labels, { app: 'web', 'pod-template-hash': hash });
    const { metadata, status } = await cluster.get();
    assert.equal(metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    // The controller's copy has no managedFields; what it writes does not take the server's away.
    assert.ok(metadata.managedFields?.some(({ subresource }) => subresource === 'status'));
    assert.ok(metadata.managedFields?.some(({ subresource }) => subresource === undefined));
    const { conditions = [], ...counts } = status;
    assert.deepEqual(counts, {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      terminatingReplicas: 0,
    });
    assert.deepEqual(
      conditions.map(({ type, status: is, reason, message }) => `${type} ${is} ${reason} ${message}`).sort(),
      [
        'Available True MinimumReplicasAvailable Deployment has minimum availability.',
        `Progressing True NewReplicaSetAvailable ReplicaSet "web-${hash}" has successfully progressed.`,
      ],
    );
    assert.deepEqual(scalings(), [
      `Normal ScalingReplicaSet Deployment/web Scaled up replica set web-${hash} from 0 to 2`,
    ]);
  });

  it('writes nothing more when nothing happens', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    const before = (await cluster.get()).metadata.resourceVersion;
    await cluster.base.advance(3_600_000);
    assert.equal((await cluster.get()).metadata.resourceVersion, before);
  });

  it('is not looked at without end when a pod is not ready long after its update', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    await cluster.base.advance(700_000);
    const [pod] = await cluster.pods('app:1');
    assert.ok(pod);
    const timers = cluster.base.clock.sleeping;
    await cluster.base.setReady(pod, false);
    await settle();
    assert.equal(await cluster.condition('Available'), 'False MinimumReplicasUnavailable');
    assert.equal(await cluster.condition('Progressing'), 'True NewReplicaSetAvailable');
    assert.equal(cluster.base.clock.sleeping, timers, 'no more timers run');
  });

  it('goes to a new template without ever being without a pod', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    const seen: number[] = [];
    cluster.base.pods.onChange(() => {
      const all = cluster.base.pods.list();
      seen.push(all.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length);
    });
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    assert.ok(Math.min(...seen) >= 1 && Math.max(...seen) <= 2, `pods: ${seen}`);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 1 });
    assert.deepEqual([await revisionOf('app:1'), await revisionOf('app:2')], ['1', '2']);
    assert.match(scalings().at(-1) ?? '', /Scaled down replica set web-\w+ from 1 to 0$/);
  });

  it('comes back to an old template under a new revision, with the ReplicaSet that it had', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    const { uid } = (await cluster.replicaSet('app:1'))?.metadata ?? {};
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    await cluster.setImage('app:1');
    await cluster.untilComplete('app:1');
    const set = await cluster.replicaSet('app:1');
    assert.equal(set?.metadata.uid, uid);
    assert.equal(await revisionOf('app:1'), '3');
    assert.equal(set?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
    assert.match(await cluster.message('Progressing'), new RegExp(`^ReplicaSet "${set?.metadata.name}" has success`));
  });

  it('keeps within maxSurge and maxUnavailable at every moment', async () => {
    const rollingUpdate = { maxSurge: 3, maxUnavailable: 2 };
    await cluster.create('app:1', { replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate } });
    await cluster.untilComplete('app:1');
    let [most, fewest] = [0, 10];
    cluster.base.replicaSets.onChange(() => {
      const all = cluster.base.replicaSets.list();
      most = Math.max(
        most,
        all.reduce((sum, { status }) => sum + status.replicas, 0),
      );
      fewest = Math.min(
        fewest,
        all.reduce((sum, { status }) => sum + (status.availableReplicas ?? 0), 0),
      );
    });
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    assert.ok(most <= 13 && fewest >= 8, `between ${fewest} and ${most}`);
    assert.ok(most > 10, 'it used its surge');
  });

  it('gives each ReplicaSet its share when it is scaled in the middle of an update', async () => {
    const rollingUpdate = { maxSurge: 3, maxUnavailable: 2 };
    cluster.base.behaviours.set('app:404', 'unready');
    await cluster.create('app:1', { replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate } });
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:404');
    await cluster.base.until(async () => (await cluster.sizes())['app:404'] === 5);
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 8, 'app:404': 5 });
    await cluster.change({ replicas: 30 });
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 20, 'app:404': 13 });
  });

  it('goes straight to the newest of several templates', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:2');
    await settle();
    await cluster.setImage('app:3');
    await cluster.untilComplete('app:3');
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 0, 'app:3': 1 });
  });

  it('with Recreate makes no new pod before the last old one is gone', async () => {
    cluster.base.behaviours.set('app:1', 'lingering');
    await cluster.create('app:1', { replicas: 2, strategy: { type: 'Recreate' } });
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:2');
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 0 });
    assert.equal((await cluster.base.list<Pod>(pods)).length, 2);
    await cluster.base.endPods();
    await cluster.untilComplete('app:2');
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 2 });
  });

  it('keeps as many old ReplicaSets as it says', async () => {
    await cluster.create('app:1', { revisionHistoryLimit: 1 });
    for (const image of ['app:2', 'app:3', 'app:4']) {
      await cluster.setImage(image);
      await cluster.untilComplete(image);
    }
    assert.deepEqual(Object.keys(await cluster.sizes()).sort(), ['app:3', 'app:4']);
    await cluster.change({ revisionHistoryLimit: 0 });
    await settle();
    assert.deepEqual(Object.keys(await cluster.sizes()), ['app:4']);
  });

  it('waits with a new template while it is paused, and is still scaled', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    await cluster.change({ paused: true });
    await cluster.base.until(async () => (await cluster.condition('Progressing')) === 'Unknown DeploymentPaused');
    await cluster.setImage('app:2');
    await cluster.change({ replicas: 3 });
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 3 });
    await cluster.change({ paused: null });
    await cluster.untilComplete('app:2');
    assert.equal(await cluster.condition('Progressing'), 'True NewReplicaSetAvailable');
  });

  it('says when an update makes no progress, by a clock that does not jump', async () => {
    cluster.base.behaviours.set('app:2', 'unready');
    await cluster.create('app:1', { progressDeadlineSeconds: 30 });
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:2');
    await settle();
    cluster.base.clock.jumpTo(Date.UTC(2040, 0, 1));
    await cluster.base.advance(25_000);
    assert.equal(await cluster.condition('Progressing'), 'True ReplicaSetUpdated');
    await cluster.base.advance(10_000);
    assert.equal(await cluster.condition('Progressing'), 'False ProgressDeadlineExceeded');
    const name = (await cluster.replicaSet('app:2'))?.metadata.name;
    assert.equal(await cluster.message('Progressing'), `ReplicaSet "${name}" has timed out progressing.`);
    // Without the annotation it stays where it is, as in Kubernetes.
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 1 });
  });

  it('counts pods only after minReadySeconds', async () => {
    await cluster.create('app:1', { minReadySeconds: 10 });
    await cluster.base.until(async () => (await cluster.get()).status.readyReplicas === 1);
    await settle();
    assert.equal(await cluster.condition('Available'), 'False MinimumReplicasUnavailable');
    await cluster.base.advance(11_000);
    assert.equal(await cluster.condition('Available'), 'True MinimumReplicasAvailable');
  });

  it('takes over a ReplicaSet that it selects and counts its revision on, however large', async () => {
    const annotations = { 'deployment.kubernetes.io/revision': '3546343826724305832' };
    await cluster.base.create(
      replicaSetManifest({ template: podTemplate('app:0') }, { name: 'before', annotations, labels: { app: 'web' } }),
    );
    await cluster.base.until(async () => (await cluster.pods('app:0')).length === 1);
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    assert.equal(await revisionOf('app:1'), '3546343826724305833');
    assert.deepEqual(await cluster.sizes(), { 'app:0': 0, 'app:1': 1 });
  });

  it('finds another name when that of its ReplicaSet is taken', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    const taken = await cluster.replicaSet('app:1');
    await cluster.stopController();
    await cluster.base.client.delete(deployments, { namespace: 'default', name: 'web' });
    const patch = { metadata: { ownerReferences: null, labels: { app: 'other' } } };
    await cluster.base.patch(replicaSets, taken?.metadata.name ?? '', patch);
    cluster.startController();
    await cluster.create('app:1');
    await cluster.base.until(async () => (await cluster.get()).status.availableReplicas === 1);
    const { status } = await cluster.get();
    assert.equal(status.collisionCount, 1);
    const all = await cluster.base.list<ReplicaSet>(replicaSets);
    assert.equal(all.filter(({ spec }) => spec.replicas === 1).length, 2);
  });

  it('hands its annotations on, but for those that speak of itself', async () => {
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'eliot.run/source-applied': '{}' };
    const annotations = { note: 'x', ...applied };
    await cluster.create('app:1', {}, annotations);
    await cluster.untilComplete('app:1');
    const found = (await cluster.replicaSet('app:1'))?.metadata.annotations;
    assert.deepEqual(found, {
      note: 'x',
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '1',
      'deployment.kubernetes.io/max-replicas': '2',
    });
  });
});

describe('a Deployment on a small device', () => {
  const replaceOne = { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } };

  for (const { spec, name } of [
    { spec: replaceOne, name: 'maxSurge 0' },
    { spec: { strategy: { type: 'Recreate' } }, name: 'Recreate' },
  ]) {
    it(`with ${name} keeps its last pod until the new image is there`, async () => {
      await cluster.create('app:1', spec);
      await cluster.untilComplete('app:1');
      cluster.images.missing.set('app:2', 'back-off pulling');
      await cluster.setImage('app:2');
      await settle();
      assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 0 });
      assert.equal((await cluster.get()).status.availableReplicas, 1);
      cluster.images.deliver('app:2');
      await cluster.untilComplete('app:2');
    });
  }

  it('asks for no image when the new pod comes first: it fetches its own', async () => {
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    cluster.images.missing.set('app:2', 'x');
    await cluster.setImage('app:2');
    await cluster.untilComplete('app:2');
    assert.deepEqual(cluster.images.asked, []);
  });

  it('lets the old pod go when there is no room for both, once the image is there', async () => {
    cluster.base.behaviours.set('app:2', 'unschedulable');
    cluster.images.missing.set('app:2', 'pulling');
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:2');
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 1 });
    cluster.images.deliver('app:2');
    await settle();
    assert.deepEqual(await cluster.sizes(), { 'app:1': 0, 'app:2': 1 });
  });

  it('does not let the old pod go for one that would not fit even then', async () => {
    cluster.base.behaviours.set('app:2', 'unschedulable');
    cluster.inTheWay = Number.POSITIVE_INFINITY;
    await cluster.create('app:1');
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:2');
    await cluster.base.advance(600_000);
    assert.deepEqual(await cluster.sizes(), { 'app:1': 1, 'app:2': 1 });
    assert.equal((await cluster.get()).status.availableReplicas, 1);
  });

  it('lets as many old pods go as take the room, and counts those that are going', async () => {
    cluster.base.behaviours.set('app:1', 'lingering');
    cluster.base.behaviours.set('app:2', 'unschedulable');
    cluster.inTheWay = 2;
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
    await cluster.create('app:1', { replicas: 4, strategy: { rollingUpdate } });
    await cluster.untilComplete('app:1');
    await cluster.setImage('app:2');
    await settle();
    // Three are wanted of the old: two of four go, and while they are going no third.
    assert.equal((await cluster.sizes())['app:1'], 2);
    await cluster.base.advance(60_000);
    assert.equal((await cluster.sizes())['app:1'], 2);
  });
});
