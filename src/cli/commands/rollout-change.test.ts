/** `eli rollout restart`, `pause` and `resume` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { deployments } from '../../api/resources.ts';
import { eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';
import { computeRolloutPatch } from './rollout-change.ts';

function deployment(name: string): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', labels },
    spec: { selector: { matchLabels: labels }, template },
  };
}

describe('rollout', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    await startTestPod(device.client, { name: 'web' });
    for (const name of ['db', 'web']) await device.client.create(deployments, deployment(name));
  });
  after(() => device.close());

  /** In this order: each finds what those before it have left. */
  for (const { args, prints = '', complains = /^$/ } of [
    { args: 'pause deployment/web', prints: 'deployment.apps/web paused\n' },
    { args: 'pause deployment/web', complains: /^error: deployments\.apps "web" is already paused\n$/ },
    {
      args: 'restart deployment/web',
      complains: /^error: deployments\.apps "web" can't restart paused deployment \(run rollout resume first\)\n$/,
    },
    { args: 'resume deployment web', prints: 'deployment.apps/web resumed\n' },
    { args: 'resume deployment/web', complains: /^error: deployments\.apps "web" is not paused\n$/ },
    { args: 'restart deployment', prints: 'deployment.apps/db restarted\ndeployment.apps/web restarted\n' },
    { args: 'pause deployment -l app=db -o name', prints: 'deployment.apps/db\n' },
    { args: 'pause pod/web', complains: /^error: pods "web" pausing is not supported\n$/ },
    { args: 'restart', complains: /^error: required resource not specified\n$/ },
    {
      args: 'pause deployment/nope deployment/web',
      prints: 'deployment.apps/web paused\n',
      complains: /^Error from server \(NotFound\): deployments\.apps "nope" not found/,
    },
  ] as readonly { readonly args: string; readonly prints?: string; readonly complains?: RegExp }[]) {
    it(args, async () => {
      const env = { ELIOT_RUN_DIR: device.runDirectory };
      const { exitCode, stdout, stderr } = await eli(['rollout', ...args.split(' ')], { env });
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, stderr === '' ? 0 : 1);
    });
  }

  it('restart writes when it was, into the template only', async () => {
    const { spec } = await device.client.get<KubeObject>(deployments, { namespace: 'default', name: 'db' });
    const { template, paused } = spec as { template: KubeObject; paused: boolean };
    assert.match(template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? '', /^\d{4}-.*Z$/);
    assert.equal(paused, true);
  });

  it('restart is refused twice within a second, since it would change nothing', () => {
    const now = '2026-11-28T19:00:00Z';
    const patch = computeRolloutPatch('restart', deployment('web'), 'deployments.apps "web"', now);
    const restarted = { ...deployment('web'), ...patch };
    assert.throws(
      () => computeRolloutPatch('restart', restarted, 'deployments.apps "web"', now),
      /^UsageError: failed to create patch for web: if restart has already been triggered within the past second/,
    );
  });
});
