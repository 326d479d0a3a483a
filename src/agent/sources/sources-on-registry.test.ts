/** Sources and namespace controllers on the real write path, with its defaults, validation and finalizers. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Namespace } from '../../api/kinds/namespace.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { configMaps, namespaces, pods, serviceAccounts } from '../../api/resources.ts';
import { kinds } from '../../api/scheme.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { Registry } from '../../apiserver/registry.ts';
import { Informer } from '../../client/informer.ts';
import { NamespaceController } from '../../controllers/namespace.ts';
import { namespacedResources } from '../../controllers/namespaced-resources.ts';
import { ServiceAccountController } from '../../controllers/service-account.ts';
import { ensureSystemNamespaces } from '../../controllers/system-namespaces.ts';
import { silentLogger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle, until } from '../../testing/settle.ts';
import { hashObjects } from './desired-state.ts';
import { readManifests } from './read-manifests.ts';
import { SourceController } from './source-controller.ts';

let clock: FakeClock;
let client: ObjectClient;
let stop: AbortController;
let running: Promise<unknown>[];
let controller: SourceController;

beforeEach(async () => {
  clock = new FakeClock();
  client = createLocalClient(new Registry({ store: new MemoryStore(), clock, nodeName: 'device' }), systemUser('test'));
  stop = new AbortController();
  await ensureSystemNamespaces(client);
  const deps = { client, clock, log: silentLogger };
  const follow = <T extends KubeObject>(resource: typeof pods): Informer<T> => {
    const informer = new Informer<T>({ ...deps, resource });
    running.push(informer.run(stop.signal));
    return informer;
  };
  running = [];
  controller = new SourceController({ ...deps, kinds, name: 'manifests' });
  const spaces = follow<Namespace>(namespaces);
  const resources = namespacedResources(kinds);
  running.push(
    controller.run(stop.signal),
    new NamespaceController({ ...deps, namespaces: spaces, pods: follow(pods), resources }).run(stop.signal),
    new ServiceAccountController({ ...deps, namespaces: spaces, serviceAccounts: follow(serviceAccounts) }).run(
      stop.signal,
    ),
  );
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  assert.equal(clock.sleeping, 0, 'no timer is left');
});

function want(text: string): void {
  const objects = readManifests([{ name: 'a.yaml', text }]);
  const hash = hashObjects(objects);
  controller.setDesired({ name: 'manifests', version: hash.slice(0, 12), hash, objects });
}

async function applied(text: string): Promise<void> {
  want(text);
  await until(() => controller.status.state === 'Applied', `applied, but is ${JSON.stringify(controller.status)}`);
  await settle();
}

async function find(resource: typeof pods, name: string, namespace?: string): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, namespace === undefined ? { name } : { namespace, name });
  } catch (error) {
    assert.ok(isStatusError(error, 'NotFound'), String(error));
    return undefined;
  }
}

const everything = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: shop}
stringData: {password: x}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - name: web
      image: web
      env:
        - {name: A, valueFrom: {configMapKeyRef: {name: settings, key: a}}}
        - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
      ports: [{containerPort: 80}]
      resources: {limits: {cpu: 1000m, memory: 64Mi}}
      livenessProbe: {httpGet: {path: /, port: 80}}
  volumes:
    - {name: settings, configMap: {name: settings}}
    - {name: scratch, emptyDir: {}}
`;

describe('a source on the real write path', () => {
  it('makes everything once and then finds nothing to do', async () => {
    await applied(everything);
    const revisions = async (): Promise<unknown> => [
      (await find(namespaces, 'shop'))?.metadata.resourceVersion,
      (await find(configMaps, 'settings', 'shop'))?.metadata.resourceVersion,
      (await find(pods, 'web', 'shop'))?.metadata.resourceVersion,
    ];
    const before = await revisions();
    assert.equal((before as string[]).includes(''), false);
    await applied(everything);
    clock.advance(10 * 60_000);
    await settle();
    assert.deepEqual(await revisions(), before);
    assert.equal(controller.status.state, 'Applied');
  });

  it('puts back an edited pod label and image', async () => {
    await applied(everything);
    await client.patch(pods, { namespace: 'shop', name: 'web' }, 'strategic', {
      metadata: { labels: { app: 'edited', theirs: 'x' } },
      spec: { containers: [{ name: 'web', image: 'edited' }] },
    });
    await until(async () => (await find(pods, 'web', 'shop'))?.metadata.labels?.['app'] === 'web');
    const pod = (await find(pods, 'web', 'shop')) as KubeObject & { spec: { containers: { image: string }[] } };
    assert.equal(pod.spec.containers[0]?.image, 'web');
    assert.equal(pod.metadata.labels?.['theirs'], 'x');
  });

  it('makes a pod anew whose environment changed', async () => {
    await applied(everything);
    const first = await find(pods, 'web', 'shop');
    want(everything.replace('key: a}', 'key: b}'));
    await until(async () => (await find(pods, 'web', 'shop'))?.metadata.deletionTimestamp !== undefined);
    await client.delete(pods, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 0 });
    await until(() => clock.sleeping > 0);
    clock.advance(1_000);
    await until(
      async () => ((await find(pods, 'web', 'shop'))?.metadata.uid ?? first?.metadata.uid) !== first?.metadata.uid,
    );
    await until(() => controller.status.state === 'Progressing' || controller.status.state === 'Applied');
  });

  it('removes everything, the namespace with what others put into it', async () => {
    await applied(everything);
    await until(async () => (await find(serviceAccounts, 'default', 'shop')) !== undefined);
    await client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: 'theirs' },
    });
    want('');
    await until(async () => (await find(pods, 'web', 'shop'))?.metadata.deletionTimestamp !== undefined);
    await client.delete(pods, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 0 });
    for (let second = 0; second < 5; second++) {
      await settle(50);
      clock.advance(1_000);
    }
    await until(async () => (await find(namespaces, 'shop')) === undefined, 'the namespace is gone');
  });
});
