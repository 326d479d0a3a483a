/** `eli rollout history` and `undo` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { deployments, replicaSets } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import type { Rolling } from './rollout-revisions.ts';

const revisionOf = 'deployment.kubernetes.io/revision';

function template(labels: Readonly<Record<string, string>>, image: string): object {
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } };
}

/** A Deployment `name` and a ReplicaSet for each image, the last one at present. */
async function roll(device: LocalDevice, name: string, images: readonly string[]): Promise<void> {
  const labels = { app: name };
  const deployment = await device.client.create<KubeObject>(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', labels, annotations: { [revisionOf]: String(images.length), own: 'x' } },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: template(labels, images.at(-1) ?? 'x:1') },
  });
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name,
    uid: deployment.metadata.uid ?? '',
    controller: true,
  };
  for (const [index, image] of images.entries()) {
    const hashed = { ...labels, 'pod-template-hash': `h${index}` };
    const annotations = {
      [revisionOf]: String(index + 1),
      ...(index === 0 ? { 'kubernetes.io/change-cause': 'the first' } : {}),
    };
    await device.client.create<KubeObject>(replicaSets, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${index}`,
        namespace: 'default',
        labels: hashed,
        annotations,
        ownerReferences: [owner],
      },
      spec: { replicas: 0, selector: { matchLabels: hashed }, template: template(hashed, image) },
    });
  }
}

interface Row {
  readonly args: string;
  readonly prints?: string;
  readonly complains?: RegExp;
}

describe('rollout history and undo', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    await roll(device, 'web', ['x:1', 'x:2', 'x:3']);
    await roll(device, 'young', ['x:1']);
    await roll(device, 'bare', []);
  });
  after(() => device.close());

  const run = (args: string): Promise<EliResult> =>
    eli(['rollout', ...args.split(' ')], { env: { ELIOT_RUN_DIR: device.runDirectory } });
  const web = (): Promise<Rolling> => device.client.get<Rolling>(deployments, { namespace: 'default', name: 'web' });
  const imageOf = async (): Promise<string | undefined> => (await web()).spec.template.spec.containers[0]?.image;

  const table = 'REVISION  CHANGE-CAUSE\n1         the first\n';
  const details =
    'Pod Template:\n  Labels:\tapp=web\n\tpod-template-hash=h1\n  Containers:\n   main:\n    Image:\tx:2\n    Port:\t<none>\n' +
    '    Host Port:\t<none>\n    Environment:\t<none>\n    Mounts:\t<none>\n  Volumes:\t<none>\n' +
    '  Node-Selectors:\t<none>\n  Tolerations:\t<none>\n';

  /** In this order: each finds what those before it have left. */
  for (const { args, prints = '', complains = /^$/ } of [
    {
      args: 'history deploy/web',
      prints: `deployment.apps/web \n${table}2         <none>\n3         <none>\n\n`,
    },
    { args: 'history deploy/young', prints: `deployment.apps/young \n${table}\n` },
    { args: 'history deploy/bare', prints: 'deployment.apps/bare \nNo rollout history found.\n' },
    { args: 'history deploy/web --revision=2', prints: `deployment.apps/web with revision #2\n${details}\n` },
    { args: 'history deploy/web -o name --revision=2', prints: 'replicaset.apps/web-1\n' },
    { args: 'history deploy/web --revision=9', complains: /^error: unable to find the specified revision\n$/ },
    { args: 'history deploy/web --revision=-1', complains: /^error: revision must be a positive integer: -1\n$/ },
    {
      args: 'history rs/web-1',
      complains: /^error: no history viewer has been implemented for "ReplicaSet\.apps"\n$/,
    },
    { args: 'history', complains: /^error: required resource not specified\n$/ },
    { args: 'undo deploy/web --dry-run=client', prints: `deployment.apps/web ${details} (dry run)\n` },
    { args: 'undo deploy/web --dry-run=server', prints: 'deployment.apps/web rolled back (server dry run)\n' },
    {
      args: 'undo deploy/web --to-revision=3',
      prints: 'deployment.apps/web skipped rollback (current template already matches revision 3)\n',
    },
    {
      args: 'undo deploy/web --to-revision=9',
      complains: /^error: unable to find specified revision 9 in history\n$/,
    },
    { args: 'undo deploy/young', complains: /^error: no rollout history found for deployment "young"\n$/ },
    { args: 'undo rs/web-1', complains: /^error: no rollbacker has been implemented for "ReplicaSet\.apps"\n$/ },
  ] as readonly Row[]) {
    it(args, async () => {
      const { exitCode, stdout, stderr } = await run(args);
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, stderr === '' ? 0 : 1);
      assert.equal(await imageOf(), 'x:3');
    });
  }

  it('undo gives the template of the revision before, without its hash, and what was written on it', async () => {
    assert.equal((await run('undo deploy/web')).stdout, 'deployment.apps/web rolled back\n');
    assert.equal(await imageOf(), 'x:2');
    const { spec, metadata } = await web();
    assert.deepEqual(spec.template.metadata?.labels, { app: 'web' });
    assert.equal((await run('undo deploy/web --to-revision=1')).exitCode, 0);
    assert.equal(await imageOf(), 'x:1');
    assert.deepEqual(metadata.annotations, { [revisionOf]: '3' });
    assert.deepEqual((await web()).metadata.annotations, {
      [revisionOf]: '3',
      'kubernetes.io/change-cause': 'the first',
    });
  });

  it('undo refuses a paused roll-out, and warns of one that was applied', async () => {
    const key = { namespace: 'default', name: 'web' };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    await device.client.patch(deployments, key, 'merge', { metadata: { annotations }, spec: { paused: true } });
    const { exitCode, stderr } = await run('undo deploy/web');
    assert.equal(exitCode, 1);
    assert.match(stderr, /^Warning: resource deployment\.apps\/web was made by "apply"/);
    assert.match(stderr, /\nerror: you cannot rollback a paused deployment; resume it first with 'eli rollout resume'/);
  });
});
