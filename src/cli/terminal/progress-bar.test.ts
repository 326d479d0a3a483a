import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bar, renderBar } from './progress-bar.ts';

const layer: Bar = { name: '3f5a9b2c1d0e', doneBytes: 12_300_000, totalBytes: 30_000_000 };

const speed = { bytesPerSecond: 4_100_000 };
const still = { bytesPerSecond: undefined };

const at = (
  width: number,
  bar: Bar = layer,
  { bytesPerSecond }: { bytesPerSecond: number | undefined } = speed,
): string => renderBar(bar, { width, nameWidth: bar.name.length, bytesPerSecond, ellipsis: '…' });

describe('a progress bar', () => {
  for (const { width, line } of [
    { width: 120, line: '3f5a9b2c1d0e  [===============>------------------------]    12.3MB/30MB   4.1MB/s' },
    { width: 74, line: '3f5a9b2c1d0e  [============>--------------------]    12.3MB/30MB   4.1MB/s' },
    { width: 40, line: '3f5a9b2c1d0e  [==>------]    12.3MB/30MB' },
    { width: 36, line: '3f5a9b2c1d0e  12.3MB/30MB' },
    { width: 20, line: '3f5a9b2c1d0e  41%' },
    { width: 10, line: '3f5a9b2c1…' },
    { width: 0, line: '' },
  ]) {
    it(`has ${width} columns`, () => assert.equal(at(width), line));
  }

  it('is never wider than its line', () => {
    for (let width = 0; width < 130; width++) assert.ok(at(width).length <= width, `${width}: ${at(width)}`);
  });

  it('begins empty and ends full', () => {
    assert.match(at(74, { ...layer, doneBytes: 0 }, still), /\[-+\]/);
    assert.match(at(74, { ...layer, doneBytes: 30_000_000 }, still), /\[=+\] {6}30MB\/30MB$/);
    assert.match(at(74, { ...layer, doneBytes: 0, totalBytes: 0 }, still), /\[=+\]/);
  });

  it('says the bytes alone when nobody knows how many there will be', () => {
    assert.equal(at(74, { name: '', doneBytes: 12_300_000 }), '12.3MB   4.1MB/s');
    assert.equal(at(10, { name: '', doneBytes: 12_300_000 }), '12.3MB');
  });

  it('goes no further than its end when more comes than was said', () => {
    assert.match(at(74, { ...layer, doneBytes: 40_000_000 }), /\[=+\] {6}40MB\/30MB/);
  });
});
