import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { configMaps, pods } from '../api/resources.ts';
import { isStatusError } from '../lib/status-error.ts';
import { at, configMap, openRegistry, pod } from '../testing/registry.ts';
import { systemUser } from './identity.ts';
import { createLocalClient } from './local-client.ts';

const key = { namespace: 'default', name: 'a' };
const open = async () => {
  const fixture = await openRegistry();
  return { ...fixture, client: createLocalClient(fixture.registry, systemUser('eliotd')) };
};
const inDefault = (object: object): KubeObject => {
  const { metadata, ...rest } = object as KubeObject;
  return { ...rest, metadata: { ...metadata, namespace: 'default' } } as KubeObject;
};

describe('the local client', () => {
  it('reads and writes through the one path, under its own name', async () => {
    const { client } = await open();
    const made = await client.create(configMaps, inDefault(configMap('a', { x: '1' })));
    assert.equal(made.metadata.managedFields?.[0]?.manager, 'eliotd');
    await client.update(configMaps, { ...made, data: { x: '2' } }, { fieldManager: 'other' });
    await client.patch(configMaps, key, 'merge', { data: { y: '3' } });
    assert.deepEqual((await client.get(configMaps, key))['data'], { x: '2', y: '3' });
    assert.equal((await client.list(configMaps, { namespace: 'default' })).items.length, 1);
    await client.delete(configMaps, key);
    await assert.rejects(client.get(configMaps, key), (error) => isStatusError(error, 'NotFound'));
  });

  it('writes a status apart from the rest', async () => {
    const { client } = await open();
    const made = await client.create(pods, inDefault(pod('a')));
    const next = await client.update(pods, { ...made, status: { phase: 'Running' } }, { subresource: 'status' });
    assert.equal(at(next, 'status', 'phase'), 'Running');
    const stale = { ...made, status: { phase: 'Failed' } };
    await assert.rejects(client.update(pods, stale, { subresource: 'status' }), (error) =>
      isStatusError(error, 'Conflict'),
    );
  });

  it('watches from now on when asked with a revision', async () => {
    const { client } = await open();
    const list = await client.list(configMaps);
    const controller = new AbortController();
    const options = { resourceVersion: list.metadata.resourceVersion ?? '' };
    await client.create(configMaps, inDefault(configMap('a')));
    for await (const event of client.watch(configMaps, options, controller.signal)) {
      assert.ok(event.type === 'ADDED' && event.object.metadata.name === 'a');
      controller.abort();
    }
  });

  it('knows only what is served', async () => {
    const { client } = await open();
    const unknown = { group: 'apps', version: 'v1', resource: 'statefulsets' };
    await assert.rejects(client.list(unknown), (error) => isStatusError(error, 'NotFound'));
  });
});
