import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import type { OutputStream } from './io.ts';
import { showTransfer } from './transfer-progress.ts';

function terminal(isTTY: boolean): { readonly stderr: OutputStream; text(): string } {
  let text = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stderr: Object.assign(stream, { isTTY }), text: () => text };
}

describe('a transfer', () => {
  it('tells how much was sent, and what is waited for then', async () => {
    const clock = new FakeClock();
    const { stderr, text } = terminal(true);
    const source = Readable.from([Buffer.alloc(1_000_000), Buffer.alloc(500_000)]);
    const { stream, end } = showTransfer({ stderr, clock }, 'radio.tar', source, 1_500_000);
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.length;
    end();
    assert.equal(bytes, 1_500_000);
    assert.equal(
      text(),
      '\r\u001b[Kradio.tar  1.0 MB of 1.5 MB\r\u001b[Kradio.tar  1.5 MB sent, waiting for the device\r\u001b[K',
    );
  });

  it('is silent where nobody looks', () => {
    const { stderr, text } = terminal(false);
    const source = Readable.from([]);
    const { stream, end } = showTransfer({ stderr, clock: new FakeClock() }, 'x', source, undefined);
    end();
    assert.equal(stream, source);
    assert.equal(text(), '');
  });

  it('fails as its source does', async () => {
    const { stderr } = terminal(true);
    const error = new Error('broken');
    const source = new Readable({ read: () => {} });
    const { stream } = showTransfer({ stderr, clock: new FakeClock() }, 'x', source, undefined);
    source.destroy(error);
    await assert.rejects(stream.toArray(), error);
    assert.equal(stream.errored, error);
  });
});
