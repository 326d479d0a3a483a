import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateName, randomSuffix } from './generate-name.ts';

describe('a generated name', () => {
  it('is the prefix and five characters that form no words', () => {
    for (let count = 0; count < 100; count += 1) assert.match(randomSuffix(), /^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.equal(generateName('job-', 'abcde'), 'job-abcde');
  });

  it('fits into 63 characters, however long the prefix is', () => {
    const name = generateName('x'.repeat(100), 'abcde');
    assert.equal(name, `${'x'.repeat(58)}abcde`);
  });
});
