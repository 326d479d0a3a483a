import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { paintPrefix } from './colours.ts';

describe('a line with its first word in colour', () => {
  for (const [line, painted] of [
    ['error: no such file', '\u001b[31merror:\u001b[39m no such file'],
    ['Error from server (NotFound): pods "x"', '\u001b[31mError from server (NotFound):\u001b[39m pods "x"'],
    ['Warning: deprecated', '\u001b[33mWarning:\u001b[39m deprecated'],
    ['no error: none', 'no error: none'],
  ] as const) {
    it(line, () => {
      assert.equal(paintPrefix(line, true), painted);
      assert.equal(paintPrefix(line, false), line);
    });
  }
});
