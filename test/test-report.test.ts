import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatReport, isGreen, type LevelResult } from '../scripts/tests/report.ts';
import type { FileResult } from '../scripts/tests/run-file.ts';

const file = (path: string, counts: Partial<FileResult> = {}): FileResult => ({
  ...{ path, passed: 2, failed: 0, skipped: 0, seconds: 1, output: '' },
  ...counts,
});
const level = (...results: readonly FileResult[]): LevelResult => ({
  level: { name: 'e2e', files: '', atOnce: 1, timeoutMs: 1 },
  results,
  seconds: 3,
});
const lastLines = (levels: readonly LevelResult[], count: number): readonly string[] =>
  formatReport(levels, []).slice(-count);

describe('the report of the tests', () => {
  it('is green when every file of every level has passed', () => {
    const levels = [level(file('a')), level(file('b', { passed: 0, skipped: 1 }))];
    assert.equal(isGreen(levels), true);
    assert.deepEqual(lastLines(levels, 1), ['2 passed, 0 failed, 1 skipped']);
  });

  it('is red when one failed, and tells it once more', () => {
    const output = '✔ fine\n✖ failing tests:\n\ntest at a:1\n';
    const levels = [level(file('a', { failed: 1, output }), file('b'))];
    assert.equal(isGreen(levels), false);
    const text = formatReport(levels, []).join('\n');
    assert.match(text, /── a\n✖ failing tests:\n\ntest at a:1/);
    assert.doesNotMatch(text, /✔ fine/);
  });

  it('is red when a level has no file or a file no test, and says so', () => {
    assert.equal(isGreen([]), false);
    assert.equal(isGreen([level(file('a')), level()]), false);
    const levels = [level(file('a', { passed: 0 })), level()];
    assert.equal(isGreen(levels), false);
    assert.deepEqual(lastLines(levels, 3), [
      '✖ e2e: no file of it was found',
      '✖ a: no test in it',
      '0 passed, 0 failed, 0 skipped',
    ]);
  });
});
