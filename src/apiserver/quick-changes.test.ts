import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestApi, type TestWatch } from '../testing/api-server.ts';
import { configMap } from '../testing/registry.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const changes = 100;

/** As `kubectl get -w` has it: a list, then a watch from its revision. */
async function listAndWatch(api: TestApi, accept = 'application/json'): Promise<TestWatch> {
  const { json } = await api.get(configMaps, { headers: { accept } });
  return api.watch(`${configMaps}?watch=true&resourceVersion=${json.metadata.resourceVersion}`, {
    headers: { accept },
  });
}

describe('a watch over sockets', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  const patch = (name: string, value: number) =>
    api.send('PATCH', `${configMaps}/${name}`, {
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ data: { value: String(value) } }),
    });
  const inOrder = Array.from({ length: changes }, (_, index) => String(index));

  for (const reader of ['reads at once', 'reads only afterwards'] as const) {
    it(`loses none of ${changes} quick changes for a client that ${reader}`, async () => {
      const name = reader.replaceAll(' ', '-');
      await api.post(configMaps, configMap(name));
      const watch = await listAndWatch(api);
      const read = async (): Promise<string[]> => {
        const values: string[] = [];
        while (values.length < changes) values.push((await watch.next()).object.data.value);
        return values;
      };
      const early = reader === 'reads at once' ? read() : undefined;
      for (let value = 0; value < changes; value += 1) assert.equal((await patch(name, value)).code, 200);
      assert.deepEqual(await (early ?? read()), inOrder);
      watch.close();
    });
  }

  it('tells concurrent changes of several objects by growing revisions, each once', async () => {
    const names = ['c-1', 'c-2', 'c-3', 'c-4'];
    for (const name of names) await api.post(configMaps, configMap(name));
    const watch = await listAndWatch(api, 'application/json;as=Table;g=meta.k8s.io;v=v1');
    const writing = Promise.all(
      names.map(async (name) => {
        for (let value = 0; value < changes / names.length; value += 1) await patch(name, value);
      }),
    );
    const revisions: number[] = [];
    while (revisions.length < changes) {
      const { type, object } = await watch.next();
      assert.deepEqual([type, object.kind, object.rows.length], ['MODIFIED', 'Table', 1]);
      revisions.push(Number(object.rows[0].object.metadata.resourceVersion));
    }
    await writing;
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
    watch.close();
  });

  it('goes on where a client left off', async () => {
    await api.post(configMaps, configMap('resumed'));
    const { json } = await api.get(`${configMaps}/resumed`);
    for (let value = 0; value < 10; value += 1) await patch('resumed', value);
    const seen: string[] = [];
    let resourceVersion = json.metadata.resourceVersion;
    for (let connection = 0; connection < 5; connection += 1) {
      const watch = await api.watch(`${configMaps}?watch=true&resourceVersion=${resourceVersion}`);
      for (let count = 0; count < 2; count += 1) {
        const { object } = await watch.next();
        seen.push(object.data.value);
        resourceVersion = object.metadata.resourceVersion;
      }
      watch.close();
    }
    assert.deepEqual(seen, inOrder.slice(0, 10));
  });
});
