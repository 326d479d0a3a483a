import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemOfTakenName } from './taken-name.ts';

const masters = ['system:masters'];
const both = ['eliot:viewers', 'eliot:developers'];
const people = [
  { name: 'anna', groups: masters },
  { name: 'bob', groups: both },
  { name: 'carl', groups: [] },
];

describe('the name of who pairs', () => {
  it('is free, or his own already', () => {
    assert.equal(problemOfTakenName('dora', masters, people), undefined);
    assert.equal(problemOfTakenName('anna', masters, people), undefined);
    assert.equal(problemOfTakenName('bob', both.toReversed(), people), undefined);
  });

  it('is not that of somebody with other rights, whose deeds would be taken for his', () => {
    const words = 'is that of somebody in system:masters, who may do other things';
    assert.equal(problemOfTakenName('anna', both, people), words);
    assert.equal(problemOfTakenName('Anna', both, people), words);
    assert.match(problemOfTakenName('bob', ['eliot:viewers'], people) ?? '', /in eliot:viewers, eliot:developers,/);
    assert.match(problemOfTakenName('bob', [...both, ...masters], people) ?? '', /in eliot:viewers/);
    assert.match(problemOfTakenName('carl', masters, people) ?? '', /in no group/);
  });

  it('is looked for among all of that name', () => {
    const twice = [{ name: 'anna', groups: both }, ...people];
    assert.notEqual(problemOfTakenName('anna', masters, twice), undefined);
  });
});
