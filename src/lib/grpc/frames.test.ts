import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../status-error.ts';
import { encodeFrame, FrameReader } from './frames.ts';

const inOneCall = (reader: FrameReader, chunk: Buffer): Buffer[] => [...reader.push(chunk)];

describe('gRPC frames', () => {
  it('come out as they went in, however the bytes were cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(encodeFrame));
        const reader = new FrameReader(1_000);
        const received: Buffer[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          received.push(...reader.push(bytes.subarray(start, start + length)));
          start += length;
        }
        assert.deepEqual(
          received.map((message) => [...message]),
          sent.map((message) => [...message]),
        );
        assert.equal(reader.isInsideMessage, false);
      }),
    );
  });

  it('say when they end inside a message', () => {
    const reader = new FrameReader(1_000);
    inOneCall(reader, encodeFrame(Buffer.from('hello')).subarray(0, 7));
    assert.equal(reader.isInsideMessage, true);
  });

  it('above the limit are refused by their length, before their bytes arrive', () => {
    const reader = new FrameReader(10);
    const prefix = encodeFrame(Buffer.alloc(11)).subarray(0, 5);
    assert.throws(
      () => inOneCall(reader, prefix),
      (error) => isStatusError(error, 'InternalError') && /11 bytes; at most 10/.test(error.message),
    );
    assert.equal(inOneCall(new FrameReader(10), encodeFrame(Buffer.alloc(10))).length, 1);
  });

  it('that are compressed are refused', () => {
    const frame = encodeFrame(Buffer.from('x'));
    frame[0] = 1;
    assert.throws(
      () => inOneCall(new FrameReader(10), frame),
      (error) => isStatusError(error, 'InternalError') && /compressed/.test(error.message),
    );
  });
});
