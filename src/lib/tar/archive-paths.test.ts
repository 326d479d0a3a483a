import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normalizePath, resolveLinks } from './archive-paths.ts';

describe('paths in an archive', () => {
  for (const [path, expected] of [
    ['./blobs//sha256/abc', 'blobs/sha256/abc'],
    ['/etc/passwd', 'etc/passwd'],
    ['a/./b/../c/', 'a/c'],
    ['../../a', 'a'],
    ['..', ''],
  ] as const) {
    it(`make ${path} ${expected === '' ? 'the top' : expected}`, () => assert.equal(normalizePath(path), expected));
  }

  it('are followed through links, which may lead to nothing, and not round and round', () => {
    const links = new Map([
      ['a', 'b'],
      ['b', 'c/d'],
      ['x', 'y'],
      ['y', 'x'],
    ]);
    assert.equal(resolveLinks(links, './a'), 'c/d');
    assert.equal(resolveLinks(links, 'c/d'), 'c/d');
    assert.equal(resolveLinks(links, 'x'), undefined);
  });
});
