import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceType } from '../../lib/mdns/eliot-service.ts';
import { emptyMessage, type MdnsRecord } from '../../lib/mdns/message.ts';
import { answerOf } from '../../testing/fake-lan.ts';
import { FoundDevices } from './found-devices.ts';

const kitchen = answerOf({ node: 'kitchen', address: '192.168.1.1', fingerprint: 'a' });
const goodbye = { ...kitchen, answers: kitchen.answers.map((record) => ({ ...record, ttl: 0 })), additionals: [] };
const response = (...answers: readonly MdnsRecord[]): typeof emptyMessage => ({
  ...emptyMessage,
  isResponse: true,
  answers,
});

describe('what is said on the network', () => {
  it('makes a device when all of it was said, in one message or in several and in any order', () => {
    const expected = [
      {
        instance: 'kitchen',
        node: 'kitchen',
        version: '0.1.0',
        fingerprint: 'a'.repeat(64),
        isPaired: false,
        addresses: ['192.168.1.1'],
        port: 6443,
      },
    ];
    const whole = new FoundDevices();
    assert.equal(whole.hear(kitchen), true);
    assert.deepEqual(whole.devices, expected);
    const parts = new FoundDevices();
    parts.hear({ ...kitchen, answers: kitchen.additionals.toReversed(), additionals: kitchen.answers });
    assert.deepEqual(parts.devices, expected);
  });

  it('is asked for when it is missing', () => {
    const found = new FoundDevices();
    const [service, text, address] = kitchen.additionals;
    assert.ok(service && text && address);
    found.hear({ ...kitchen, additionals: [] });
    assert.deepEqual(
      found.missing.map(({ name }) => name),
      [`kitchen.${serviceType}`],
    );
    found.hear(response(service, text));
    assert.deepEqual(
      found.missing.map(({ name }) => name),
      ['host-192-168-1-1.local'],
    );
    found.hear(response(address));
    assert.deepEqual(found.missing, []);
    assert.equal(found.devices.length, 1);
  });

  it('is no news the second time', () => {
    const found = new FoundDevices();
    found.hear(kitchen);
    assert.equal(found.hear(kitchen), false);
    assert.equal(found.hear({ ...emptyMessage, questions: [] }), false);
  });

  it('ends with a goodbye', () => {
    const found = new FoundDevices();
    found.hear(kitchen);
    assert.equal(found.hear(goodbye), true);
    assert.deepEqual(found.devices, []);
  });

  it('replaces addresses that are said anew, and keeps those of the other family', () => {
    const found = new FoundDevices();
    found.hear(kitchen);
    const host = { name: 'host-192-168-1-1.local', ttl: 120, flush: true };
    found.hear(response({ type: 'AAAA', data: 'fd00::1', ...host }));
    found.hear(response({ type: 'A', data: '192.168.1.5', ...host }, { type: 'A', data: '10.0.0.5', ...host }));
    assert.deepEqual(found.devices[0]?.addresses, ['fd00::1', '192.168.1.5', '10.0.0.5']);
  });

  it('gives a name that may reach a terminal: that of the node, and the number', () => {
    const found = new FoundDevices();
    const names = ['kitchen (2)', '\u001b[31mkitchen (3)', 'something else', `${'x'.repeat(60)}`];
    for (const [index, instance] of names.entries()) {
      found.hear(
        answerOf({ node: 'kitchen', address: `192.168.1.${index + 1}`, fingerprint: String(index), instance }),
      );
    }
    assert.deepEqual(
      found.devices.map(({ instance }) => instance),
      ['kitchen', 'kitchen', 'kitchen (2)', 'kitchen (3)'],
    );
  });

  it('leaves out who says nothing that makes sense', () => {
    const found = new FoundDevices();
    found.hear(answerOf({ node: 'KITCHEN\u0007', address: '192.168.1.1', fingerprint: 'a' }));
    found.hear(answerOf({ node: 'garage', address: '192.168.1.2', fingerprint: 'z' }));
    found.hear(answerOf({ node: 'attic', address: '192.168.1.3', fingerprint: 'b', port: 0 }));
    assert.deepEqual(found.devices, []);
  });

  it('is bounded, whatever a joker says', () => {
    const found = new FoundDevices();
    for (let n = 0; n < 2_000; n += 1) {
      found.hear(answerOf({ node: `n${n}`, address: `10.1.${n >> 8}.${n & 255}`, fingerprint: 'a' }));
    }
    assert.equal(found.devices.length, 500);
    const host = { type: 'A' as const, name: 'host-10-1-0-0.local', ttl: 120, flush: false };
    found.hear(response(...Array.from({ length: 100 }, (_, n) => ({ ...host, data: `10.2.0.${n}` }))));
    assert.equal(found.devices[0]?.addresses.length, 8);
  });
});
