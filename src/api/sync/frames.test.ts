import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataFrame, FrameReader, jsonFrame, maxFrameBytes } from './frames.ts';

describe('frames', () => {
  it('come out as they went in, however the bytes were cut', () => {
    const bytes = Buffer.concat([jsonFrame({ a: 'ü' }), dataFrame(Buffer.from('xyz')), dataFrame(Buffer.alloc(0))]);
    for (const size of [1, 2, 7, bytes.length]) {
      const reader = new FrameReader();
      const frames = [];
      for (let at = 0; at < bytes.length; at += size) frames.push(...reader.read(bytes.subarray(at, at + size)));
      assert.deepEqual(frames, [
        { kind: 'json', text: '{"a":"ü"}' },
        { kind: 'data', bytes: Buffer.from('xyz') },
        { kind: 'data', bytes: Buffer.alloc(0) },
      ]);
    }
  });

  it('are refused when they are too long or of no kind', () => {
    const long = Buffer.alloc(5);
    long.writeUInt32BE(maxFrameBytes + 1);
    long[4] = 2;
    assert.throws(() => [...new FrameReader().read(long)], /longer than/);
    assert.throws(() => [...new FrameReader().read(Buffer.from([0, 0, 0, 0, 9]))], /of kind 9/);
  });
});
