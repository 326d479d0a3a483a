import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WholeLines } from './whole-lines.ts';

/** What each piece brings out, and the end. */
function pushed(prefix: string, ...pieces: readonly (string | Buffer)[]): string[] {
  const lines = new WholeLines(prefix);
  return [...pieces.map((piece) => String(lines.push(Buffer.from(piece)))), String(lines.end())];
}

describe('output that is cut into whole lines', () => {
  it('waits for the end of each line, and puts the prefix before it', () => {
    assert.deepEqual(pushed('', 'a\nb', 'c', '\n\nd\n'), ['a\n', '', 'bc\n\nd\n', '']);
    assert.deepEqual(pushed('[x] ', 'a\nb', 'c', '\n\nd\n'), ['[x] a\n', '', '[x] bc\n[x] \n[x] d\n', '']);
  });

  it('ends the last line when it has no end', () => {
    assert.deepEqual(pushed('[x] ', 'a\nb'), ['[x] a\n', '[x] b\n']);
    assert.deepEqual(pushed('[x] '), ['']);
  });

  it('leaves bytes as they are, though they are no text', () => {
    const bytes = Buffer.from([0, 255, 27, 10, 200, 10]);
    assert.deepEqual(new WholeLines().push(bytes), bytes);
  });

  it('goes on in the next line when one is longer than 64 KiB', () => {
    const piece = 'x'.repeat(32 * 1024);
    assert.deepEqual(pushed('[x] ', piece, piece, piece, 'y\n', piece), [
      '',
      '',
      `[x] ${piece.repeat(3)}\n`,
      '[x] y\n',
      '',
      `[x] ${piece}\n`,
    ]);
  });

  it('breaks no character when it does so', () => {
    for (const character of ['é', '━', '😀']) {
      const bytes = Buffer.from(character);
      for (let cut = 1; cut < bytes.length; cut++) {
        const first = Buffer.concat([Buffer.alloc(64 * 1024, 'x'), bytes.subarray(0, cut)]);
        assert.deepEqual(
          pushed('', first, bytes.subarray(cut)),
          [`${'x'.repeat(64 * 1024)}\n`, '', `${character}\n`],
          `${character} after ${cut} bytes`,
        );
      }
      const whole = `${'x'.repeat(64 * 1024)}${character}`;
      assert.deepEqual(pushed('', whole), [`${whole}\n`, '']);
    }
  });

  it('ends even what only looks like the beginning of characters', () => {
    const lines = new WholeLines();
    const noText = Buffer.alloc(64 * 1024 + 1, 0xe2);
    assert.equal(lines.push(noText).length, noText.length);
    assert.equal(lines.push(noText).length, noText.length + 1);
  });
});
