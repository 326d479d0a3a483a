import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAbandoned, isStagingName, newStagingName } from './staging-name.ts';
import { isTreePath } from './tree-path.ts';

const dayMs = 24 * 60 * 60 * 1000;

describe('the name of a staging directory', () => {
  it('is another one each time, and none that a tree has', () => {
    const names = new Set(Array.from({ length: 100 }, newStagingName));
    assert.equal(names.size, 100);
    for (const name of names) assert.deepEqual([isStagingName(name), isTreePath(name)], [true, false]);
  });

  it('tells that it is in use for as long as its process runs, however long nothing is written to it', () => {
    assert.equal(isAbandoned(newStagingName(), 1_000 * dayMs), false);
  });

  it('tells that its process has ended, also when another one has its number', () => {
    const [own, ...parts] = [newStagingName(), ...newStagingName().split('-')];
    const [pid, birth] = [parts.at(-3), parts.at(-2)];
    assert.equal(isAbandoned(own.replace(`-${birth}-`, '-01234567-'), 0), true);
    // Numbers end at 2^22.
    assert.equal(isAbandoned(own.replace(`-${pid}-`, '-99999999-'), 0), true);
  });

  it('of another machine, or of nobody, is believed to be in use for a day', () => {
    const other = newStagingName().replace(/-staging-[0-9a-f]{8}/, '-staging-01234567');
    for (const name of [other, '.eliot-sync-staging', '.eliot-sync-staging-x']) {
      assert.deepEqual([isAbandoned(name, dayMs - 1), isAbandoned(name, dayMs + 1)], [false, true]);
    }
  });
});
