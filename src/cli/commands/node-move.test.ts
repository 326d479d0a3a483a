/** `eli node export`, `import` and `rename` against the real API server, on two devices. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, deployments, namespaces, nodes, pods, secrets } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

const labels = { app: 'web' };
const template = {
  metadata: { labels },
  spec: {
    containers: [{ name: 'main', image: 'x', envFrom: [{ secretRef: { name: 'door' } }] }],
  },
};

describe('moving a device', () => {
  let old: LocalDevice;
  let fresh: LocalDevice;
  before(async () => {
    [old, fresh] = await Promise.all([LocalDevice.start(), LocalDevice.start()]);
    const create = (resource: typeof pods, object: object) => old.client.create(resource, object as KubeObject);
    const metadata = (name: string, more: object = {}) => ({ namespace: 'radio', name, ...more });
    await create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'radio' } });
    await create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('colours'),
      data: { sky: 'blue' },
    });
    await create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('door'),
      stringData: { code: 'tops3cret' },
    });
    await create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('web'),
      spec: { selector: { matchLabels: labels }, template },
    });
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u' }];
    await create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: metadata('web-1-a', { ownerReferences }),
      spec: template.spec,
    });
    await old.client.patch(nodes, { name: 'device' }, 'merge', { metadata: { labels: { room: 'bath' } } });
  });
  after(() => Promise.all([old.close(), fresh.close()]));

  const run = (device: LocalDevice, args: string, stdin?: string): Promise<EliResult> =>
    eli(args.split(' '), { env: { ELIOT_RUN_DIR: device.runDirectory }, ...(stdin === undefined ? {} : { stdin }) });

  it('exports what people wanted, in the order in which it can be made, and says what is not in it', async () => {
    const { stdout, exitCode } = await run(old, 'node export');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^# What was wanted of node "device": 4 objects\. /);
    assert.match(stdout, /^# Secrets are not in here; --with-secrets takes them along: radio\/door$/m);
    assert.doesNotMatch(stdout, /tops3cret|dG9wczNjcmV0|resourceVersion|uid:|status:|web-1-a/);
    const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
    assert.deepEqual(kinds, ['Node', 'Namespace', 'ConfigMap', 'Deployment']);
  });

  it('exports as one List for programs', async () => {
    const { stdout } = await run(old, 'node export --with-secrets -o json');
    const list = JSON.parse(stdout);
    assert.deepEqual([list.kind, list.items.length], ['List', 5]);
  });

  it('refuses formats that cannot be imported', async () => {
    assert.equal((await run(old, 'node export -o wide')).exitCode, 1);
  });

  it('tries an import without making anything', async () => {
    const { stdout } = await run(old, 'node export --with-secrets');
    const tried = await run(fresh, 'node import - --dry-run=client', stdout);
    assert.match(tried.stdout, /^node\/device configured \(dry run\)\nnamespace\/radio created \(dry run\)\n/);
    await assert.rejects(fresh.client.get(namespaces, { name: 'radio' }), { reason: 'NotFound' });
  });

  it('imports on another device, names what is missing, and changes nothing the second time', async () => {
    const exported = (await run(old, 'node export')).stdout;
    const first = await run(fresh, 'node import -', exported);
    assert.equal(
      first.stdout,
      'node/device configured\nnamespace/radio created\nconfigmap/colours created\ndeployment.apps/web created\n',
    );
    assert.match(
      first.stderr,
      /Warning: Secret "door" is missing in namespace "radio": deployment\.apps\/web does not start without it/,
    );
    const whole = (await run(old, 'node export --with-secrets')).stdout;
    const second = await run(fresh, 'node import -', whole);
    assert.equal(
      second.stdout,
      'node/device unchanged\nnamespace/radio unchanged\nsecret/door created\nconfigmap/colours unchanged\ndeployment.apps/web unchanged\n',
    );
    assert.doesNotMatch(second.stderr, /missing in namespace/);
    const { metadata } = await fresh.client.get(nodes, { name: 'device' });
    assert.equal(metadata.labels?.['room'], 'bath');
  });

  it('goes on after what cannot be made, and says so in the exit code', async () => {
    const bad =
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: nowhere}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n';
    const { exitCode, stdout, stderr } = await run(fresh, 'node import -', bad);
    assert.deepEqual([exitCode, stdout], [1, 'configmap/b created\n']);
    assert.match(stderr, /namespaces "nowhere" not found/);
  });

  describe('by another name', () => {
    it('is asked for on the node, and said until it has come true', async () => {
      const { stdout } = await run(old, 'node rename kitchen');
      assert.match(stdout, /^node\/device will be kitchen when eliotd starts next/);
      const { metadata } = await old.client.get(nodes, { name: 'device' });
      assert.equal(metadata.annotations?.['eliot.run/node-name'], 'kitchen');
      assert.match((await run(old, 'node rename kitchen')).stdout, /^node\/device will be kitchen/);
      assert.equal((await run(old, 'node rename device')).stdout, 'node/device keeps its name\n');
      assert.equal((await run(old, 'node rename device')).stdout, 'node/device unchanged\n');
    });

    it('is refused when it is none, or when the name is set on the device', async () => {
      assert.match((await run(old, 'node rename Küche')).stderr, /"Küche" is no name for a node: a lowercase RFC 1123/);
      const set = { metadata: { annotations: { 'eliot.run/node-name-source': 'setting' } } };
      await fresh.client.patch(nodes, { name: 'device' }, 'merge', set);
      const { exitCode, stderr } = await run(fresh, 'node rename kitchen');
      assert.equal(exitCode, 1);
      assert.match(stderr, /the name of node "device" is set on the device/);
    });
  });
});
