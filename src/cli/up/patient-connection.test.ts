import assert from 'node:assert/strict';
import { type Duplex, PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { connectPatiently } from './patient-connection.ts';

/** A connection that fails as one that nobody takes. */
function refused(): Duplex {
  const stream = new PassThrough();
  stream.destroy(new StatusError('ServiceUnavailable', 'connection refused'));
  return stream;
}

/** One whose other side says something at once. */
function answering(text: string): Duplex {
  const stream = new PassThrough();
  stream.end(text);
  return stream;
}

describe('a connection to a program', () => {
  /** @param streams what each try gives; the last again and again */
  const start = (streams: readonly (() => Duplex)[], young: () => boolean, begun = Promise.resolve()) => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let tries = 0;
    const connect = (): Duplex => (streams[tries++] ?? streams.at(-1) ?? refused)();
    const connected = connectPatiently(connect, { clock, program: () => ({ isYoung: young(), begun }) }, stop.signal);
    connected.catch(() => {});
    const advance = async (ms: number): Promise<void> => {
      await settle();
      clock.advance(ms);
      await settle();
    };
    return { connected, advance, stop, tries: () => tries };
  };

  it('is made once when it has been running for a while', async () => {
    const { connected, tries } = start([refused], () => false);
    assert.equal((await connected).destroyed, true);
    assert.equal(tries(), 1);
  });

  it('is made again while the program starts, and loses nothing of the first answer', async () => {
    const { connected, advance, tries } = start([refused, refused, () => answering('hello')], () => true);
    await advance(50);
    assert.equal(tries(), 2);
    await advance(50);
    assert.equal(String(await buffer(await connected)), 'hello');
    assert.equal(tries(), 3);
  });

  it('waits until the program has begun', async () => {
    const begun = Promise.withResolvers<void>();
    const { connected, tries } = start([() => answering('new')], () => true, begun.promise);
    await settle();
    assert.equal(tries(), 0);
    begun.resolve();
    assert.equal(String(await buffer(await connected)), 'new');
  });

  it('is one when it was not refused for a while, whoever speaks first', async () => {
    const quiet = new PassThrough();
    const { connected, advance } = start([() => quiet], () => true);
    await advance(1_000);
    quiet.emit('ready');
    await advance(250);
    assert.equal(await connected, quiet);
    quiet.end('question');
    assert.equal(String(await buffer(quiet)), 'question');
  });

  it('is given up with a program that does not start', async () => {
    let young = true;
    const { connected, advance } = start([refused], () => young);
    await advance(50);
    young = false;
    await advance(50);
    assert.equal((await connected).destroyed, true);
  });

  it('is given up when nobody waits any longer', async () => {
    const { connected, stop } = start([refused], () => true);
    await settle();
    stop.abort(new Error('enough'));
    await assert.rejects(connected, /enough/);
  });
});
