import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { clientKind } from '../../api/kinds/client.ts';
import { clients as clientResource } from '../../api/resources.ts';
import { localRoot, type UserInfo } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { Registry } from '../../apiserver/registry.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { adoptEarlierClients } from './earlier-clients.ts';
import { issueCertificates } from './issue-certificates.ts';
import { fingerprintOf, IssuedClients } from './issued-clients.ts';
import { clientRequest } from './pki.ts';

const masters = 'system:masters';
const remoteAdmin: UserInfo = {
  username: 'ann',
  groups: [masters],
  extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=00'] },
};
/** As impersonation makes it of `--as root --as-group system:masters`. */
const rootByName: UserInfo = { username: 'root', groups: [masters, 'system:authenticated'] };

describe('the table of issued clients', () => {
  let certs: Readonly<Record<string, string>>;
  let store: Store;
  before(async () => {
    const names = ['bob', 'bob2', 'ann'];
    const requests = Object.fromEntries(names.map((name) => [name, clientRequest(name, ['eliot:viewers'])]));
    const { issued } = await issueCertificates({ ca: undefined, authorityName: 'test', requests });
    certs = Object.fromEntries(Object.entries(issued).map(([name, { cert }]) => [name, cert]));
  });
  beforeEach(() => {
    store = new MemoryStore();
  });

  const certOf = (name: string): string => certs[name] ?? '';
  async function open(over: Store = store): Promise<{ clients: IssuedClients; registry: Registry }> {
    const registry = new Registry({
      store: over,
      clock: new FakeClock(0),
      nodeName: 'device',
      deletionStep: (deletion, proceed) => clients.deletionStep(deletion, proceed),
    });
    const clients = new IssuedClients(registry);
    await clients.load();
    return { clients, registry };
  }

  it('knows only certificates that have a row', async () => {
    const { clients } = await open();
    assert.equal(clients.has(fingerprintOf(certOf('bob'))), false);
    await clients.add(certOf('bob'), 'bob', ['eliot:viewers']);
    assert.equal(clients.has(fingerprintOf(certOf('bob'))), true);
  });

  it('keeps its rows over a restart, as objects that say who and when', async () => {
    const { clients } = await open();
    await clients.add(certOf('bob'), 'bob', ['eliot:viewers']);
    const again = await open();
    const fingerprint = fingerprintOf(certOf('bob'));
    assert.deepEqual(again.clients.list(), [
      { fingerprint, name: 'bob', groups: ['eliot:viewers'], objectName: 'bob' },
    ]);
    const { metadata, spec } = (await again.registry.get(clientKind, { name: 'bob' })) as never as {
      metadata: { creationTimestamp: string };
      spec: object;
    };
    assert.deepEqual(spec, { user: 'bob', groups: ['eliot:viewers'], fingerprint });
    assert.equal(metadata.creationTimestamp, '1970-01-01T00:00:00Z');
  });

  it('adds a certificate once, and tells two of one person apart', async () => {
    const { clients } = await open();
    assert.equal(await clients.add(certOf('bob'), 'Bob', []), 'bob');
    assert.equal(await clients.add(certOf('bob'), 'Bob', []), 'bob');
    assert.equal(await clients.add(certOf('bob2'), 'Bob', []), `bob-${fingerprintOf(certOf('bob2')).slice(0, 8)}`);
    assert.equal(clients.list().length, 2);
  });

  it('revokes at once and for good when the object is deleted, and tells who listens', async () => {
    const { clients, registry } = await open();
    await clients.add(certOf('bob'), 'bob', []);
    const revoked: string[] = [];
    clients.onRevoked(({ name }) => revoked.push(name));
    const deleted = registry.delete(clientKind, { name: 'bob' }, {}, remoteAdmin);
    await deleted;
    assert.equal(clients.has(fingerprintOf(certOf('bob'))), false);
    assert.deepEqual(revoked, ['bob']);
    assert.deepEqual((await open()).clients.list(), []);
  });

  it('revokes nobody in a dry run, nor when the object cannot be deleted', async () => {
    let isFull = true;
    const full: Store = Object.create(store, {
      delete: {
        value: (key: string, expected: number) => {
          if (isFull) throw new Error('disk is full');
          return store.delete(key, expected);
        },
      },
    });
    for (const name of ['get', 'list', 'put', 'revision', 'watch'] as const) {
      Object.defineProperty(full, name, {
        value: (...args: never[]) => (store[name] as (...all: never[]) => unknown)(...args),
      });
    }
    const { clients, registry } = await open(full);
    await clients.add(certOf('bob'), 'bob', []);
    await registry.delete(clientKind, { name: 'bob' }, { dryRun: true }, remoteAdmin);
    assert.equal(clients.has(fingerprintOf(certOf('bob'))), true);
    await assert.rejects(registry.delete(clientKind, { name: 'bob' }, {}, remoteAdmin), /disk is full/);
    assert.equal(clients.has(fingerprintOf(certOf('bob'))), true);
    isFull = false;
    await registry.delete(clientKind, { name: 'bob' }, {}, remoteAdmin);
    assert.equal(clients.has(fingerprintOf(certOf('bob'))), false);
  });

  it('keeps the last administrator, unless root deletes it on the device', async () => {
    const { clients, registry } = await open();
    await clients.add(certOf('ann'), 'ann', [masters]);
    await clients.add(certOf('bob'), 'bob', ['eliot:developers']);
    const remove = (name: string, by: UserInfo) => registry.delete(clientKind, { name }, {}, by);
    for (const by of [remoteAdmin, rootByName]) {
      await assert.rejects(remove('ann', by), {
        reason: 'Forbidden',
        message: /^clients.eliot.run "ann" is forbidden: it is the last certificate in system:masters/,
      });
    }
    await remove('bob', remoteAdmin);
    await remove('ann', localRoot);
    assert.deepEqual(clients.list(), []);
  });

  it('keeps one of the last two administrators who delete each other', async () => {
    const { clients, registry } = await open();
    await clients.add(certOf('ann'), 'ann', [masters]);
    await clients.add(certOf('bob'), 'bob', [masters]);
    const both = await Promise.allSettled(
      ['ann', 'bob'].map((name) => registry.delete(clientKind, { name }, {}, remoteAdmin)),
    );
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(clients.list().length, 1);
  });

  it('is not added to by a client of the API', async () => {
    const { clients, registry } = await open();
    const client = createLocalClient(registry, localRoot);
    const object = {
      apiVersion: 'eliot.run/v1alpha1',
      kind: 'Client',
      metadata: { name: 'eve' },
      spec: { user: 'eve', fingerprint: '0'.repeat(64) },
    };
    await assert.rejects(client.create(clientResource, object), { reason: 'MethodNotAllowed' });
    const apply = client.patch(clientResource, { name: 'eve' }, 'apply', object, { fieldManager: 'eve' });
    await assert.rejects(apply, { reason: 'MethodNotAllowed' });
    assert.deepEqual(clients.list(), []);
  });

  it('does not let the certificate of a row be exchanged', async () => {
    const { clients, registry } = await open();
    await clients.add(certOf('bob'), 'bob', ['eliot:viewers']);
    const client = createLocalClient(registry, localRoot);
    const patch = (body: object) => client.patch(clientResource, { name: 'bob' }, 'merge', body);
    await assert.rejects(patch({ spec: { groups: [masters] } }), /spec: Invalid value: .*: field is immutable/);
    await assert.rejects(patch({ metadata: { finalizers: ['a.example/b'] } }), /metadata.finalizers: Forbidden/);
    await patch({ metadata: { labels: { team: 'red' } } });
  });

  it('takes over the rows of builds that kept them apart', async () => {
    const fingerprint = fingerprintOf(certOf('bob'));
    const row = { fingerprint, name: 'eliot-admin', groups: [masters], issued: '2026-01-01T00:00:00Z' };
    await store.put({ key: `/eliot/issued-clients/${fingerprint}`, intent: JSON.stringify(row), expected: 0 });
    const { clients } = await open();
    await adoptEarlierClients(store, clients);
    await adoptEarlierClients(store, clients);
    assert.equal(clients.has(fingerprint), true);
    assert.deepEqual((await store.list('/eliot/')).entries, []);
    assert.equal((await open()).clients.find(fingerprint)?.objectName, 'eliot-admin');
  });
});
