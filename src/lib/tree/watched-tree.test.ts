import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createSystemClock } from '../clock.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { TreePlaces } from './tree-places.ts';
import { WatchedTree } from './watched-tree.ts';

describe('a tree that is watched', () => {
  let root: string;
  let places: TreePlaces;
  let tree: WatchedTree;
  let over: AbortController;
  let changes: AsyncGenerator<ReadonlySet<string>, void>;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'eliot-watched-'));
    places = new TreePlaces(root);
    over = new AbortController();
    tree = new WatchedTree({ places, rules: new IgnoreRules(), readRules: true, clock: createSystemClock() });
    changes = tree.changes(over.signal);
  });
  afterEach(() => {
    over.abort();
    places.close();
    rmSync(root, { recursive: true, force: true });
  });

  const at = (path: string): string => join(root, path);
  /** Changes until all of `paths` were told; within the test's own limit. */
  async function told(...paths: string[]): Promise<Set<string>> {
    const seen = new Set<string>();
    while (!paths.every((path) => seen.has(path))) {
      const { value, done } = await changes.next();
      assert.ok(done !== true, `${paths} were not told`);
      for (const path of value) seen.add(path);
    }
    return seen;
  }

  it('knows what was there, and tells what is made, also in directories that came later', async () => {
    mkdirSync(at('a/b'), { recursive: true });
    tree.watch(over.signal);
    assert.deepEqual([...tree.entries.keys()], ['a', 'a/b']);
    writeFileSync(at('a/b/c'), '1');
    await told('a/b/c');
    mkdirSync(at('new/deep'), { recursive: true });
    writeFileSync(at('new/deep/x'), '1');
    await told('new', 'new/deep', 'new/deep/x');
    writeFileSync(at('new/deep/y'), '1');
    await told('new/deep/y');
  });

  it('follows a file however an editor saves it', async () => {
    writeFileSync(at('f'), 'one');
    tree.watch(over.signal);
    // In place; beside and renamed over it; away, and a new one.
    writeFileSync(at('f'), 'two!');
    await told('f');
    writeFileSync(at('.f.swp'), 'three');
    renameSync(at('.f.swp'), at('f'));
    await told('f');
    renameSync(at('f'), at('f~'));
    writeFileSync(at('f'), 'four!!');
    await told('f', 'f~');
    assert.deepEqual([...tree.entries.keys()].sort(), ['f', 'f~']);
  });

  it('follows directories that are renamed, removed and made anew under the same name', async () => {
    mkdirSync(at('d/e'), { recursive: true });
    writeFileSync(at('d/e/f'), '1');
    tree.watch(over.signal);
    renameSync(at('d'), at('g'));
    assert.ok((await told('d', 'd/e/f', 'g/e/f')).has('g'));
    rmSync(at('g'), { recursive: true });
    mkdirSync(at('g'));
    await told('g/e/f');
    writeFileSync(at('g/later'), '1');
    await told('g/later');
    rmSync(at('g'), { recursive: true });
    symlinkSync('/tmp', at('g'));
    await told('g/later', 'g');
    assert.deepEqual([...tree.entries], [['g', { kind: 'link', target: '/tmp' }]]);
  });

  for (const when of ['before it is watched', 'later'] as const) {
    it(`notices what is made in a directory, which was there ${when}, while the tree is being read`, async () => {
      const elsewhere = `${root}-elsewhere`;
      mkdirSync(join(elsewhere, 'b/c'), { recursive: true });
      // `a/b` was read when `a/b/c` is reached.
      const reach = places.directory.bind(places);
      places.directory = (path) => {
        if (path === 'a/b/c' && !existsSync(at('a/b/late'))) writeFileSync(at('a/b/late'), '1');
        return reach(path);
      };
      if (when === 'later') tree.watch(over.signal);
      renameSync(elsewhere, at('a'));
      if (when !== 'later') tree.watch(over.signal);
      if (!tree.entries.has('a/b/late')) await told('a/b/late');
    });
  }

  it('leaves out what is ignored, by rules as they come and go', async () => {
    writeFileSync(at('a.log'), '1');
    writeFileSync(at('.gitignore'), '*.log\n');
    tree.watch(over.signal);
    assert.deepEqual([...tree.entries.keys()], ['.gitignore']);
    // Of another size: that two saves of one millisecond and size are one is so by design.
    writeFileSync(at('.gitignore'), '*.temp\n');
    await told('.gitignore', 'a.log');
    mkdirSync(at('sub'));
    writeFileSync(at('sub/.gitignore'), 'x\n');
    writeFileSync(at('sub/x'), '1');
    writeFileSync(at('sub/y'), '1');
    await told('sub/y');
    assert.equal(tree.entries.has('sub/x'), false);
  });

  it('ends when nobody wants to hear more', async () => {
    tree.watch(over.signal);
    const next = changes.next();
    over.abort();
    assert.deepEqual(await next, { done: true, value: undefined });
    assert.equal(tree.isWatched, false);
  });
});
