import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FrameWriter } from './frame-writer.ts';

describe('a writer of frames', () => {
  it('writes small ones together, and soon', async () => {
    const written: number[] = [];
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => done(void written.push(chunk.length) as never),
    });
    const writer = new FrameWriter(output);
    for (let index = 0; index < 10; index += 1) await writer.write(Buffer.alloc(10));
    assert.deepEqual(written, []);
    await setImmediate();
    assert.deepEqual(written, [100]);
    await writer.write(Buffer.alloc(70_000));
    assert.deepEqual(written, [100, 70_000]);
  });

  it('waits while the other side is behind, and not for one that has gone', async () => {
    let take: (() => void) | undefined;
    const output = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        take = () => done();
      },
    });
    const writer = new FrameWriter(output);
    let isRoom = false;
    const room = writer.write(Buffer.alloc(70_000)).then(() => {
      isRoom = true;
    });
    await setImmediate();
    assert.equal(isRoom, false);
    take?.();
    await room;
    const never = writer.write(Buffer.alloc(70_000));
    output.destroy();
    await never;
    assert.equal(writer.isClosed, true);
  });
});
