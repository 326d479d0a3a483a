/** `eli scale` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { deployments } from '../../api/resources.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

function deployment(name: string): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } },
    },
  };
}

describe('scale', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    for (const name of ['db', 'web']) await device.client.create(deployments, deployment(name));
  });
  after(() => device.close());

  const run = (args: string): Promise<EliResult> =>
    eli(args.split(' '), { env: { ELIOT_RUN_DIR: device.runDirectory } });
  const replicasOf = async (name: string): Promise<number | undefined> => {
    const found = await device.client.get<KubeObject>(deployments, { namespace: 'default', name });
    return (found['spec'] as { readonly replicas?: number }).replicas;
  };

  /** In this order: each finds what those before it have left. */
  for (const { args, prints = '', complains = /^$/, web } of [
    { args: 'deploy/web --replicas=3', prints: 'deployment.apps/web scaled\n', web: 3 },
    {
      args: 'deployment db web --replicas=1',
      prints: 'deployment.apps/db scaled\ndeployment.apps/web scaled\n',
      web: 1,
    },
    {
      args: 'deployment --all --replicas=4',
      prints: 'deployment.apps/db scaled\ndeployment.apps/web scaled\n',
      web: 4,
    },
    { args: 'deployment -l app=web --replicas=5', prints: 'deployment.apps/web scaled\n', web: 5 },
    { args: 'deployment -l app=none --replicas=6', complains: /^error: no objects passed to scale\n/, web: 5 },
    {
      args: 'deploy/web --current-replicas=9 --replicas=6',
      complains: /^error: Expected replicas to be 9, was 5\n/,
      web: 5,
    },
    { args: 'deploy/web --current-replicas=5 --replicas=6', prints: 'deployment.apps/web scaled\n', web: 6 },
    {
      args: 'deploy/web --resource-version=1 --replicas=7',
      complains: /^error: Expected resource version to be 1, was \d+\n/,
      web: 6,
    },
    { args: 'deploy/web --replicas=7 --dry-run=client', prints: 'deployment.apps/web scaled (dry run)\n', web: 6 },
    {
      args: 'deploy/web --replicas=7 --dry-run=server',
      prints: 'deployment.apps/web scaled (server dry run)\n',
      web: 6,
    },
    { args: 'deploy/web --replicas=7 -o jsonpath={.kind}:{.spec.replicas}', prints: 'Deployment:7', web: 7 },
    {
      args: 'deploy/nope --replicas=7',
      complains: /^Error from server \(NotFound\): deployments\.apps "nope" not found/,
    },
    { args: 'deploy/web', complains: /^error: required flag\(s\) "replicas" not set\n/ },
    { args: 'deploy/web --replicas=-1', complains: /COUNT must be greater than or equal to 0\n/ },
    { args: 'deploy/web --replicas=x', complains: /^error: invalid argument "x" for "--replicas" flag/, web: 7 },
  ] as readonly {
    readonly args: string;
    readonly prints?: string;
    readonly complains?: RegExp;
    readonly web?: number;
  }[]) {
    it(args, async () => {
      const { exitCode, stdout, stderr } = await run(`scale ${args}`);
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, stderr === '' ? 0 : 1);
      if (web !== undefined) assert.equal(await replicasOf('web'), web);
    });
  }

  it('with --timeout waits until the pods are there', async () => {
    const late = await run('scale deploy/db --replicas=2 --timeout=20ms');
    assert.equal(late.exitCode, 1);
    assert.match(late.stderr, /^error: timed out waiting for "db" to be synced\n/);
    const waiting = new EliRun(['scale', 'deploy/db', '--replicas=3', '--timeout=1m'], {
      env: { ELIOT_RUN_DIR: device.runDirectory },
    });
    await device.client.patch(
      deployments,
      { namespace: 'default', name: 'db' },
      'merge',
      { status: { replicas: 3 } },
      {
        subresource: 'status',
      },
    );
    assert.equal(await waiting.ended, 0);
    assert.equal(waiting.stdout.text, 'deployment.apps/db scaled\n');
  });
});
