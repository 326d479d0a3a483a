import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { remembered } from './remembered.ts';

it('asks again only when the answer is old', () => {
  const clock = new FakeClock();
  let asked = 0;
  const read = remembered(1_000, clock, () => {
    asked += 1;
    return asked;
  });
  assert.deepEqual([read(), read()], [1, 1]);
  clock.advance(999);
  assert.equal(read(), 1);
  clock.advance(1);
  assert.equal(read(), 2);
});
