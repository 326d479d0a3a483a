/** Deployments as people handle them: kubectl's rollout, scale, set, apply --prune, drain. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes, pods } from '../../src/api/resources.ts';
import { testImage } from '../support/device.ts';
import { ScenarioDevice } from '../support/scenario-device.ts';
import { template, Workloads } from '../support/workload-scenarios.ts';

describe('kubectl on Deployments', { concurrency: 3 }, () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  const kubectl = async (...args: string[]): Promise<string> =>
    (await on.device.kubectlOk(args, { timeoutMs: 150_000 })).stdout;
  const env = (value: string) => template('history', { env: [{ name: 'V', value }] });

  it('rollout status, history and undo follow revisions with their change causes', async () => {
    await w.createDeployment('history', { template: env('1') });
    assert.match(await kubectl('rollout', 'status', 'deployment/history', '--timeout=120s'), /successfully rolled out/);
    await kubectl('annotate', 'deployment/history', 'kubernetes.io/change-cause=to two');
    await kubectl('set', 'env', 'deployment/history', 'V=2');
    await kubectl('rollout', 'status', 'deployment/history', '--timeout=120s');
    const history = await kubectl('rollout', 'history', 'deployment/history');
    assert.match(history, /1 +.*\n2 +to two\n/);
    assert.match(await kubectl('rollout', 'history', 'deployment/history', '--revision=1'), /V:\s+1/);
    assert.match(await kubectl('rollout', 'undo', 'deployment/history'), /rolled back/);
    await kubectl('rollout', 'status', 'deployment/history', '--timeout=120s');
    const after = await w.deployment('history');
    assert.deepEqual(after.spec.template.spec.containers[0]?.env, [{ name: 'V', value: '1' }]);
    assert.equal(after.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
    assert.equal((await w.replicaSetsOf('history')).length, 2);
    await kubectl('rollout', 'undo', 'deployment/history', '--to-revision=2');
    await kubectl('rollout', 'status', 'deployment/history', '--timeout=120s');
    assert.equal((await w.deployment('history')).spec.template.spec.containers[0]?.env?.[0]?.value, '2');
  });

  it('rollout restart makes new pods, and pause holds changes back until resume', async () => {
    await w.createDeployment('pause');
    await w.complete('pause');
    const [first] = await w.podsOf('pause');
    await kubectl('rollout', 'restart', 'deployment/pause');
    await kubectl('rollout', 'status', 'deployment/pause', '--timeout=120s');
    const [second] = await w.podsOf('pause');
    assert.notEqual(second?.metadata.uid, first?.metadata.uid);
    await kubectl('rollout', 'pause', 'deployment/pause');
    await kubectl('set', 'resources', 'deployment/pause', '--limits=memory=64Mi');
    await kubectl('scale', 'deployment/pause', '--current-replicas=1', '--replicas=2');
    await w.until('two pods', async () => (await w.podsOf('pause')).length === 2);
    assert.ok((await w.podsOf('pause')).every(({ spec }) => spec.containers[0]?.resources.limits === undefined));
    assert.match(await kubectl('describe', 'deployment', 'pause'), /Progressing +Unknown +DeploymentPaused/);
    await kubectl('rollout', 'resume', 'deployment/pause');
    await kubectl('rollout', 'status', 'deployment/pause', '--timeout=120s');
    assert.ok(
      (await w.podsOf('pause')).every(({ spec }) => spec.containers[0]?.resources.limits?.['memory'] === '64Mi'),
    );
    const refused = await on.device.kubectl(['scale', 'deployment/pause', '--current-replicas=1', '--replicas=3']);
    assert.match(refused.stderr, /Expected replicas to be 1, was 2/);
  });

  it('create deployment, set image and get all work as on any cluster', async () => {
    await on.device.loadImage('eliot.test/busybox:next');
    // Ends at SIGTERM: the default grace period is half a minute.
    const command = ['sh', '-c', 'trap exit TERM; while sleep 0.1; do :; done'];
    await kubectl('create', 'deployment', 'made', `--image=${testImage}`, '--replicas=2', '--', ...command);
    await kubectl('rollout', 'status', 'deployment/made', '--timeout=120s');
    const wide = await kubectl('get', 'deployment', 'made', '-o', 'wide');
    assert.match(
      wide,
      /NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nmade +2\/2 +2 +2 +\S+ +busybox +eliot.test\/busybox:1 +app=made/,
    );
    const all = await kubectl('get', 'all', '-l', 'app=made');
    assert.match(
      all,
      /pod\/made-\S+-\S+ +1\/1 +Running[\s\S]*deployment.apps\/made +2\/2[\s\S]*replicaset.apps\/made-\S+ +2 +2 +2/,
    );
    await kubectl('set', 'image', 'deployment/made', 'busybox=eliot.test/busybox:next');
    await kubectl('rollout', 'status', 'deployment/made', '--timeout=120s');
    assert.equal((await w.podsOf('made'))[0]?.spec.containers[0]?.image, 'eliot.test/busybox:next');
    assert.match(
      await kubectl('describe', 'deployment', 'made'),
      /ScalingReplicaSet +\S+.*deployment-controller +Scaled up replica set made-\w+ from 0 to 2/,
    );
    await kubectl('delete', 'deployment', 'made', '--cascade=foreground', '--timeout=120s');
    assert.equal((await w.podsOf('made')).length, 0);
  });

  it('apply --prune removes the Deployment that is no longer in the file', async () => {
    const manifest = (name: string) =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, labels: { set: 'pruned' } },
        spec: { selector: { matchLabels: { app: name } }, template: template(name) },
      });
    const apply = async (...names: string[]): Promise<string> => {
      const args = ['apply', '--prune', '-l', 'set=pruned', '--prune-allowlist=apps/v1/Deployment', '-f', '-'];
      return (await on.device.kubectlOk(args, { input: names.map(manifest).join('\n---\n') })).stdout;
    };
    await apply('kept', 'pruned');
    await w.complete('kept');
    assert.match(await apply('kept'), /deployment.apps\/kept unchanged\ndeployment.apps\/pruned pruned/);
    await w.until('no pod of it', async () => (await w.podsOf('pruned')).length === 0);
    assert.equal((await w.podsOf('kept')).length, 1);
    await kubectl('delete', 'deployment', 'kept');
  });
});

describe('kubectl drain', () => {
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    on = await ScenarioDevice.start();
    w = new Workloads(on);
  });
  after(() => on?.close());

  it('empties the node, whose pods come back after uncordon', async () => {
    await w.createDeployment('drained', { replicas: 2 });
    await w.complete('drained');
    const before = new Set((await w.podsOf('drained')).map(({ metadata }) => metadata.uid));
    const args = ['drain', 'device', '--ignore-daemonsets', '--force', '--timeout=120s'];
    const drained = await on.device.kubectlOk(args, { timeoutMs: 150_000 });
    assert.match(drained.stdout, /node\/device drained/);
    const { items } = await on.client.list<{ metadata: { uid?: string }; status: { phase?: string } }>(pods);
    assert.ok(items.every(({ metadata }) => !before.has(metadata.uid)));
    assert.ok(
      items.every(({ status }) => status.phase === 'Pending'),
      'nothing runs on a node that is cordoned',
    );
    await on.device.kubectlOk(['uncordon', 'device']);
    await w.complete('drained');
    assert.equal(
      (await on.client.get<{ spec: { unschedulable?: boolean } }>(nodes, { name: 'device' })).spec.unschedulable,
      undefined,
    );
  });

  it('waits for a disruption budget, and goes on when it is gone', async () => {
    await w.createDeployment('guarded', { replicas: 2 });
    await w.complete('guarded');
    await on.device.kubectlOk(['create', 'pdb', 'guard', '--selector=app=guarded', '--min-available=2']);
    await w.until('the budget counted', async () => {
      const args = ['get', 'pdb', 'guard', '-o', 'jsonpath={.status.currentHealthy}'];
      return (await on.device.kubectlOk(args)).stdout === '2';
    });
    const drain = on.device.kubectlBackground(['drain', 'device', '--pod-selector=app=guarded', '--timeout=120s']);
    const waits = /error when evicting pods\/"guarded-.*will retry after 5s.*disruption budget/;
    await w.until('kubectl waiting for the budget', async () => waits.test(drain.stderr));
    assert.equal((await w.podsOf('guarded')).length, 2, 'both pods stay');
    await on.device.kubectlOk(['delete', 'pdb', 'guard']);
    assert.equal(await drain.ended(60_000), 0, drain.stderr);
    await on.device.kubectlOk(['uncordon', 'device']);
    await w.complete('guarded');
  });
});
