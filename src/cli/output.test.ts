import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { flush } from './output.ts';

describe('flushing an output', () => {
  const never = new AbortController().signal;
  /** Takes a chunk only when `release` is called. */
  function slowReader(): { stream: Writable; taken: string[]; release: () => void } {
    const taken: string[] = [];
    let waiting: (() => void) | undefined;
    const stream = new Writable({
      write(chunk, _encoding, done) {
        waiting = () => {
          taken.push(String(chunk));
          done();
        };
      },
    });
    return { stream, taken, release: () => waiting?.() };
  }

  it('is done at once when nothing waits, or nobody reads', async () => {
    const { stream } = slowReader();
    await flush(stream, never);
    stream.write('lost');
    stream.destroy();
    await flush(stream, never);
  });

  it('waits until the reader has taken everything', async () => {
    const { stream, taken, release } = slowReader();
    stream.write('end');
    const flushed = flush(stream, never);
    release();
    await Promise.resolve();
    release();
    await flushed;
    assert.equal(taken[0], 'end');
  });

  it('gives up when the reader leaves', async () => {
    const { stream } = slowReader();
    stream.on('error', () => undefined);
    stream.write('end');
    const flushed = flush(stream, never);
    stream.destroy();
    await flushed;
  });

  it('stops waiting for a signal', async () => {
    const { stream } = slowReader();
    const stop = new AbortController();
    stream.write('end');
    const flushed = flush(stream, stop.signal);
    stop.abort(new Error('stopped'));
    await assert.rejects(flushed, /stopped/);
  });
});
