/** Automatic roll-back (`eliot.run/rollback-on-failure`) with real pods, and roll-outs whose daemon is killed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment } from '../../src/api/kinds/deployment.ts';
import type { Node } from '../../src/api/kinds/node.ts';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import { deployments, nodes, pods } from '../../src/api/resources.ts';
import { ScenarioDevice } from '../support/scenario-device.ts';
import { template, Workloads } from '../support/workload-scenarios.ts';

type Fields = Readonly<Record<string, unknown>>;

const rollBack = (bakeSeconds: number): Fields => ({
  annotations: { 'eliot.run/rollback-on-failure': 'true', 'eliot.run/bake-seconds': String(bakeSeconds) },
});
const shell = (line: string): Fields => ({ command: ['sh', '-c', line] });
/** Never ready, and its container does not stay up: without the probe it would count as ready for a moment. */
const hopeless: Fields = {
  ...shell('echo no luck; exit 7'),
  readinessProbe: { exec: { command: ['false'] }, periodSeconds: 1 },
};
const rolledBack = ({ status }: Deployment) => status.conditions?.find(({ type }) => type === 'eliot.run/RolledBack');

/** Waits until the Deployment has returned; its condition's message. */
async function untilRolledBack(w: Workloads, name: string, reason: string): Promise<string> {
  const message = await w.until(`${name} rolled back`, async () => {
    const condition = rolledBack(await w.deployment(name));
    if (condition?.status !== 'True') throw new Error(JSON.stringify((await w.deployment(name)).status));
    assert.equal(condition.reason, reason);
    return condition.message;
  });
  await w.until(`${name} available again`, async () => {
    const { status, spec } = await w.deployment(name);
    return status.availableReplicas === spec.replicas && status.replicas === spec.replicas;
  });
  return message ?? '';
}

describe('automatic roll-back', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  const events = async (name: string): Promise<string> =>
    (await on.device.kubectlOk(['get', 'events', '--field-selector', `involvedObject.name=${name}`])).stdout;

  it('returns when containers of the new revision do not stay up until the deadline; rollout status fails', async () => {
    await w.createDeployment('deadline', { progressDeadlineSeconds: 8 }, rollBack(1));
    await w.complete('deadline');
    const [old] = await w.podsOf('deadline');
    await w.change(deployments, 'deadline', { template: template('deadline', hopeless) });
    const waiting = await on.device.kubectl(['rollout', 'status', 'deployment/deadline', '--timeout=120s'], {
      timeoutMs: 150_000,
    });
    assert.equal(waiting.exitCode, 1);
    assert.match(waiting.stderr, /deployment "deadline" exceeded its progress deadline/);
    const message = await untilRolledBack(w, 'deadline', 'ProgressDeadlineExceeded');
    assert.match(
      message,
      /^ReplicaSet "deadline-\w+" \(revision 2\) failed: no progress in 8 s: container app of pod \S+ /,
    );
    assert.match(message, /returned to ReplicaSet "deadline-\w+" \(revision 1\)\.$/);
    assert.match(await events('deadline'), /Warning +RolledBack +deployment\/deadline +ReplicaSet "deadline-/);
    // The old pod was never touched.
    assert.deepEqual(
      (await w.podsOf('deadline')).map(({ metadata }) => metadata.uid),
      [old?.metadata.uid],
    );
    assert.equal(old?.status.containerStatuses?.[0]?.restartCount, 0);
    // What the user wrote is still what he wrote; applying it again tries nothing.
    await on.device.kubectlOk(['annotate', 'deployment/deadline', 'note=x']);
    await delay(2_000);
    assert.deepEqual(await w.sizes('deadline'), [1, 0]);
    await on.device.kubectlOk(['rollout', 'undo', 'deployment/deadline']);
    const status = await on.device.kubectlOk(['rollout', 'status', 'deployment/deadline', '--timeout=60s']);
    assert.match(status.stdout, /successfully rolled out/);
    assert.deepEqual(
      (await w.podsOf('deadline')).map(({ metadata }) => metadata.uid),
      [old?.metadata.uid],
    );
  });

  it('returns when a container crashes in the bake time', async () => {
    await w.createDeployment('crash', {}, rollBack(60));
    await w.complete('crash');
    await w.change(deployments, 'crash', { template: template('crash', shell('sleep 4; exit 3')) });
    const message = await untilRolledBack(w, 'crash', 'ContainerCrashed');
    assert.match(message, /container app of pod crash-\S+ ended with exit code 3 \(Error\)/);
    await w.until('the new pods gone', async () => (await w.sizes('crash')).join() === '1,0');
  });

  it('returns when a readiness probe fails in the bake time', async () => {
    await w.createDeployment('probe', {}, rollBack(60));
    await w.complete('probe');
    const line = 'touch /tmp/ok; sleep 5; rm /tmp/ok; while :; do sleep 0.2; done';
    const readinessProbe = { exec: { command: ['cat', '/tmp/ok'] }, periodSeconds: 1, failureThreshold: 1 };
    await w.change(deployments, 'probe', { template: template('probe', { ...shell(line), readinessProbe }) });
    const message = await untilRolledBack(w, 'probe', 'NotReady');
    assert.match(message, /pod probe-\S+ is no longer ready: containers with unready status: \[app\]/);
    await w.until('the new pods gone', async () => (await w.sizes('probe')).join() === '1,0');
  });

  it('trusts a revision that lasts its bake time, and then keeps it', async () => {
    await w.createDeployment('trusted', {}, rollBack(2));
    await w.until('trust', async () => rolledBack(await w.deployment('trusted'))?.reason === 'Baked');
    await w.change(deployments, 'trusted', { template: template('trusted', shell('sleep 12; exit 1')) });
    await w.until('two revisions', async () => (await w.sizes('trusted')).join() === '0,1');
    await w.until('trust of the second', async () => {
      const condition = rolledBack(await w.deployment('trusted'));
      return condition?.reason === 'Baked' && condition.message?.includes('revision 2');
    });
    await w.until('a restart', async () => (await w.podsOf('trusted'))[0]?.status.containerStatuses?.[0]?.restartCount);
    await delay(1_000);
    assert.deepEqual(await w.sizes('trusted'), [0, 1]);
  });

  it('never ends the only pod for an image that cannot be had, though nothing may surge', async () => {
    const strategy = { type: 'Recreate' };
    await w.createDeployment('image', { strategy, progressDeadlineSeconds: 6 }, rollBack(1));
    await w.complete('image');
    const [old] = await w.podsOf('image');
    const missing = template('image', { image: '127.0.0.1:9/nothing:1' });
    await w.change(deployments, 'image', { template: missing });
    const message = await untilRolledBack(w, 'image', 'ProgressDeadlineExceeded');
    assert.match(message, /no progress in 6 s: container app waits: (ErrImagePull|ImagePullBackOff): /);
    const [now] = await w.podsOf('image');
    assert.equal(now?.metadata.uid, old?.metadata.uid);
    const set = (await w.replicaSetsOf('image'))[1]?.metadata.name ?? '';
    assert.match(
      await events(set),
      /Warning +Failed +replicaset\/image-\w+ +Failed to pull image "127.0.0.1:9\/nothing:1"/,
    );
  });

  it('has the new image before it ends the only pod, with maxSurge 0', async () => {
    const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
    const image = 'eliot.test/late:1';
    await w.createDeployment('late', { strategy });
    await w.complete('late');
    const [old] = await w.podsOf('late');
    await w.change(deployments, 'late', { template: template('late', { image, imagePullPolicy: 'Never' }) });
    await w.until('the new ReplicaSet', async () => (await w.sizes('late')).length === 2);
    await delay(2_000);
    assert.deepEqual(
      (await w.podsOf('late')).map(({ metadata }) => metadata.uid),
      [old?.metadata.uid],
    );
    await on.device.loadImage(image);
    await w.complete('late');
    assert.deepEqual(await w.sizes('late'), [0, 1]);
  });

  it('replaces a pod beside which a second one has no room, and never for one that has none at all', async () => {
    const { status } = await on.client.get<Node>(nodes, { name: 'device' });
    const kibibytes =
      Number.parseInt(status.allocatable?.['memory'] ?? '', 10) /
      (status.allocatable?.['memory']?.endsWith('Ki') ? 1 : 1024);
    const asking = (share: number, value: string): Fields => {
      const resources = { requests: { memory: `${Math.floor(kibibytes * share)}Ki` } };
      return template('room', { resources, env: [{ name: 'V', value }] });
    };
    await w.createDeployment('room', { template: asking(0.6, '1'), progressDeadlineSeconds: 30 }, rollBack(1));
    await w.complete('room');
    await w.change(deployments, 'room', { template: asking(0.6, '2') });
    await w.complete('room');
    assert.deepEqual(await w.sizes('room'), [0, 1]);
    const [running] = await w.podsOf('room');
    await w.change(deployments, 'room', { progressDeadlineSeconds: 5, template: asking(3, '3') });
    const message = await untilRolledBack(w, 'room', 'ProgressDeadlineExceeded');
    assert.match(message, /is not scheduled: 0\/1 nodes are available: 1 Insufficient memory/);
    assert.deepEqual(
      (await w.podsOf('room')).map(({ metadata }) => metadata.uid),
      [running?.metadata.uid],
    );
  });
});

describe('a roll-out whose daemon is killed', () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  const killAfter = async (ms: number): Promise<void> => {
    await delay(ms);
    await on.device.restartDaemon('SIGKILL');
  };

  it('ends at the new template after each kill, with as many pods as are wanted', async () => {
    await w.createDeployment('killed', { replicas: 2 });
    await w.complete('killed');
    for (const [index, ms] of [0, 60, 150, 300, 600, 1_200].entries()) {
      const env = [{ name: 'V', value: String(index) }];
      await w.change(deployments, 'killed', { template: template('killed', { env }) });
      await killAfter(ms);
      await w.complete('killed');
      const found = await w.podsOf('killed');
      assert.deepEqual(
        found.map(({ spec }) => spec.containers[0]?.env?.[0]?.value),
        [String(index), String(index)],
      );
      const { items } = await on.client.list<Pod>(pods, { labelSelector: 'app=killed' });
      assert.ok(items.length <= 4, `${items.length} pods`);
    }
    assert.equal((await w.replicaSetsOf('killed')).length, 7);
  });

  it('rolls back after kills before, at and after the failure, and stays rolled back', async () => {
    await w.createDeployment('unlucky', { progressDeadlineSeconds: 6 }, rollBack(1));
    await w.until('trust', async () => rolledBack(await w.deployment('unlucky'))?.reason === 'Baked');
    const [old] = await w.podsOf('unlucky');
    await w.change(deployments, 'unlucky', { template: template('unlucky', hopeless) });
    await killAfter(500);
    // The deadline counts anew after a start; this kill comes about when it passes.
    await killAfter(5_800);
    await untilRolledBack(w, 'unlucky', 'ProgressDeadlineExceeded');
    await killAfter(0);
    await untilRolledBack(w, 'unlucky', 'ProgressDeadlineExceeded');
    await delay(2_000);
    await w.until('the new pods gone', async () => (await w.sizes('unlucky')).join() === '1,0');
    const [now] = await w.podsOf('unlucky');
    assert.equal(now?.metadata.uid, old?.metadata.uid);
    assert.equal(now?.status.containerStatuses?.[0]?.containerID, old?.status.containerStatuses?.[0]?.containerID);
  });
});
