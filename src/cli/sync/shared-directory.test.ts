/** One directory of the laptop that several sessions bring to several devices, or pods, and back. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SyncPair, until } from '../../testing/sync-pair.ts';

/** Paths of all files but of those on their way. */
function pathsIn(root: string): string[] {
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = found.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
  return paths.filter((path) => !path.startsWith('.eliot-sync')).sort();
}

describe('two sessions in one directory', () => {
  let first: SyncPair;
  let second: SyncPair;
  beforeEach(() => {
    first = new SyncPair();
    second = new SyncPair(first.here);
    // So that both are in the middle of a file at once.
    for (const pair of [first, second]) pair.isSlow = true;
  });
  afterEach(async () => {
    await second.close();
    await first.close();
  });

  it('bring what both devices made to everybody, each as it was, and nothing of their own', async () => {
    const expected: Record<string, string> = {};
    const write = (root: string, path: string, content: string): void => {
      expected[path] = content;
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    // Several pieces each.
    for (let index = 0; index < 20; index += 1) {
      write(first.there, `a/${index}`, `by the first ${index}\n`.repeat(40_000));
      write(second.there, `b/${index}`, `by the second ${index}\n`.repeat(40_000));
      write(first.here, `c/${index}`, `here ${index}`);
    }
    await Promise.all([first.start({ twoWay: true }).first, second.start({ twoWay: true }).first]);
    for (let index = 0; index < 20; index += 1) {
      write(index % 2 === 0 ? first.there : second.there, `d/${index}`, `later ${index}\n`.repeat(40_000));
    }
    const paths = Object.keys(expected).sort();
    const roots = [first.here, first.there, second.there];
    await until('everything to be everywhere', () => roots.every((root) => pathsIn(root).length >= paths.length));
    await first.session.close();
    await second.session.close();
    for (const root of roots) {
      assert.deepEqual(pathsIn(root), paths);
      const wrong = paths.filter((path) => readFileSync(join(root, path), 'utf8') !== expected[path]);
      assert.deepEqual(wrong, []);
    }
    assert.deepEqual(
      [...first.states, ...second.states].filter(({ kind }) => kind !== 'connected'),
      [],
    );
    assert.deepEqual(readdirSync(first.here).sort(), ['a', 'b', 'c', 'd']);
  });
});
