import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

function split(splitter: LineSplitter, text: string): string[] {
  return [...splitter.split(Buffer.from(text))].map(String);
}

describe('LineSplitter', () => {
  it('holds a line until its newline comes', () => {
    const splitter = new LineSplitter();
    assert.deepEqual(split(splitter, 'one\ntw'), ['one']);
    assert.deepEqual(split(splitter, 'o\n\n'), ['two', '']);
  });

  it('hands out what is left', () => {
    const splitter = new LineSplitter();
    split(splitter, 'one\ntwo');
    assert.equal(String(splitter.takeRest()), 'two');
    assert.equal(splitter.takeRest().length, 0);
  });

  it('gives the same lines however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z\n]{0,20}$/), { maxLength: 20 }), (pieces) => {
        const splitter = new LineSplitter();
        const lines = pieces.flatMap((piece) => split(splitter, piece));
        assert.deepEqual([...lines, String(splitter.takeRest())], pieces.join('').split('\n'));
      }),
    );
  });

  it('drops a line without end instead of keeping it, and goes on after it', () => {
    const splitter = new LineSplitter();
    for (let piece = 0; piece < 10; piece += 1) assert.deepEqual(split(splitter, 'x'.repeat(50_000)), []);
    assert.equal(splitter.takeRest().length <= 65_536, true);
    split(splitter, 'x'.repeat(50_000));
    split(splitter, 'x'.repeat(50_000));
    assert.deepEqual(split(splitter, 'xxx\nnext\n'), ['next']);
  });
});
