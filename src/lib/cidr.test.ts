import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gatewayOf, isInCidr } from './cidr.ts';

describe('an IPv4 network', () => {
  for (const [address, cidr, isIn] of [
    ['10.85.3.4', '10.85.0.0/16', true],
    ['10.86.0.1', '10.85.0.0/16', false],
    ['192.168.255.255', '192.168.128.0/17', true],
    ['192.168.127.255', '192.168.128.0/17', false],
    ['255.255.255.255', '0.0.0.0/0', true],
    ['10.0.0.1', '10.0.0.1/32', true],
  ] as const) {
    it(`${isIn ? 'holds' : 'does not hold'} ${address} when it is ${cidr}`, () => {
      assert.equal(isInCidr(address, cidr), isIn);
    });
  }

  it('gives the bridge its first address', () => {
    assert.equal(gatewayOf('10.85.0.0/16'), '10.85.0.1');
    assert.equal(gatewayOf('192.168.7.77/25'), '192.168.7.1');
  });
});
