/** Against the real API server, over the unix socket and over TLS. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { configMaps, pods } from '../api/resources.ts';
import { isStatusError, type Reason } from '../lib/status-error.ts';
import { LocalDevice } from '../testing/local-device.ts';
import { HttpObjectClient } from './http-object-client.ts';
import { loadKubeconfig } from './kubeconfig.ts';
import { RestClient } from './rest-client.ts';
import { Transport, type TransportOptions } from './transport.ts';

const configMap = (name: string, data: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

const key = (name: string) => ({ namespace: 'default', name });
const refused = (reason: Reason) => (error: unknown) => isStatusError(error, reason);

describe('objects over HTTP', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());

  async function ways(): Promise<readonly (readonly [name: string, options: TransportOptions])[]> {
    const { transport } = await loadKubeconfig({ paths: [device.kubeconfig], readFile: (path) => readFile(path) });
    return [
      ['socket', { server: `unix:${device.runDirectory}/eliotd.sock` }],
      ['tls', transport],
    ];
  }

  async function each(work: (client: HttpObjectClient, way: string) => Promise<void>): Promise<void> {
    for (const [way, options] of await ways()) {
      const transport = new Transport(options);
      const rest = new RestClient({ transport });
      await work(new HttpObjectClient({ rest, fieldValidation: 'Strict' }), way);
      transport.close();
    }
  }

  it('are created, read, updated, patched in three ways and deleted', () =>
    each(async (client, way) => {
      const name = `life-${way}`;
      const created = await client.create(configMaps, configMap(name, { a: '1' }), { fieldManager: 'test' });
      assert.equal(created.metadata.managedFields?.[0]?.manager, 'test');
      assert.deepEqual((await client.get(configMaps, key(name)))['data'], { a: '1' });

      const updated = await client.update(configMaps, { ...created, data: { a: '2' } });
      await assert.rejects(client.update(configMaps, { ...created, data: {} }), refused('Conflict'));

      for (const [type, patch] of [
        ['merge', { data: { b: 'merge' } }],
        ['strategic', { data: { b: 'strategic' } }],
        ['json', [{ op: 'replace', path: '/data/b', value: 'json' }]],
      ] as const) {
        const patched = await client.patch(configMaps, key(name), type, patch);
        assert.deepEqual(patched['data'], { a: '2', b: type });
      }
      assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
      await client.delete(configMaps, key(name));
      await assert.rejects(client.get(configMaps, key(name)), refused('NotFound'));
    }));

  it('are not kept by a dry run', () =>
    each(async (client, way) => {
      const created = await client.create(configMaps, configMap(`dry-${way}`), { dryRun: true });
      assert.equal(created.metadata.name, `dry-${way}`);
      await assert.rejects(client.get(configMaps, key(`dry-${way}`)), refused('NotFound'));
    }));

  it('are refused with unknown fields, since validation is strict', () =>
    each(async (client) => {
      await assert.rejects(
        client.create(configMaps, { ...configMap('strict'), nope: 1 } as KubeObject),
        /unknown field "nope"/,
      );
    }));

  it('have a status of their own', () =>
    each(async (client, way) => {
      const name = `status-${way}`;
      await client.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'a', image: 'b' }] },
      } as KubeObject);
      const status = { status: { phase: 'Running' } };
      const patched = await client.patch(pods, key(name), 'merge', status, { subresource: 'status' });
      assert.equal((patched['status'] as { phase: string }).phase, 'Running');
      const deleted = await client.delete(pods, key(name), { gracePeriodSeconds: 7 });
      assert.equal(deleted.metadata.deletionGracePeriodSeconds, 7);
      await client.delete(pods, key(name), { gracePeriodSeconds: 0 });
    }));

  it('are not deleted when the precondition does not hold', () =>
    each(async (client, way) => {
      const name = `guarded-${way}`;
      await client.create(configMaps, configMap(name));
      await assert.rejects(client.delete(configMaps, key(name), { preconditions: { uid: 'x' } }), refused('Conflict'));
      await client.delete(configMaps, key(name));
    }));

  it('are listed in pages, by selectors and over all namespaces', () =>
    each(async (client, way) => {
      for (const index of [1, 2, 3]) {
        const object = configMap(`page-${way}-${index}`);
        await client.create(configMaps, { ...object, metadata: { ...object.metadata, labels: { way } } });
      }
      const names: unknown[] = [];
      let next: string | undefined;
      do {
        const page = await client.list(configMaps, {
          labelSelector: `way=${way}`,
          limit: 2,
          ...(next === undefined ? {} : { continue: next }),
        });
        names.push(...page.items.map((item) => item.metadata.name));
        next = page.metadata.continue;
      } while (next);
      assert.deepEqual(
        names,
        [1, 2, 3].map((index) => `page-${way}-${index}`),
      );
      const one = await client.list(configMaps, { namespace: 'default', fieldSelector: `metadata.name=page-${way}-2` });
      assert.equal(one.items.length, 1);
    }));

  it('are watched from a revision on, until the watch is aborted', () =>
    each(async (client, way) => {
      const { metadata } = await client.list(configMaps);
      await client.create(configMaps, configMap(`watched-${way}`));
      await client.delete(configMaps, key(`watched-${way}`));
      const stop = new AbortController();
      const seen: string[] = [];
      const from = metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion };
      for await (const event of client.watch(configMaps, from, stop.signal)) {
        if (event.type === 'BOOKMARK') continue;
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.type === 'DELETED') stop.abort();
      }
      assert.deepEqual(seen, [`ADDED watched-${way}`, `DELETED watched-${way}`]);
    }));

  it('cannot be watched from a revision that is too old', () =>
    each(async (client) => {
      const stop = AbortSignal.timeout(10_000);
      await assert.rejects(
        Array.fromAsync(client.watch(configMaps, { resourceVersion: '1' }, stop)),
        refused('Expired'),
      );
    }));
});
