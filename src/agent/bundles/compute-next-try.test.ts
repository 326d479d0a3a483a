import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeNextTry } from './compute-next-try.ts';
import type { Obstacle } from './refusal.ts';

const day = 24 * 60 * 60_000;

/** How often it is offered in the first day, and how long the longest pause is, in seconds. */
function dayOf(obstacle: Obstacle, hasWritten: boolean): { readonly tries: number; readonly longest: number } {
  let [atMs, tries, longest] = [0, 1, 0];
  for (;;) {
    const next = computeNextTry(obstacle, hasWritten, tries - 1);
    if (next.when !== 'Later') break;
    atMs += next.pauseMs;
    if (atMs >= day) break;
    longest = Math.max(longest, next.pauseMs / 1_000);
    tries += 1;
  }
  return { tries, longest };
}

describe('a file that was refused is offered again', () => {
  it('never as it is, when it is wrong itself', () => {
    assert.deepEqual(computeNextTry('File', false, 0), { when: 'FileChanges' });
  });

  it('when other keys are trusted, when it was the key', () => {
    assert.deepEqual(computeNextTry('Keys', false, 3), { when: 'KeysChange' });
  });

  it('soon, and then ever more seldom up to five minutes, when the device was in the way', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 6, 2_000].map((before) => computeNextTry('Device', false, before));
    assert.deepEqual(
      pauses.map((next) => (next.when === 'Later' ? next.pauseMs / 1_000 : next.when)),
      [10, 20, 40, 80, 160, 300, 300, 300],
    );
  });

  it('up to every hour, when it was incomplete', () => {
    assert.deepEqual(dayOf('Copy', false), { tries: 30, longest: 3_600 });
  });

  it('fifteen times within the first day, when each try writes to the flash', () => {
    assert.deepEqual(dayOf('Device', true), { tries: 15, longest: 21_600 });
  });
});
