/** `eli set image`, `cordon` and `auth` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, deployments, nodes } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';
import { computeImages } from './set-image.ts';

interface Row {
  readonly args: string;
  readonly prints?: string;
  readonly complains?: RegExp;
}

describe('verbs that change one thing', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    await startTestPod(device.client, { name: 'pod', containers: ['main', 'side'] });
    const labels = { app: 'web' };
    const containers = [
      { name: 'main', image: 'x:1' },
      { name: 'side', image: 'y:1' },
    ];
    const initContainers = [{ name: 'first', image: 'x:1' }];
    await device.client.create<KubeObject>(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers, initContainers } },
      },
    });
    const metadata = { name: 'cm', namespace: 'default' };
    await device.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  });
  after(() => device.close());

  const run = (args: string): Promise<EliResult> =>
    eli(args.split(' '), { env: { ELIOT_RUN_DIR: device.runDirectory } });

  async function images(): Promise<string> {
    const { spec } = await device.client.get<KubeObject>(deployments, { namespace: 'default', name: 'web' });
    const pod = (spec as { template: { spec: Record<string, { image: string }[]> } }).template.spec;
    return [...(pod['initContainers'] ?? []), ...(pod['containers'] ?? [])].map(({ image }) => image).join(' ');
  }

  /** In this order: each finds what those before it have left. */
  for (const { args, prints = '', complains = /^$/, leaves } of [
    {
      args: 'deploy/web main=x:2 --dry-run=client',
      prints: 'deployment.apps/web image updated (dry run)\n',
      leaves: 'x:1 x:1 y:1',
    },
    {
      args: 'deploy/web main=x:2 --dry-run=server',
      prints: 'deployment.apps/web image updated (server dry run)\n',
      leaves: 'x:1 x:1 y:1',
    },
    { args: 'deploy/web main=x:2', prints: 'deployment.apps/web image updated\n', leaves: 'x:1 x:2 y:1' },
    { args: 'deploy/web main=x:2', leaves: 'x:1 x:2 y:1' },
    { args: 'deployment web *=z:1', prints: 'deployment.apps/web image updated\n', leaves: 'z:1 z:1 z:1' },
    { args: 'deploy -l app=web first=a:1 -o name', prints: 'deployment.apps/web\n', leaves: 'a:1 z:1 z:1' },
    { args: 'pod/pod side=q:1', prints: 'pod/pod image updated\n' },
    {
      args: 'deploy/web main=b:1 nope=x',
      prints: 'deployment.apps/web image updated\n',
      complains: /^error: unable to find container named "nope"\n {2}its containers: main, side, first\n$/,
      leaves: 'a:1 b:1 z:1',
    },
    { args: 'deploy/web', complains: /^error: at least one image update is required\n/ },
    {
      args: 'deploy/web main=x rs/y',
      complains: /^error: all resources must be specified before image changes: rs\/y\n$/,
    },
    {
      args: 'cm/cm main=x',
      complains: /^error: configmaps\/cm the object is not a pod or does not have a pod template: \*v1\.ConfigMap\n$/,
    },
    {
      args: 'deploy/web main=',
      complains: /^error: failed to patch image update to pod template: .*containers\[0\]\.image: Required value\n$/,
      leaves: 'a:1 b:1 z:1',
    },
  ] as readonly (Row & { readonly leaves?: string })[]) {
    it(`set image ${args}`, async () => {
      const { exitCode, stdout, stderr } = await run(`set image ${args}`);
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, stderr === '' ? 0 : 1);
      if (leaves !== undefined) assert.equal(await images(), leaves);
    });
  }

  it('set image sends what changes, and no more', () => {
    const containers = [
      { name: 'a', image: 'x:1' },
      { name: 'b', image: 'x:2' },
    ];
    assert.deepEqual(computeImages({ containers }, new Map([['*', 'x:2']])), {
      containers: [{ name: 'a', image: 'x:2' }],
    });
    assert.deepEqual(computeImages({ containers }, new Map([['b', 'x:2']])), {});
  });

  for (const { args, prints = '', complains = /^$/ } of [
    { args: 'cordon device --dry-run=client', prints: 'node/device cordoned (dry run)\n' },
    { args: 'cordon device --dry-run=server', prints: 'node/device cordoned (server dry run)\n' },
    { args: 'cordon device', prints: 'node/device cordoned\n' },
    { args: 'cordon node/device', prints: 'node/device already cordoned\n' },
    { args: 'uncordon -l kubernetes.io/hostname=device', prints: 'node/device uncordoned\n' },
    { args: 'uncordon device', prints: 'node/device already uncordoned\n' },
    { args: 'cordon -l a=b' },
    { args: 'cordon device nope', complains: /^Error from server \(NotFound\): nodes "nope" not found\n/ },
    { args: 'cordon', complains: /^error: USAGE: cordon NODE \[flags\]\n/ },
    { args: 'cordon device -l a=b', complains: /^error: cannot specify both a node name and a --selector option\n$/ },

    { args: 'auth can-i create deployments.apps', prints: 'yes\n' },
    { args: 'auth can-i get /healthz', prints: 'yes\n' },
    { args: 'auth can-i get pods -q' },
    {
      args: 'auth can-i list fruit',
      prints: 'yes\n',
      complains: /^Warning: the server doesn't have a resource type 'fruit'\n\n$/,
    },
    {
      args: 'auth can-i get nodes -n x',
      prints: 'yes\n',
      complains: /^Warning: resource 'nodes' is not namespace scoped\n\n$/,
    },
    { args: 'auth can-i get', complains: /^error: you must specify two arguments: verb resource or verb/ },
  ] as readonly Row[]) {
    it(args, async () => {
      const { exitCode, stdout, stderr } = await run(args);
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, /^[Ee]rror/.test(stderr) ? 1 : 0);
    });
  }

  it('cordon and uncordon leave a node as it was', async () => {
    const { spec } = await device.client.get<KubeObject>(nodes, { name: 'device' });
    assert.equal((spec as { unschedulable?: boolean }).unschedulable, undefined);
  });

  it('auth whoami shows the user that the certificate names', async () => {
    const { stdout } = await eli(['auth', 'whoami', '--kubeconfig', device.kubeconfig]);
    assert.match(stdout, /^ATTRIBUTE +VALUE\nUsername +eliot-admin\nGroups +\[system:masters system:authenticated\]\n/);
    const { stdout: yaml } = await eli(['auth', 'whoami', '-o', 'yaml', '--kubeconfig', device.kubeconfig]);
    assert.match(yaml, /\n {4}username: eliot-admin\n$/);
  });
});
