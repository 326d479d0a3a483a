import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countUnreadBytes } from './count-lost.ts';

const text = Buffer.from(Array.from({ length: 5_000 }, (_, number) => `line ${number}\n`).join(''));
const unread = (count: number, wasFull: boolean, first: Buffer) => countUnreadBytes({ count, wasFull, first }, text);

describe('what an ended container did not read', () => {
  it('is what was found, when that stands at the end of the text', () => {
    assert.equal(unread(500, false, text.subarray(-500, -300)), 500);
    assert.equal(unread(0, false, Buffer.alloc(0)), 0);
  });

  for (const wasFull of [true, false]) {
    it(`is more by what was lost behind its first bytes${wasFull ? ', for which there was no room' : ''}`, () => {
      // 400 bytes were before the process, 300 in the runtime's hands, 200 before the runtime.
      assert.equal(unread(600, wasFull, text.subarray(-900, -500)), 900);
      assert.equal(unread(600, wasFull, text.subarray(-600, -200)), 600);
    });
  }

  it('is, where the text says the same over and over, the least or the most that it can be', () => {
    const same = Buffer.alloc(60_000, 'hello\n');
    const first = same.subarray(0, 60);
    assert.equal(countUnreadBytes({ count: 600, wasFull: false, first }, same), 600);
    assert.equal(countUnreadBytes({ count: 600, wasFull: true, first }, same), 33_366);
  });

  it('is the most that it can be when somebody else wrote too', () => {
    assert.equal(unread(600, false, Buffer.from('typed by somebody')), 600 + 32_768);
    assert.equal(countUnreadBytes({ count: 600, wasFull: false, first: Buffer.from('x') }, Buffer.from('short')), 5);
  });
});
