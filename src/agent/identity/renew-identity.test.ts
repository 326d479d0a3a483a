import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { clientKind } from '../../api/kinds/client.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { clients, nodes, pods } from '../../api/resources.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { openRegistry, pod, type RegistryFixture, writeContext } from '../../testing/registry.ts';
import { describeRenewal, forgetClients, renewNodes } from './renew-identity.ts';

it('who makes a new identity is told who must be paired anew', () => {
  assert.match(
    describeRenewal('/d', ['Ann', 'Bob', 'eliot-admin']),
    /^The device in \/d .*\n.*\nTo be .*: Ann, Bob\.\n$/,
  );
  assert.match(describeRenewal('/d', ['eliot-admin']), /Nobody was paired/);
});

describe('a new identity', () => {
  let fixture: RegistryFixture;
  let client: ObjectClient;
  beforeEach(async () => {
    fixture = await openRegistry();
    client = createLocalClient(fixture.registry, systemUser('tester'));
    for (const [name, user] of [
      ['bob', 'Bob'],
      ['bob-2', 'Bob'],
      ['ann', 'Ann'],
    ] as const) {
      const spec = { user, fingerprint: '0'.repeat(64) };
      const object = { apiVersion: 'eliot.run/v1alpha1', kind: 'Client', metadata: { name }, spec };
      await fixture.registry.createOwn(clientKind, object, writeContext());
    }
    await client.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'device', labels: { room: 'kitchen' } },
    });
    await client.create(pods, pod('web', {}, { namespace: 'default' }));
  });

  it('knows nobody of those who were let in, and says who they were', async () => {
    assert.deepEqual(await forgetClients(fixture.store), ['Ann', 'Bob']);
    assert.deepEqual((await client.list(clients)).items, []);
    assert.deepEqual(await forgetClients(fixture.store), []);
  });

  it('gives the node another uid, and leaves the rest of it and of everything else', async () => {
    const before = await client.get(nodes, { name: 'device' });
    const web = await client.get(pods, { namespace: 'default', name: 'web' });
    await renewNodes(fixture.store, () => 'fresh');
    const after = await client.get(nodes, { name: 'device' });
    assert.equal(after.metadata.uid, 'fresh');
    assert.deepEqual(after.metadata.labels, before.metadata.labels);
    assert.deepEqual(after['status'], before['status']);
    assert.deepEqual(await client.get(pods, { namespace: 'default', name: 'web' }), web);
  });
});
