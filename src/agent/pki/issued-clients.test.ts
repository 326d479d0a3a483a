import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { MemoryStore } from '../../store/memory-store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { issueCertificates } from './issue-certificates.ts';
import { fingerprintOf, IssuedClients } from './issued-clients.ts';
import { clientRequest } from './pki.ts';

describe('the table of issued clients', () => {
  let cert: string;
  before(async () => {
    const requests = { bob: clientRequest('bob', ['eliot:viewers']) };
    const { issued } = await issueCertificates({ ca: undefined, authorityName: 'test', requests });
    cert = issued['bob']?.cert ?? '';
  });

  it('knows only certificates that have a row', async () => {
    const clients = new IssuedClients({ store: new MemoryStore(), clock: new FakeClock() });
    assert.equal(clients.has(fingerprintOf(cert)), false);
    await clients.add(cert, 'bob', ['eliot:viewers']);
    assert.equal(clients.has(fingerprintOf(cert)), true);
  });

  it('keeps its rows over a restart, and says who and when', async () => {
    const store = new MemoryStore();
    await new IssuedClients({ store, clock: new FakeClock(0) }).add(cert, 'bob', ['eliot:viewers']);
    const again = new IssuedClients({ store, clock: new FakeClock() });
    await again.load();
    assert.deepEqual(again.list(), [
      { fingerprint: fingerprintOf(cert), name: 'bob', groups: ['eliot:viewers'], issued: '1970-01-01T00:00:00Z' },
    ]);
  });

  it('adds a certificate once', async () => {
    const clients = new IssuedClients({ store: new MemoryStore(), clock: new FakeClock() });
    await clients.add(cert, 'bob', []);
    await clients.add(cert, 'bob', []);
    assert.equal(clients.list().length, 1);
  });

  it('revokes at once, for good, and tells who listens', async () => {
    const store = new MemoryStore();
    const clients = new IssuedClients({ store, clock: new FakeClock() });
    await clients.add(cert, 'bob', []);
    const revoked: string[] = [];
    clients.onRevoked(({ name }) => revoked.push(name));
    await clients.revoke(fingerprintOf(cert));
    assert.equal(clients.has(fingerprintOf(cert)), false);
    assert.deepEqual(revoked, ['bob']);
    const again = new IssuedClients({ store, clock: new FakeClock() });
    await again.load();
    assert.deepEqual(again.list(), []);
    await assert.rejects(clients.revoke(fingerprintOf(cert)), /no client certificate/);
  });
});
