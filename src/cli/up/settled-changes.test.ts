import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { settledChanges } from './settled-changes.ts';

/** Changes that a test makes, in the order in which it makes them. */
class Feed implements AsyncIterable<{ readonly paths: readonly string[] }> {
  readonly #made: { readonly paths: readonly string[] }[] = [];
  #wake: () => void = () => {};
  #end: { readonly error: Error | undefined } | undefined;

  push(...paths: readonly string[]): void {
    this.#made.push({ paths });
    this.#wake();
  }

  end(error?: Error): void {
    this.#end = { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ readonly paths: readonly string[] }> {
    for (;;) {
      const next = this.#made.shift();
      if (next !== undefined) yield next;
      else if (this.#end?.error !== undefined) throw this.#end.error;
      else if (this.#end !== undefined) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

describe('changes', () => {
  const start = () => {
    const clock = new FakeClock();
    const feed = new Feed();
    const stop = new AbortController();
    const told: string[] = [];
    const done = (async () => {
      const limits = { clock, quietMs: 100, longestMs: 1_000 };
      for await (const paths of settledChanges(feed, limits, stop.signal)) told.push(paths.join(' '));
      told.push('end');
    })();
    done.catch(() => {});
    const advance = async (ms: number): Promise<void> => {
      await settle();
      clock.advance(ms);
      await settle();
    };
    return { feed, stop, told, done, advance };
  };

  it('are told when they have come to rest, each path once', async () => {
    const { feed, told, advance } = start();
    feed.push('a');
    await advance(60);
    feed.push('b', 'a');
    await advance(60);
    assert.deepEqual(told, []);
    await advance(60);
    assert.deepEqual(told, ['a b']);
    feed.push('c');
    await advance(100);
    assert.deepEqual(told, ['a b', 'c']);
  });

  it('are told after a while also when they never come to rest', async () => {
    const { feed, told, advance } = start();
    for (let index = 0; index < 20; index += 1) {
      feed.push(`${index}`);
      await advance(90);
    }
    assert.equal(told[0]?.split(' ').length, 12);
  });

  it('that came before the end are told, and then it ends', async () => {
    const { feed, told, done } = start();
    feed.push('a');
    feed.end();
    await done;
    assert.deepEqual(told, ['a', 'end']);
  });

  it('fail as what is followed fails', async () => {
    const { feed, done } = start();
    feed.end(new Error('the pod is gone'));
    await assert.rejects(done, /the pod is gone/);
  });

  it('are waited for no longer than the signal says', async () => {
    const { feed, stop, done, told } = start();
    feed.push('a');
    await settle();
    stop.abort(new Error('enough'));
    await assert.rejects(done, /enough/);
    assert.deepEqual(told, []);
  });
});
