import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unreadInputBytes } from '../../runtime/runtime.ts';
import type { LogPosition } from './log-position.ts';
import {
  afterKill,
  beginWrite,
  cancelWrite,
  endWrite,
  learnRead,
  progressAt,
  surelyReadBytes,
} from './pipe-progress.ts';

const at = (offset: number, isMidLine = false): LogPosition => ({
  run: '/0.log',
  inode: 1,
  offset,
  skip: 0,
  isMidLine,
});

/** Pieces of so many bytes, one after another. */
function written(pieces: number, bytes: number, isMidLine = false): ReturnType<typeof progressAt> {
  let progress = progressAt(at(0));
  for (let piece = 1; piece <= pieces; piece += 1) {
    progress = endWrite(beginWrite(progress, at(piece * bytes, isMidLine), bytes));
  }
  return progress;
}

describe('the progress of a pipe', () => {
  it('moves when a write has ended, and not before', () => {
    const begun = beginWrite(progressAt(at(0)), at(10), 10);
    assert.deepEqual([begun.from, begun.to, begun.readBytes], [at(0), at(10), 0]);
    const ended = endWrite(begun);
    assert.deepEqual(
      [ended.from, ended.to, ended.read, ended.readBytes, ended.pendingBytes],
      [at(10), at(10), at(0), 10, 0],
    );
    assert.deepEqual({ ...cancelWrite(begun), write: 0 }, progressAt(at(0)));
  });

  it('gives each write a number of its own, which fits into a mark', () => {
    assert.notEqual(beginWrite(progressAt(at(0)), at(1), 1).write, progressAt(at(0)).write);
    assert.equal(beginWrite(progressAt(at(0), 2 ** 32 - 1), at(1), 1).write, 0);
  });

  it('is after a kill where the last write tells', () => {
    const begun = beginWrite(progressAt(at(0)), at(10), 10);
    assert.deepEqual([afterKill(begun, true).from, afterKill(begun, false).from], [at(10), at(0)]);
  });

  it('takes for read what lies further back than can be unread, and keeps that near', () => {
    for (const pieces of [1, 39, 40, 41, 100, 1_000]) {
      const progress = written(pieces, 4_096);
      const total = pieces * 4_096;
      assert.equal(progress.readBytes, total - (progress.read?.offset ?? 0));
      assert.ok(progress.readBytes >= Math.min(total, unreadInputBytes), `${progress.readBytes} of ${total}`);
      assert.ok(progress.readBytes <= 2 * unreadInputBytes + 4_096, `${progress.readBytes} of ${total}`);
      assert.equal(surelyReadBytes(progress), Math.max(0, progress.readBytes - unreadInputBytes));
    }
  });

  it('goes back to places between lines, unless there are none for long', () => {
    assert.equal(written(100, 4_096, true).read?.offset, 0);
    assert.notEqual(written(1_000, 4_096, true).read?.offset, 0);
  });

  it('starts anew from what was learned to be read', () => {
    const learned = learnRead(written(30, 4_096), at(120_000), 2_880);
    assert.deepEqual([learned.read, learned.readBytes, learned.from], [at(120_000), 2_880, at(122_880)]);
    const later = endWrite(beginWrite(learned, at(123_000), 120));
    assert.deepEqual([later.read, later.readBytes], [at(120_000), 3_000]);
  });
});
