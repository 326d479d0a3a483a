import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDeviceAddress } from './device-address.ts';

describe('what a person types for a device', () => {
  const addresses: readonly (readonly [typed: string, server: string])[] = [
    ['192.168.1.7', 'https://192.168.1.7:6443'],
    ['192.168.1.7:7443', 'https://192.168.1.7:7443'],
    ['https://192.168.1.7:443', 'https://192.168.1.7:443'],
    ['https://kitchen:6443/', 'https://kitchen:6443'],
    ['kitchen.lan', 'https://kitchen.lan:6443'],
    ['kitchen:6443', 'https://kitchen:6443'],
    ['localhost', 'https://localhost:6443'],
    ['fe80::1', 'https://[fe80::1]:6443'],
    ['[fe80::1]', 'https://[fe80::1]:6443'],
    ['[fe80::1]:7443', 'https://[fe80::1]:7443'],
  ];
  for (const [typed, server] of addresses) {
    it(`${typed} is ${server}`, () => assert.deepEqual(readDeviceAddress(typed), { kind: 'address', server }));
  }

  it('a word alone is a name', () => {
    for (const name of ['kitchen', 'Kitchen', 'pi-2', '7']) {
      assert.deepEqual(readDeviceAddress(name), { kind: 'name', name });
    }
  });

  it('anything else is nonsense', () => {
    for (const typed of [
      '',
      'a b',
      'http://kitchen',
      'https://',
      'user@kitchen.lan',
      'kitchen.lan/x',
      'kitchen:999999',
    ]) {
      assert.deepEqual(readDeviceAddress(typed), { kind: 'nonsense' }, typed);
    }
  });
});
