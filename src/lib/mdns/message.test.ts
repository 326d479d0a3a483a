import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { dataBytes, decodeMessage, emptyMessage, encodeMessage, isSameRecord, type MdnsRecord } from './message.ts';

const own = { ttl: 120, flush: true };
const records: readonly MdnsRecord[] = [
  { type: 'PTR', name: '_eliot._tcp.local', data: 'kitchen (2)._eliot._tcp.local', ttl: 4_500, flush: false },
  { type: 'SRV', name: 'kitchen (2)._eliot._tcp.local', data: { target: 'eliot-1.local', port: 6443 }, ...own },
  { type: 'TXT', name: 'kitchen (2)._eliot._tcp.local', data: ['v=1', 'node=kitchen'], ...own },
  { type: 'A', name: 'eliot-1.local', data: '192.168.1.7', ...own },
  { type: 'AAAA', name: 'eliot-1.local', data: 'fd00::7', ...own },
  { type: 'NSEC', name: 'eliot-1.local', data: { nextDomain: 'eliot-1.local', rrtypes: ['A', 'AAAA'] }, ...own },
];

describe('a message of Multicast DNS', () => {
  it('is the same after the way over the wire', () => {
    const message = { ...emptyMessage, isResponse: true, answers: records, additionals: records.slice(1) };
    assert.deepEqual(decodeMessage(encodeMessage(message)), message);
  });

  it('keeps its questions, and whether known answers go on', () => {
    const message = {
      ...emptyMessage,
      id: 7,
      isTruncated: true,
      questions: [{ name: '_eliot._tcp.local', type: 'PTR', wantsUnicast: false }],
      authorities: records.slice(1, 3),
    };
    assert.deepEqual(decodeMessage(encodeMessage(message)), message);
  });

  it('shows that an answer may come to the asker alone', () => {
    const bytes = encodeMessage({
      ...emptyMessage,
      questions: [{ name: 'a.local', type: 'ANY', wantsUnicast: false }],
    });
    // The first bit of the class, the last but one byte.
    bytes.writeUInt8(0x80, bytes.length - 2);
    assert.equal(decodeMessage(bytes)?.questions[0]?.wantsUnicast, true);
  });

  it('leaves out questions of other classes and records of other types', () => {
    const bytes = dnsPacket.encode({
      type: 'query',
      questions: [{ name: 'a.local', type: 'A', class: 'CH' }],
      answers: [{ name: 'a.local', type: 'HINFO', ttl: 1, data: { cpu: 'x', os: 'y' } }],
    });
    assert.deepEqual(decodeMessage(bytes), emptyMessage);
  });

  it('is refused as a whole when it is cut off, too large, or not DNS', () => {
    const bytes = encodeMessage({ ...emptyMessage, isResponse: true, answers: records });
    assert.equal(decodeMessage(bytes.subarray(0, bytes.length - 1)), undefined);
    assert.equal(decodeMessage(Buffer.alloc(9_001)), undefined);
    assert.equal(decodeMessage(Buffer.from('GET / HTTP/1.1\r\n')), undefined);
  });

  it('never fails, whatever bytes come', () => {
    const valid = encodeMessage({ ...emptyMessage, isResponse: true, answers: records });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(valid.length), (noise, at) => {
        decodeMessage(Buffer.from(noise));
        const damaged = Buffer.from(valid);
        damaged.set(noise.subarray(0, Math.max(0, damaged.length - at)), at);
        decodeMessage(damaged);
      }),
    );
  });
});

describe('two records', () => {
  it('say the same whatever their case of the name and time to live', () => {
    const [, , , address] = records;
    assert.ok(address?.type === 'A');
    assert.ok(isSameRecord(address, { ...address, name: 'ELIOT-1.local', ttl: 1, flush: false }));
    assert.ok(!isSameRecord(address, { ...address, data: '192.168.1.8' }));
    assert.ok(!isSameRecord(address, { ...address, name: 'eliot-2.local' }));
  });

  it('are compared by what is on the wire', () => {
    assert.deepEqual(dataBytes({ type: 'A', name: 'x.local', data: '1.2.3.4', ...own }), Buffer.from([1, 2, 3, 4]));
    assert.deepEqual(
      dataBytes({ type: 'SRV', name: 'x.local', data: { target: 'a.local', port: 258 }, ...own }),
      Buffer.from('\0\0\0\0\x01\x02\x01a\x05local\0', 'latin1'),
    );
  });
});
