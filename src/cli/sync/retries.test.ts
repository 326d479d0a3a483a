import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TreeError } from '../../lib/tree/tree-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Retries } from './retries.ts';
import { RemoteFailure } from './sync-failures.ts';

const unreadable = new TreeError('Failed', 'a: EACCES');
const full = new TreeError('NoSpace', 'a: no space left');
const blocked = new RemoteFailure({
  is: 'failed',
  n: 1,
  code: 'Blocked',
  message: 'a: a part of the path is no directory',
});

describe('what is tried again', () => {
  /** Lets `a` fail until it was tried so often. @returns the pauses between */
  async function fail(retries: Retries, clock: FakeClock, error: TreeError, tries: number): Promise<number[]> {
    const pauses: number[] = [];
    for (let each = 0; each < tries; each += 1) {
      retries.settle(['a'], new Map([['a', error]]));
      assert.deepEqual(retries.due(), []);
      pauses.push(retries.nextInMs() ?? Number.NaN);
      await clock.advance(pauses.at(-1) ?? 0);
      assert.deepEqual(retries.due(), ['a']);
    }
    return pauses;
  }

  it('waits longer each time, at most five seconds, and begins anew when it had gone well', async () => {
    const clock = new FakeClock();
    const retries = new Retries(clock);
    assert.deepEqual(await fail(retries, clock, unreadable, 7), [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    retries.settle(['a'], new Map());
    assert.deepEqual([retries.isEmpty, retries.holds('a'), retries.nextInMs()], [true, false, undefined]);
    assert.deepEqual(await fail(retries, clock, unreadable, 1), [200]);
  });

  it('waits each for itself, until there is a new connection', async () => {
    const clock = new FakeClock();
    const retries = new Retries(clock);
    await fail(retries, clock, unreadable, 6);
    retries.settle(
      ['a', 'b'],
      new Map([
        ['a', unreadable],
        ['b', unreadable],
      ]),
    );
    assert.equal(retries.nextInMs(), 200);
    await clock.advance(200);
    assert.deepEqual(retries.due(), ['b']);
    retries.hurry();
    assert.deepEqual(retries.due(), ['a', 'b']);
  });

  it('is told when it fails again and again, and ends the wait for all others unless the disk is full', async () => {
    for (const [error, isLasting] of [
      [unreadable, true],
      [full, false],
    ] as const) {
      const clock = new FakeClock();
      const retries = new Retries(clock);
      assert.equal(retries.areLasting(), true);
      await fail(retries, clock, error, 2);
      assert.deepEqual([retries.troubles().size, retries.areLasting()], [0, false]);
      await fail(retries, clock, error, 1);
      assert.deepEqual([[...retries.troubles()], retries.areLasting()], [[['a', error]], isLasting]);
    }
  });

  it('asks for a comparison only where the device is not as it was believed, and seldom', async () => {
    for (const [error, asked] of [
      [unreadable, []],
      [full, []],
      [blocked, [2, 10]],
    ] as const) {
      const clock = new FakeClock();
      const retries = new Retries(clock);
      const comparisons: number[] = [];
      for (let tries = 1; tries <= 12; tries += 1) {
        await fail(retries, clock, error, 1);
        if (retries.asksForComparison(new Map([['a', error]]))) comparisons.push(tries);
      }
      assert.deepEqual(comparisons, [...asked]);
    }
  });
});
