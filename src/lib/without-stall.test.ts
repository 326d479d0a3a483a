import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { settle } from '../testing/settle.ts';
import { withoutStall } from './without-stall.ts';

describe('a body that stops coming', () => {
  it('ends with a Timeout after the limit, with what had come before', async () => {
    const clock = new FakeClock();
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      await new Promise(() => {});
    };
    const came: string[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of withoutStall(body(), clock, 1_000)) came.push(Buffer.from(piece).toString());
    };
    const ended = read();
    const refused = assert.rejects(ended, { reason: 'Timeout', message: 'nothing of the body came for 1 s' });
    await settle();
    clock.advance(999);
    await settle();
    assert.deepEqual(came, ['a']);
    clock.advance(1);
    await refused;
  });

  it('is not one whose reader takes his time', async () => {
    const clock = new FakeClock();
    const pieces = withoutStall(bodyOf('a', 'b'), clock, 1_000);
    assert.equal((await pieces.next()).value?.toString(), 'a');
    clock.advance(10_000);
    assert.equal((await pieces.next()).value?.toString(), 'b');
    assert.equal((await pieces.next()).done, true);
  });

  it('fails as the body does', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* bodyOf('a');
      throw new Error('reset');
    };
    await assert.rejects(Array.fromAsync(withoutStall(broken(), new FakeClock(), 1_000)), /reset/);
  });
});

async function* bodyOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
