import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkDnsSubdomain } from '../names.ts';
import { type Client, clientKind, clientObjectNames } from './client.ts';

const fingerprint = '0123456789abcdef'.repeat(4);

describe('the name of a client object', () => {
  for (const [user, name] of [
    ['alice', 'alice'],
    ['Alice Ångström', 'alice-angstrom'],
    ['bob@laptop.local', 'bob-laptop.local'],
    ['..', 'client'],
    ['王小明', 'client'],
    ['a._.b', 'a.b'],
    ['x'.repeat(300), 'x'.repeat(200)],
  ] as const) {
    it(`is readable and fit for DNS: ${user.slice(0, 30)}`, () => {
      const names = clientObjectNames(user, fingerprint);
      assert.deepEqual(names, [name, `${name}-01234567`]);
      for (const each of names) assert.deepEqual(checkDnsSubdomain(each), []);
    });
  }
});

describe('the row of a client', () => {
  const client = (status: Client['status']): Client => ({
    apiVersion: 'eliot.run/v1alpha1',
    kind: 'Client',
    metadata: { name: 'bob', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { user: 'Bob', groups: ['eliot:developers', 'eliot:viewers'], fingerprint },
    status,
  });
  const nowMs = Date.UTC(2026, 0, 6);

  it('says what it may do, since when, and when and where it was last seen', () => {
    const row = clientKind.row(client({ lastSeen: '2026-01-05T23:57:00Z', address: '10.0.0.7' }), nowMs);
    assert.deepEqual(row, ['bob', 'eliot:developers,eliot:viewers', '5d', '3m', '10.0.0.7', 'Bob', fingerprint]);
  });

  it('has <none> for one that has not come since the device booted', () => {
    assert.deepEqual(clientKind.row(client({}), nowMs).slice(3, 5), ['<none>', '<none>']);
  });
});

it('a client must have the fingerprint of a certificate', () => {
  const object = { metadata: { name: 'a' }, spec: { user: 'a', fingerprint: 'AB' }, status: {} } as Client;
  assert.deepEqual(
    clientKind.validate(object).map(({ field }) => field),
    ['spec.fingerprint'],
  );
});
