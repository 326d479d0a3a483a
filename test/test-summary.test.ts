import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSummary } from '../scripts/tests/summary.ts';

const lines = ['ℹ tests 9', 'ℹ pass 4', 'ℹ fail 1', 'ℹ cancelled 2', 'ℹ skipped 1', 'ℹ todo 1'];
const expected = { passed: 4, failed: 3, skipped: 2 };

describe('the counts of a test level', () => {
  it('are those of the closing lines', () => {
    assert.deepEqual(parseSummary(`✔ a test\n${lines.join('\n')}\n`), expected);
  });

  it('are read in colour as well', () => {
    const coloured = lines.map((line) => `\u001b[34m${line}\u001b[39m`).join('\n');
    assert.deepEqual(parseSummary(coloured), expected);
  });

  it('are not those that a test printed before', () => {
    assert.deepEqual(parseSummary(`ℹ pass 100\n${lines.join('\n')}\n`), expected);
  });

  it('are none when the runner died', () => {
    assert.deepEqual(parseSummary('Segmentation fault\n'), { passed: 0, failed: 0, skipped: 0 });
  });
});
