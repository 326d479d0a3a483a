import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from './human-duration.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

const shown: readonly (readonly [number, string])[] = [
  [0, '0s'],
  [999, '0s'],
  [second, '1s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [2 * minute + second, '2m1s'],
  [10 * minute - second, '9m59s'],
  [10 * minute + 30 * second, '10m'],
  [3 * hour - minute, '179m'],
  [3 * hour, '3h'],
  [3 * hour + 5 * minute, '3h5m'],
  [8 * hour + 59 * minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [2 * day + 3 * hour, '2d3h'],
  [8 * day + 3 * hour, '8d'],
  [2 * year - day, '729d'],
  [2 * year, '2y'],
  [2 * year + day, '2y1d'],
  [8 * year + 100 * day, '8y'],
  [80 * year, '80y'],
];

test('a duration is shown in at most two units', () => {
  for (const [durationMs, text] of shown) assert.equal(humanDuration(durationMs), text);
});

test('a moment in the near future counts as now, a later one is invalid', () => {
  assert.equal(humanDuration(-500), '0s');
  assert.equal(humanDuration(-1999), '0s');
  assert.equal(humanDuration(-2000), '<invalid>');
  assert.equal(humanDuration(-5 * year), '<invalid>');
});
