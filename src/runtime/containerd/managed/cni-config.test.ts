import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cniConfig } from './cni-config.ts';

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
});
