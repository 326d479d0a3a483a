import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpdyFrameParser, SpdyProtocolError } from './frame-parser.ts';
import { encodeControl, encodeDataHeader, encodePing, encodeRstStream, type SpdyFrame } from './frames.ts';

/** Parses the bytes in pieces of the given sizes (the last one takes the rest) and joins pieces of data. */
function parse(bytes: Buffer, sizes: readonly number[] = []): SpdyFrame[] {
  const parser = new SpdyFrameParser();
  const frames: SpdyFrame[] = [];
  let offset = 0;
  for (const size of [...sizes, bytes.length]) {
    for (const frame of parser.parse(bytes.subarray(offset, offset + size))) {
      const last = frames.at(-1);
      if (frame.type === 'data' && last?.type === 'data' && last.streamId === frame.streamId && !last.fin) {
        frames[frames.length - 1] = { ...frame, bytes: Buffer.concat([last.bytes, frame.bytes]) };
      } else frames.push(frame.type === 'data' ? { ...frame, bytes: Buffer.from(frame.bytes) } : frame);
    }
    offset += size;
  }
  return frames;
}

function dataFrame(streamId: number, bytes: Buffer, fin: boolean): Buffer {
  return Buffer.concat([encodeDataHeader(streamId, bytes.length, fin), bytes]);
}

function synStream(streamId: number, block: Buffer, flags = 0): Buffer {
  const payload = Buffer.concat([Buffer.alloc(10), block]);
  payload.writeUInt32BE(streamId, 0);
  return encodeControl(1, flags, payload);
}

describe('SpdyFrameParser', () => {
  it('reads each kind of frame', () => {
    const block = Buffer.from('block');
    const bytes = Buffer.concat([
      synStream(1, block, 1),
      dataFrame(1, Buffer.from('hello'), false),
      dataFrame(1, Buffer.alloc(0), true),
      encodeRstStream(3, 5),
      encodePing(7),
      encodeControl(4, 0, Buffer.alloc(4)),
    ]);
    assert.deepEqual(parse(bytes), [
      { type: 'syn-stream', streamId: 1, fin: true, headerBlock: block },
      { type: 'data', streamId: 1, fin: true, bytes: Buffer.from('hello') },
      { type: 'rst-stream', streamId: 3 },
      { type: 'ping', id: 7 },
      { type: 'ignored', control: 4 },
    ]);
  });

  it('passes data on as it comes, without waiting for the whole frame', () => {
    const parser = new SpdyFrameParser();
    const header = encodeDataHeader(1, 16_777_215, true);
    const [first] = [...parser.parse(Buffer.concat([header, Buffer.from('abc')]))];
    assert.deepEqual(first, { type: 'data', streamId: 1, fin: false, bytes: Buffer.from('abc') });
  });

  it('gives the same frames however the bytes are cut', () => {
    const frame = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 0x7fff_ffff }), fc.uint8Array({ maxLength: 300 }), fc.boolean())
        .map(([id, bytes, fin]) => dataFrame(id, Buffer.from(bytes), fin)),
      fc
        .tuple(fc.integer({ min: 1, max: 0x7fff_ffff }), fc.uint8Array({ maxLength: 300 }))
        .map(([id, block]) => synStream(id, Buffer.from(block))),
      fc.integer({ min: 1, max: 0xffff_ffff }).map((id) => encodePing(id)),
      fc.integer({ min: 1, max: 0x7fff_ffff }).map((id) => encodeRstStream(id, 5)),
    );
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), sizes, (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        assert.deepEqual(parse(bytes, cuts), parse(bytes));
      }),
    );
  });

  it('takes any bytes without any other failure than a protocol error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.array(fc.integer({ min: 0, max: 400 })), (bytes, cuts) => {
        try {
          parse(Buffer.from(bytes), cuts);
        } catch (error) {
          assert.ok(error instanceof SpdyProtocolError);
        }
      }),
      { numRuns: 500 },
    );
  });

  for (const [what, bytes] of [
    ['another version', Buffer.from([0x80, 0x02, 0, 1, 0, 0, 0, 0])],
    ['a control frame that is too large', Buffer.from([0x80, 0x03, 0, 1, 0, 1, 0, 1])],
    ['a SYN_STREAM that is too short', encodeControl(1, 0, Buffer.alloc(9))],
    ['a RST_STREAM that is too short', encodeControl(3, 0, Buffer.alloc(7))],
    ['a PING that is too short', encodeControl(6, 0, Buffer.alloc(3))],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parse(bytes), SpdyProtocolError));
  }
});
