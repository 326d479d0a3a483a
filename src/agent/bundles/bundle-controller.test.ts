/** Bundles on the real write path, on a device where no pod ever gets ready by itself. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Bundle, BundleSpec } from '../../api/kinds/bundle.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { bundles, configMaps, pods } from '../../api/resources.ts';
import { kinds } from '../../api/scheme.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { Registry } from '../../apiserver/registry.ts';
import { Informer } from '../../client/informer.ts';
import { ensureSystemNamespaces } from '../../controllers/system-namespaces.ts';
import { silentLogger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle, until } from '../../testing/settle.ts';
import { BundleController } from './bundle-controller.ts';
import type { BundleRecord } from './bundle-record.ts';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'b' } };
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'a', image: 'i:1' }] },
};

let clock: FakeClock;
let client: ObjectClient;
let stop: AbortController;
let running: Promise<unknown>[];
let records: Map<string, BundleRecord>;
let events: string[];
let swept: string[][];

function start(): void {
  stop = new AbortController();
  const deps = { client, clock, log: silentLogger };
  const informer = new Informer<Bundle>({ ...deps, resource: bundles });
  const controller = new BundleController({
    ...deps,
    kinds,
    bundles: informer,
    events: {
      recordFor: ({ kind, metadata }, { reason, message }) =>
        events.push(`${kind} ${metadata.name} ${reason}: ${message}`),
    },
    records: {
      read: async (_name, digest) => records.get(digest),
      sweep: async (listBundles) => {
        swept.push((await listBundles()).map(({ spec }) => spec.version));
        return false;
      },
    },
    isReceiving: () => false,
  });
  running = [informer.run(stop.signal), controller.run(stop.signal)];
}

async function end(): Promise<void> {
  stop.abort();
  await Promise.all(running);
  assert.equal(clock.sleeping, 0, 'no timer is left');
}

beforeEach(async () => {
  clock = new FakeClock();
  client = createLocalClient(new Registry({ store: new MemoryStore(), clock, nodeName: 'device' }), systemUser('test'));
  await ensureSystemNamespaces(client);
  records = new Map();
  events = [];
  swept = [];
  start();
});
afterEach(end);

function record(letter: string, version: string, items: readonly object[]): void {
  const manifests = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  records.set(digestOf(letter), {
    name: 'shop',
    version,
    digest: digestOf(letter),
    bakeSeconds: 3,
    manifests,
    images: [],
  });
}

const bundle = (): Promise<Bundle> => client.get<Bundle>(bundles, { name: 'shop' });
const spec = (letter: string, version: string, change: Partial<BundleSpec> = {}): BundleSpec => ({
  version,
  digest: digestOf(letter),
  progressDeadlineSeconds: 10,
  proven: false,
  ...change,
});

async function want(wanted: BundleSpec): Promise<void> {
  const known = await bundle().catch(() => undefined);
  if (known !== undefined) await client.update(bundles, { ...known, spec: wanted });
  else
    await client.create(bundles, {
      apiVersion: 'eliot.run/v1alpha1',
      kind: 'Bundle',
      metadata: { name: 'shop' },
      spec: wanted,
    });
}

async function find(resource: typeof pods, name: string): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, { namespace: 'default', name });
  } catch (error) {
    assert.ok(isStatusError(error, 'NotFound'), String(error));
    return undefined;
  }
}

/** Lets time pass, a second at a time, until the bundle is as it should be. */
async function untilState(state: string, version: string): Promise<void> {
  await until(async () => {
    const { status, spec: now } = await bundle();
    if (status.state === state && now.version === version && status.appliedVersion === version) return true;
    clock.advance(1_000);
    return false;
  }, `${state} ${version}`);
}

async function makeReady(): Promise<void> {
  const live = (await find(pods, 'web')) ?? assert.fail('there is no pod');
  const conditions = [{ type: 'Ready', status: 'True' }];
  await client.update(pods, { ...live, status: { phase: 'Running', conditions } }, { subresource: 'status' });
}

describe('a bundle that is wanted', () => {
  it('is applied, and ready when everything in it is', async () => {
    record('a', '1', [configMap, pod]);
    await want(spec('a', '1'));
    await until(async () => (await find(pods, 'web')) !== undefined);
    assert.equal((await bundle()).spec.proven, false);
    await makeReady();
    await untilState('Ready', '1');
    const { metadata, spec: now, status } = await bundle();
    assert.equal(now.proven, true);
    assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.observedGeneration, metadata.generation);
    assert.deepEqual(events, ['Bundle shop BundleReady: version 1 is ready']);
    assert.equal((await find(configMaps, 'settings'))?.metadata.labels?.['eliot.run/source'], 'bundle-shop');
  });

  it('gives way to the version before when it is not ready in time, which a kill changes nothing of', async () => {
    record('a', '1', [configMap]);
    await want(spec('a', '1'));
    await untilState('Ready', '1');
    record('b', '2', [pod]);
    await want(spec('b', '2', { previous: { version: '1', digest: digestOf('a') } }));
    await until(async () => (await find(configMaps, 'settings')) === undefined);
    await end();
    start();
    await untilState('RolledBack', '1');
    const { spec: now, status } = await bundle();
    const message = 'not ready after 10s: Pod default/web: is Pending';
    assert.deepEqual(now.failed, [{ version: '2', digest: digestOf('b'), message }]);
    assert.equal(status.message, `version 2 failed: ${message}`);
    assert.ok(await find(configMaps, 'settings'));
    assert.deepEqual(events.slice(1), [
      `Bundle shop RolledBack: version 2 was taken back, 1 is applied again: ${message}`,
    ]);
    assert.deepEqual(swept.at(-1), ['1']);
  });

  it('stays when there was none before, and says so', async () => {
    record('a', '1', [pod]);
    await want(spec('a', '1'));
    await untilState('NotReady', '1');
    assert.match(
      (await bundle()).status.message ?? '',
      /not ready after 10s: .* there is no version before to come back to/,
    );
    await makeReady();
    await untilState('Ready', '1');
  });

  it('whose record is lost says so, and leaves alone what runs', async () => {
    record('a', '1', [configMap]);
    await want(spec('a', '1'));
    await untilState('Ready', '1');
    await want(spec('b', '2'));
    await until(async () => {
      clock.advance(1_000);
      return (await bundle()).status.state !== 'Ready';
    });
    assert.match(
      (await bundle()).status.message ?? '',
      /version 2 is not on the device any more; apply the bundle again/,
    );
    assert.ok(await find(configMaps, 'settings'));
    // Longer than the deadline, which is for what is there.
    for (let second = 0; second < 20; second += 1) {
      clock.advance(1_000);
      await settle();
    }
    record('b', '2', [pod]);
    await until(async () => {
      clock.advance(1_000);
      return (await bundle()).status.state === 'Progressing';
    });
    await makeReady();
    await untilState('Ready', '2');
  });

  it('goes with all that it brought', async () => {
    record('a', '1', [configMap, pod]);
    await want(spec('a', '1'));
    await until(async () => (await find(pods, 'web')) !== undefined);
    await client.delete(bundles, { name: 'shop' });
    await until(async () => {
      clock.advance(1_000);
      return (await bundle().catch(() => undefined)) === undefined;
    });
    assert.equal(await find(configMaps, 'settings'), undefined);
    await until(() => swept.at(-1)?.length === 0);
  });
});
