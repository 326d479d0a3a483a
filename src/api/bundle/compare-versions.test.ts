import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareVersions, isVersion } from './compare-versions.ts';

describe('versions of bundles', () => {
  const inOrder = [
    '0.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-rc.2',
    '1.0.0-rc.11',
    '1',
    '1.0.1',
    '1.2',
    '1.10',
    '2026.11.3',
  ];
  for (const [index, older] of inOrder.entries()) {
    for (const newer of inOrder.slice(index + 1)) {
      it(`take ${older} for older than ${newer}`, () => {
        assert.ok(compareVersions(older, newer) < 0);
        assert.ok(compareVersions(newer, older) > 0);
      });
    }
  }

  it('are the same with other words for it', () => {
    assert.equal(compareVersions('1.0', '1.0.0'), 0);
    assert.equal(compareVersions('1.0.0+build.1', '1.0.0+build.2'), 0);
  });

  for (const text of ['', 'v1', '1.', '1..2', '1.0 ', '1.0-', 'latest', `1.${'0'.repeat(63)}`]) {
    it(`are not "${text}"`, () => assert.equal(isVersion(text), false));
  }
});
