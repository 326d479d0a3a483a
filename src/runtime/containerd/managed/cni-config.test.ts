import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cniConfig, gatewayOf, isInCidr } from './cni-config.ts';

describe('the pod network', () => {
  it('is a bridge without a masquerade rule a pod, leases in the run directory, and port mapping', () => {
    const text = cniConfig({ network: 'eliot-1', bridge: 'eliot0', podCidr: '10.85.0.0/16', leaseDirectory: '/run/l' });
    const { name, plugins } = JSON.parse(text);
    assert.equal(name, 'eliot-1');
    const [bridge, portmap] = plugins;
    assert.equal(bridge.bridge, 'eliot0');
    assert.equal(bridge.ipMasq, false);
    assert.equal(bridge.isGateway, true);
    assert.deepEqual(bridge.ipam.ranges, [[{ subnet: '10.85.0.0/16' }]]);
    assert.equal(bridge.ipam.dataDir, '/run/l');
    assert.deepEqual(portmap.capabilities, { portMappings: true });
  });

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
