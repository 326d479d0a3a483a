import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Collector } from '../../../testing/runtime-fixtures.ts';
import { copyOutput } from './copy.ts';

describe('copyOutput', () => {
  it('passes everything on and leaves the reader open', async () => {
    const to = new Collector();
    await copyOutput(Readable.from(['one', 'two']), to);
    assert.equal(to.text, 'onetwo');
    assert.equal(to.writableEnded, false);
  });

  it('drops everything without a reader', async () => {
    const from = Readable.from(['one', 'two']);
    await copyOutput(from, undefined);
    assert.equal(from.readableEnded, true);
  });

  it('waits for a slow reader', async () => {
    const taken: (() => void)[] = [];
    const to = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, callback) => taken.push(callback) });
    const from = new PassThrough({ objectMode: true });
    const copied = copyOutput(from, to);
    from.write('one');
    from.write('two');
    from.end('three');
    for (let chunk = 1; chunk <= 3; chunk += 1) {
      while (taken.length === 0) await nextTurn();
      assert.equal(taken.length, 1);
      taken.shift()?.();
    }
    await copied;
  });

  it('fails when the reader has gone, also while waiting for it', async () => {
    const to = new Writable({ highWaterMark: 1, write: () => {} });
    const from = new PassThrough();
    const copied = copyOutput(from, to);
    from.write('one');
    while (!to.writableNeedDrain) await nextTurn();
    from.write('two');
    to.destroy();
    await assert.rejects(copied, { reason: 'ServiceUnavailable' });
    assert.equal(from.destroyed, true);
  });
});
