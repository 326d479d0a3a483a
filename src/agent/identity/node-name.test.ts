import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { nodes, pods } from '../../api/resources.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { openRegistry, pod, type RegistryFixture } from '../../testing/registry.ts';
import { chooseNodeName, takeOverNodeName } from './node-name.ts';

const node = (name: string, annotations: Readonly<Record<string, string>> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { room: 'kitchen' }, annotations },
});

describe('the name of the device', () => {
  let fixture: RegistryFixture;
  let client: ObjectClient;
  beforeEach(async () => {
    fixture = await openRegistry();
    client = createLocalClient(fixture.registry, systemUser('tester'));
  });

  it('is the one that is set, else the one that somebody gave it, else its host name', async () => {
    const choose = (isNodeNameSet: boolean) => chooseNodeName(fixture.store, { nodeName: 'pi', isNodeNameSet });
    assert.equal(await choose(false), 'pi');
    await client.create(nodes, node('pi', { 'eliot.run/node-name': 'kitchen' }));
    assert.equal(await choose(false), 'kitchen');
    assert.equal(await choose(true), 'pi');
  });

  it('is not what is no name', async () => {
    await client.create(nodes, node('pi', { 'eliot.run/node-name': 'Küche!' }));
    assert.equal(await chooseNodeName(fixture.store, { nodeName: 'pi', isNodeNameSet: false }), 'pi');
  });

  it('is taken over by its node and its pods, and by no others', async () => {
    await client.create(nodes, node('pi'));
    const { uid } = (await client.get(nodes, { name: 'pi' })).metadata;
    await client.create(pods, pod('web', { nodeName: 'pi' }, { namespace: 'default' }));
    await client.create(pods, pod('far', { nodeName: 'elsewhere' }, { namespace: 'default' }));
    const key = (name: string) => ({ namespace: 'default', name });
    await client.patch(pods, key('web'), 'merge', { status: { phase: 'Running' } }, { subresource: 'status' });

    assert.deepEqual(await takeOverNodeName(fixture.store, 'kitchen'), ['pi']);
    const { items } = await client.list(nodes);
    assert.deepEqual(
      items.map(({ metadata }) => [metadata.name, metadata.uid, metadata.labels]),
      [['kitchen', uid, { room: 'kitchen' }]],
    );
    const web = await client.get<Pod>(pods, key('web'));
    assert.deepEqual([web.spec.nodeName, web.status.phase], ['kitchen', 'Running']);
    assert.equal((await client.get<Pod>(pods, key('far'))).spec.nodeName, 'elsewhere');
    assert.deepEqual(await takeOverNodeName(fixture.store, 'kitchen'), []);
  });

  it('is taken over to the end after a power cut in the middle', async () => {
    await client.create(nodes, node('pi'));
    await client.create(nodes, node('kitchen'));
    await client.create(pods, pod('web', { nodeName: 'pi' }, { namespace: 'default' }));
    assert.deepEqual(await takeOverNodeName(fixture.store, 'kitchen'), ['pi']);
    assert.deepEqual(
      (await client.list(nodes)).items.map(({ metadata }) => metadata.name),
      ['kitchen'],
    );
    assert.equal((await client.get<Pod>(pods, { namespace: 'default', name: 'web' })).spec.nodeName, 'kitchen');
  });
});
