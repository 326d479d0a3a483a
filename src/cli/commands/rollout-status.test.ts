import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { deployments } from '../../api/resources.ts';
import { EliRun } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { computeRolloutProgress } from './rollout-status.ts';

/** Two replicas wanted, generation 3. */
function deployment(status: object, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  const metadata = { name: 'web', namespace: 'default', generation: 3, annotations };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 2 }, status };
}

describe('the progress of a roll-out', () => {
  for (const { status, message } of [
    {
      status: { observedGeneration: 2, updatedReplicas: 2 },
      message: 'Waiting for deployment spec update to be observed...',
    },
    {
      status: { observedGeneration: 3, replicas: 2, updatedReplicas: 1 },
      message: 'Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated...',
    },
    {
      status: { observedGeneration: 3, replicas: 3, updatedReplicas: 2, availableReplicas: 1 },
      message: 'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
    },
    {
      status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
      message: 'Waiting for deployment "web" rollout to finish: 1 of 2 updated replicas are available...',
    },
  ]) {
    it(message, () => assert.deepEqual(computeRolloutProgress(deployment(status), 0), { isDone: false, message }));
  }

  const done = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

  it('ends when all replicas are new and available', () => {
    const message = 'deployment "web" successfully rolled out';
    assert.deepEqual(computeRolloutProgress(deployment(done), 0), { isDone: true, message });
  });

  it('fails when its deadline is over', () => {
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
    assert.throws(
      () => computeRolloutProgress(deployment({ ...done, conditions }), 0),
      /deployment "web" exceeded its progress deadline/,
    );
  });

  it('fails when another revision runs than the one asked for', () => {
    const third = deployment(done, { 'deployment.kubernetes.io/revision': '3' });
    assert.equal(computeRolloutProgress(third, 3).isDone, true);
    assert.throws(
      () => computeRolloutProgress(third, 2),
      /desired revision \(2\) is different from the running revision \(3\)/,
    );
  });
});

describe('rollout status', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } };
    const spec = { replicas: 2, selector: { matchLabels: labels }, template };
    const metadata = { name: 'web', namespace: 'default', labels };
    await device.client.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  });
  after(() => device.close());

  const start = (...args: string[]): EliRun =>
    new EliRun(['rollout', 'status', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });
  const report = async (status: object): Promise<void> => {
    const key = { namespace: 'default', name: 'web' };
    await device.client.patch(deployments, key, 'merge', { status }, { subresource: 'status' });
  };

  it('says how it is, and with --watch=false no more', async () => {
    const run = start('deploy/web', '--watch=false');
    assert.equal(await run.ended, 0);
    assert.equal(run.stdout.text, 'Waiting for deployment spec update to be observed...\n');
  });

  it('gives up after --timeout', async () => {
    const run = start('deploy/web', '--timeout=50ms');
    assert.equal(await run.ended, 1);
    assert.equal(run.stderr.text, 'error: timed out waiting for the condition\n');
  });

  it('says that there is none', async () => {
    const run = start('deploy/nope');
    assert.equal(await run.ended, 1);
    assert.match(run.stderr.text, /^Error from server \(NotFound\): deployments\.apps "nope" not found/);
  });

  it('follows it to its end', async () => {
    const run = start('deploy/web');
    await run.stdout.printed(/to be observed/);
    const updated = { observedGeneration: 9, replicas: 2, updatedReplicas: 2 };
    await report({ ...updated, readyReplicas: 1, availableReplicas: 1 });
    await run.stdout.printed(/1 of 2 updated replicas are available/);
    await report({ ...updated, readyReplicas: 2, availableReplicas: 2 });
    assert.equal(await run.ended, 0);
    assert.match(run.stdout.text, /\ndeployment "web" successfully rolled out\n$/);
  });

  it('fails when it is deleted meanwhile', async () => {
    await report({ observedGeneration: 9, updatedReplicas: 1 });
    const run = start('deploy/web');
    await run.stdout.printed(/have been updated/);
    await device.client.delete(deployments, { namespace: 'default', name: 'web' });
    assert.equal(await run.ended, 1);
    assert.match(run.stderr.text, /^error: object has been deleted\n/);
  });
});
