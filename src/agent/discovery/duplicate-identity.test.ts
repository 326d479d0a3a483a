import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { encodeDeviceText, serviceType } from '../../lib/mdns/eliot-service.ts';
import { emptyMessage, type MdnsMessage } from '../../lib/mdns/message.ts';
import { type Duplicate, DuplicateIdentity } from './duplicate-identity.ts';

const fingerprint = 'ab'.repeat(32);

/** What a device announces. */
function announcement(
  addresses: readonly string[],
  change: { host?: string; ttl?: number; name?: string } = {},
): MdnsMessage {
  const { ttl = 4_500, name = 'kitchen' } = change;
  const instance = `${name}.${serviceType}`;
  const host = `${change.host ?? 'eliot-abababababab-2'}.local`;
  const text = encodeDeviceText({ version: '1', node: 'kitchen', isPaired: false, fingerprint });
  return {
    ...emptyMessage,
    isResponse: true,
    answers: [
      { type: 'PTR', name: serviceType, data: instance, ttl, flush: false },
      { type: 'SRV', name: instance, data: { target: host, port: 6443 }, ttl, flush: true },
      { type: 'TXT', name: instance, data: text, ttl, flush: true },
    ],
    additionals: addresses.map((data) => ({
      type: data.includes(':') ? ('AAAA' as const) : ('A' as const),
      name: host,
      data,
      ttl: Math.min(ttl, 120),
      flush: true,
    })),
  };
}

describe('another device with the same identity', () => {
  let watch: DuplicateIdentity;
  let told: readonly Duplicate[];
  let changes: number;
  beforeEach(() => {
    told = [];
    changes = 0;
    watch = new DuplicateIdentity('eliot-abababababab', (duplicates) => {
      told = duplicates;
      changes += 1;
    });
    watch.setOwnAddresses(['10.0.0.7', 'fd00::7'], 0);
  });

  it('is known by our fingerprint at an address that is not ours', () => {
    watch.hear(announcement(['10.0.0.9', 'fd00::9'], { name: 'Kitchen (2)' }), 1_000);
    assert.deepEqual(told, [{ node: 'kitchen', addresses: ['10.0.0.9', 'fd00::9'] }]);
  });

  it('is known by its addresses alone, as it says them to defend its name', () => {
    const { additionals } = announcement(['10.0.0.9'], { host: 'Eliot-ABABABABABAB' });
    watch.hear({ ...emptyMessage, isResponse: true, answers: additionals }, 1_000);
    assert.deepEqual(told, [{ node: '', addresses: ['10.0.0.9'] }]);
    watch.hear(announcement(['10.0.0.9'], { host: 'eliot-abababababab' }), 2_000);
    assert.deepEqual(told, [{ node: 'kitchen', addresses: ['10.0.0.9'] }]);
    watch.hear({ ...emptyMessage, isResponse: true, answers: additionals }, 3_000);
    assert.deepEqual(told, [{ node: 'kitchen', addresses: ['10.0.0.9'] }]);
  });

  it('is not ourselves, nor another device', () => {
    watch.hear(announcement(['10.0.0.7', 'fd00::7']), 1_000);
    watch.hear(announcement(['10.0.0.7', '192.168.1.7']), 1_000);
    watch.hear(announcement(['10.0.0.9'], { host: 'eliot-cdcdcdcdcdcd' }), 1_000);
    watch.hear(announcement(['10.0.0.9'], { host: 'eliot-abababababab-x' }), 1_000);
    watch.hear({ ...announcement(['10.0.0.9']), isResponse: false }, 1_000);
    watch.hear(announcement([]), 1_000);
    assert.deepEqual(told, []);
  });

  it('is not ourselves at an address that we had a moment ago', () => {
    watch.setOwnAddresses(['10.0.0.8'], 60_000);
    watch.hear(announcement(['10.0.0.7']), 100_000);
    assert.deepEqual(told, []);
    watch.setOwnAddresses(['10.0.0.8'], 130_000);
    watch.hear(announcement(['10.0.0.7']), 130_000);
    assert.equal(told.length, 1);
  });

  it('is forgotten when it says goodbye, or its records end', () => {
    watch.hear(announcement(['10.0.0.9']), 0);
    watch.hear(announcement(['10.0.0.9'], { ttl: 0 }), 1_000);
    assert.deepEqual(told, []);
    watch.hear(announcement(['10.0.0.9']), 1_000);
    watch.setOwnAddresses(['10.0.0.7'], 4_500_000);
    assert.equal(told.length, 1);
    watch.setOwnAddresses(['10.0.0.7'], 4_502_000);
    assert.deepEqual(told, []);
  });

  it('is told once, and again when it has another address', () => {
    for (let count = 0; count < 10; count += 1) watch.hear(announcement(['10.0.0.9']), count * 1_000);
    assert.equal(changes, 1);
    watch.hear(announcement(['10.0.0.10']), 11_000);
    assert.deepEqual([changes, told[0]?.addresses], [2, ['10.0.0.10']]);
  });

  it('fills no memory, however many there seem to be', () => {
    for (let count = 0; count < 100; count += 1)
      watch.hear(announcement(['10.0.0.9'], { host: `eliot-abababababab-${count}` }), 0);
    watch.setOwnAddresses(['10.0.0.7'], 60_000);
    assert.equal(told.length, 16);
  });

  it('is told of seldom when somebody announces a new address again and again', () => {
    for (let number = 0; number < 200; number += 1) {
      const addresses = Array.from({ length: 50 }, (_, index) => `10.1.${number}.${index}`);
      watch.hear(announcement(addresses), 1_000 + number * 20);
    }
    assert.ok(changes <= 5, `told ${changes} times`);
    assert.equal(told[0]?.addresses.length, 4);
    watch.setOwnAddresses(['10.0.0.7'], 65_000);
    assert.deepEqual(told[0]?.addresses[0], '10.1.199.0');
  });
});
