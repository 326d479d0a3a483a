import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findMarkedBlocks, isAsExpected } from './marked-blocks.ts';

const page = (...lines: readonly string[]): string => lines.join('\n').replaceAll("'''", '```');

describe('marked blocks', () => {
  it('are those marked "sh run", with their lines', () => {
    const blocks = findMarkedBlocks(page('# A', "'''sh run", 'one', 'two', "'''", "'''sh", 'not me', "'''"));
    assert.deepEqual(blocks, [{ line: 2, commands: 'one\ntwo', expected: undefined }]);
  });

  it('are others for a machine with the packages', () => {
    const text = page("'''sh run", 'one', "'''", "'''sh run installed", 'two', "'''");
    assert.deepEqual(
      findMarkedBlocks(text, 'sh run installed').map(({ commands }) => commands),
      ['two'],
    );
    assert.deepEqual(
      findMarkedBlocks(text).map(({ commands }) => commands),
      ['one'],
    );
  });

  it('take the text block right after them as what must be printed', () => {
    const [block] = findMarkedBlocks(page("'''sh run", 'one', "'''", '', "'''text", '1', "'''"));
    assert.equal(block?.expected, '1');
  });

  it('take no block that comes after other words', () => {
    const [block] = findMarkedBlocks(page("'''sh run", 'one', "'''", 'A log looks so:', "'''text", '1', "'''"));
    assert.equal(block?.expected, undefined);
  });

  it('that are never closed are refused with their line', () => {
    assert.throws(() => findMarkedBlocks(page('', "'''sh run", 'one')), /line 2/);
  });
});

describe('expected output', () => {
  for (const { what, printed, expected, is } of [
    { what: 'the same text', printed: 'a\nb\n', expected: 'a\nb', is: true },
    { what: 'other text', printed: 'a\nc\n', expected: 'a\nb', is: false },
    { what: 'a line too many', printed: 'a\nb\nc\n', expected: 'a\nb', is: false },
    { what: 'a wildcard in a line', printed: 'web  1/1  12s\n', expected: 'web  1/1  …', is: true },
    { what: 'a wildcard that would need two lines', printed: 'a 1\nb', expected: 'a…b', is: false },
    { what: 'a wildcard for no line', printed: 'a\nb', expected: 'a\n…\nb', is: true },
    { what: 'a wildcard for some lines', printed: 'a\n1\n2\nb', expected: 'a\n…\nb', is: true },
    { what: 'a wildcard at the end', printed: 'a\n1\n2', expected: 'a\n…', is: true },
    { what: 'columns of another width', printed: 'NAME            READY', expected: 'NAME   READY', is: true },
    { what: 'one space instead of none', printed: 'a b', expected: 'ab', is: false },
    { what: 'characters that patterns know', printed: 'a.b (c) $1 [x]*', expected: 'a.b (c) $1 [x]*', is: true },
    { what: 'a dot that stands for itself', printed: 'axb', expected: 'a.b', is: false },
  ]) {
    it(`${is ? 'is' : 'is not'} met by ${what}`, () => assert.equal(isAsExpected(printed, expected), is));
  }
});
