import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestApi } from '../../testing/api-server.ts';
import { configMap } from '../../testing/registry.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('watches over HTTP', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  it('stream events as lines, and answer before the first one', async () => {
    const watch = await api.watch(`${configMaps}?watch=true`);
    assert.equal(watch.response.statusCode, 200);
    await api.post(configMaps, configMap('a'));
    await api.send('DELETE', `${configMaps}/a`);
    assert.deepEqual(await watch.names(2), ['ADDED a', 'DELETED a']);
    watch.close();
  });

  it('send the initial events and their end to those who ask (kubectl wait, delete)', async () => {
    await api.post(configMaps, configMap('b'));
    const watch = await api.watch(
      `${configMaps}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
    );
    assert.deepEqual(await watch.names(1), ['ADDED b']);
    const { type, object } = await watch.next();
    assert.equal(type, 'BOOKMARK');
    assert.equal(object.kind, 'ConfigMap');
    assert.deepEqual(object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    watch.close();
  });

  it('are tables for those who print them, columns first', async () => {
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const watch = await api.watch(`${configMaps}?watch=true`, { headers });
    const first = await watch.next();
    assert.equal(first.object.kind, 'Table');
    assert.equal(first.object.rows[0].cells[0], 'b');
    assert.ok(first.object.columnDefinitions);
    await api.post(configMaps, configMap('c'));
    const second = await watch.next();
    assert.equal(second.object.columnDefinitions, undefined);
    watch.close();
  });

  it('are tables that name their columns though a bookmark came first', async () => {
    const empty = '/api/v1/namespaces/kube-system/configmaps';
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const query = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const watch = await api.watch(`${empty}?${query}`, { headers });
    assert.equal((await watch.next()).type, 'BOOKMARK');
    await api.post(empty, configMap('first'));
    assert.ok((await watch.next()).object.columnDefinitions);
    watch.close();
  });

  it('end when their time is up', async () => {
    const watch = await api.watch(`${configMaps}?watch=true&resourceVersion=${api.store.revision()}&timeoutSeconds=5`);
    while (api.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    api.clock.advance(5_000);
    assert.equal(await watch.next(), undefined);
    assert.ok(watch.response.complete);
  });

  it('tell those who come too late to list again', async () => {
    const watch = await api.watch(`${configMaps}?watch=true&resourceVersion=999999`);
    const { type, object } = await watch.next();
    assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired']);
    assert.equal(await watch.next(), undefined);
  });

  it('end in good order when the server stops', async () => {
    const other = await TestApi.start();
    const watch = await other.watch(`${configMaps}?watch=true`);
    await other.stop();
    assert.equal(await watch.next(), undefined);
    assert.ok(watch.response.complete);
  });
});
