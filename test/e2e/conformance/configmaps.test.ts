/** Conformance: ConfigMaps and Secrets, API and environment. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configMaps, secrets } from '../../../src/api/resources.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: ConfigMaps and Secrets, API and environment', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const kinds = [
    {
      area: 'configmap',
      kind: 'ConfigMap',
      resource: configMaps,
      make: (data: Record<string, string>, more = {}) => on.configMap(data, more),
      encode: (text: string) => text,
      keyRef: (name: string, key: string) => ({ configMapKeyRef: { name, key } }),
      from: (name: string) => ({ configMapRef: { name } }),
    },
    {
      area: 'secret',
      kind: 'Secret',
      resource: secrets,
      make: (data: Record<string, string>, more = {}) => on.secret(data, more),
      encode: (text: string) => Buffer.from(text).toString('base64'),
      keyRef: (name: string, key: string) => ({ secretKeyRef: { name, key } }),
      from: (name: string) => ({ secretRef: { name } }),
    },
  ];

  for (const { area, kind, resource, make, encode, keyRef, from } of kinds) {
    it(`${area}/env-key: one key is a variable`, async () => {
      const name = await make({ 'data-1': 'value 1' });
      const env = [{ name: 'A', valueFrom: keyRef(name, 'data-1') }];
      assert.equal(await on.output({ container: { env }, line: 'echo "$A"' }), 'value 1\n');
    });

    it(`${area}/envfrom: all keys are variables, with a prefix when one is given`, async () => {
      const name = await make({ data_1: 'one', data_2: 'two' });
      const envFrom = [from(name), { prefix: 'p_', ...from(name) }];
      const printed = await on.output({ container: { envFrom }, line: 'echo $data_1 $data_2 $p_data_1 $p_data_2' });
      assert.equal(printed, 'one two one two\n');
    });

    it(`${area}/empty-key-rejected: a key without a name is refused`, async () => {
      await assert.rejects(make({ '': 'value-1' }), {
        reason: 'Invalid',
        message: /a valid config key must consist of/,
      });
    });

    it(`${area}/immutable: data and flag stay, labels may change, and it can be deleted`, async () => {
      const name = await make({ 'data-1': 'one' }, { immutable: true });
      const change = (patch: unknown) => on.patch(resource, name, patch, 'merge');
      const refused = { reason: 'Invalid', message: /field is immutable when `immutable` is set/ };
      await assert.rejects(change({ data: { 'data-1': encode('two') } }), refused);
      await assert.rejects(change({ immutable: null }), refused);
      await assert.rejects(change({ immutable: false }), refused);
      const { metadata } = await change({ metadata: { labels: { a: 'b' } } });
      assert.equal(metadata.labels?.['a'], 'b');
      await on.client.delete(resource, { namespace: 'default', name });
      await assert.rejects(on.client.get(resource, { namespace: 'default', name }), { reason: 'NotFound' });
    });

    const lifecycle = area === 'secret' ? 'patch' : 'lifecycle';
    it(`${area}/${lifecycle}: is patched, found by its label in all namespaces, and deleted by it`, async () => {
      const label = `${area}-life`;
      const seen: string[] = [];
      const watch = (async () => {
        const options = { namespace: 'default', labelSelector: `life=${label}` };
        for await (const event of on.client.watch(resource, options, AbortSignal.timeout(60_000))) {
          if (event.type === 'BOOKMARK') continue;
          seen.push(event.type);
          if (event.type === 'DELETED') return;
        }
      })();
      const name = await make({ 'data-1': 'one' }, { metadata: { labels: { life: label } } });
      await on.patch(resource, name, { metadata: { labels: { patched: 'yes' } }, data: { 'data-1': encode('two') } });
      const got = await on.client.get<{ data?: Record<string, string> }>(resource, { namespace: 'default', name });
      assert.equal(got.data?.['data-1'], encode('two'));
      const { items } = await on.client.list(resource, { labelSelector: 'patched=yes' });
      assert.deepEqual(
        items.filter(({ metadata }) => metadata.labels?.['life'] === label).map(({ metadata }) => metadata.name),
        [name],
      );
      const path = `/api/v1/namespaces/default/${resource.resource}`;
      await on.rest.json({ method: 'DELETE', path, query: { labelSelector: `life=${label}` } });
      const left = await on.client.list(resource, { labelSelector: `life=${label}` });
      assert.deepEqual(left.items, [], `every ${kind} with the label is gone`);
      await watch;
      assert.deepEqual(seen, ['ADDED', 'MODIFIED', 'DELETED']);
    });
  }
});
