import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ConfigMap } from '../api/kinds/config-map.ts';
import { configMaps, namespaces } from '../api/resources.ts';
import { Informer } from '../client/informer.ts';
import { silentLogger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeObjectClient } from '../testing/fake-object-client.ts';
import { settle, until } from '../testing/settle.ts';
import { RootCaController } from './root-ca.ts';

const key = { namespace: 'shop', name: 'kube-root-ca.crt' };

describe('RootCaController', () => {
  let clock: FakeClock;
  let client: FakeObjectClient;
  let stop: AbortController;
  let running: Promise<unknown>[];

  beforeEach(() => {
    clock = new FakeClock();
    client = new FakeObjectClient(clock);
    stop = new AbortController();
    running = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    assert.equal(clock.sleeping, 0, 'no timer is left');
  });

  const start = (): void => {
    const follow = <T extends ConfigMap>(resource: typeof configMaps): Informer<T> => {
      const informer = new Informer<T>({ client, resource, clock, log: silentLogger });
      running.push(informer.run(stop.signal));
      return informer;
    };
    const sources = { namespaces: follow(namespaces), configMaps: follow(configMaps) };
    const controller = new RootCaController({ client, clock, log: silentLogger, caCertificate: 'PEM', ...sources });
    running.push(controller.run(stop.signal));
  };
  const createNamespace = (name: string) =>
    client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const find = async (): Promise<ConfigMap | undefined> => {
    try {
      return await client.get<ConfigMap>(configMaps, key);
    } catch (error) {
      assert.ok(isStatusError(error, 'NotFound'));
      return undefined;
    }
  };
  const holdsCa = async (): Promise<boolean> => (await find())?.data?.['ca.crt'] === 'PEM';

  it('gives every namespace the CA, old and new ones', async () => {
    await createNamespace('shop');
    start();
    await until(holdsCa);
    assert.match((await find())?.metadata.annotations?.['kubernetes.io/description'] ?? '', /^Contains a CA bundle/);
    await createNamespace('new');
    await until(async () => (await client.list(configMaps, { namespace: 'new' })).items.length === 1);
  });

  it('brings back what was deleted, edited or added', async () => {
    await createNamespace('shop');
    start();
    await until(holdsCa);
    await settle();
    await client.delete(configMaps, key);
    await until(holdsCa);
    await settle();
    for (const change of [{ data: { 'ca.crt': 'other' } }, { data: { 'ca.crt': 'PEM', more: 'x' } }, { data: {} }]) {
      const map = await client.get<ConfigMap>(configMaps, key);
      await client.update(configMaps, { ...map, ...change });
      await until(async () => JSON.stringify((await find())?.data) === '{"ca.crt":"PEM"}');
      await settle();
    }
  });

  it('leaves labels and annotations of others, and a map that is right', async () => {
    await createNamespace('shop');
    await client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...key, labels: { mine: 'yes' } },
      data: { 'ca.crt': 'PEM' },
    });
    start();
    await settle();
    assert.deepEqual((await find())?.metadata.labels, { mine: 'yes' });
    assert.equal(
      client.requests.some(({ verb }) => verb === 'update'),
      false,
    );
  });

  it('leaves a namespace alone that is being deleted', async () => {
    await createNamespace('shop');
    await client.delete(namespaces, { name: 'shop' });
    start();
    await settle();
    assert.equal(await find(), undefined);
  });
});
