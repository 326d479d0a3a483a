import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IgnoreKind, IgnoreRules, mayHoldRules } from './ignore-rules.ts';

const rules = (...sources: [kind: IgnoreKind, text: string, directory?: string][]): IgnoreRules =>
  new IgnoreRules(sources.map(([kind, text, directory = '']) => ({ kind, text, directory })));

describe('what is ignored', () => {
  for (const { sources, path, isDirectory = false, ignored } of [
    { sources: [['git', 'node_modules/']], path: 'node_modules', isDirectory: true, ignored: true },
    { sources: [['git', 'node_modules/']], path: 'a/node_modules/x/index.js', ignored: true },
    { sources: [['git', 'node_modules/']], path: 'node_modules', ignored: false },
    { sources: [['git', '*.log\n!keep.log']], path: 'a/keep.log', ignored: false },
    { sources: [['git', '/build']], path: 'a/build', ignored: false },
    { sources: [], path: '.git', isDirectory: true, ignored: true },
    { sources: [], path: 'sub/.git/HEAD', ignored: true },
    { sources: [['eliot', '!.git']], path: '.git/HEAD', ignored: false },
    { sources: [], path: '.gitignore', ignored: false },
    // On a disk that does not tell `a` from `A`, and by what else git knows its own directory.
    { sources: [], path: '.GIT/hooks/post-checkout', ignored: true },
    { sources: [], path: 'sub/git~1/config', ignored: true },
    { sources: [], path: '.g\u200cit/config', ignored: true },
    { sources: [], path: '.git . /config', ignored: true },
    { sources: [], path: '.github/workflows/a.yml', ignored: false },
    { sources: [['eliot', '!.eliot-sync*']], path: '.Eliot-Sync-staging/0', ignored: true },
    { sources: [], path: '.eliot-sync-staging-0a1b2c3d-7-0a1b2c3d-0a1b2c3d', isDirectory: true, ignored: true },
    // A directory's own rules, which are above those of the directories above it.
    {
      sources: [
        ['git', '*.tmp'],
        ['git', '!a.tmp', 'sub'],
      ],
      path: 'sub/a.tmp',
      ignored: false,
    },
    {
      sources: [
        ['git', '*.tmp'],
        ['git', '!a.tmp', 'sub'],
      ],
      path: 'a.tmp',
      ignored: true,
    },
    { sources: [['git', '/x', 'sub']], path: 'sub/x', ignored: true },
    { sources: [['git', '/x', 'sub']], path: 'x', ignored: false },
    // Docker's patterns begin at the root, and may open one file of a directory that is left out.
    { sources: [['docker', 'tmp']], path: 'a/tmp', ignored: false },
    { sources: [['docker', 'tmp']], path: 'tmp/x', ignored: true },
    { sources: [['docker', '**/tmp']], path: 'a/tmp', ignored: true },
    { sources: [['docker', '*\n!src/app']], path: 'src/app/main.py', ignored: false },
    { sources: [['docker', '*\n!src/app']], path: 'src', isDirectory: true, ignored: false },
    { sources: [['docker', '*\n!src/app']], path: 'src/other', ignored: true },
    { sources: [['docker', '*\n!src/app']], path: 'README.md', ignored: true },
    // What docker wants does not open what git does not want, and .eliotignore is above both.
    {
      sources: [
        ['git', 'dist/'],
        ['docker', '*\n!dist'],
      ],
      path: 'dist',
      isDirectory: true,
      ignored: true,
    },
    {
      sources: [
        ['git', 'dist/'],
        ['eliot', '!dist/'],
      ],
      path: 'dist',
      isDirectory: true,
      ignored: false,
    },
    { sources: [['eliot', '*.bin']], path: 'a/model.bin', ignored: true },
  ] as { sources: [IgnoreKind, string, string?][]; path: string; isDirectory?: boolean; ignored: boolean }[]) {
    const text = sources.map(([kind, lines, directory = '']) => `${directory}.${kind}ignore ${JSON.stringify(lines)}`);
    it(`${ignored ? 'is' : 'is not'} ${path}${isDirectory ? '/' : ''} by ${text.join(' and ') || 'no rules'}`, () => {
      assert.equal(rules(...sources).ignores(path, isDirectory), ignored);
    });
  }

  it('is the same on the other side', () => {
    for (const patterns of ['', 'src/y\n!b.log']) {
      const files = rules(['git', '*.log'], ['docker', '*\n!src'], ['eliot', '!a.log\n!src/y']);
      const here = new IgnoreRules(files.sources, patterns);
      const there = new IgnoreRules(JSON.parse(JSON.stringify(here.sources)));
      for (const path of ['a.log', 'b.log', 'src/b.log', 'src/x', 'src/y', 'x']) {
        assert.equal(there.ignores(path, false), here.ignores(path, false), path);
      }
    }
  });

  it('is what patterns beside the files say, whatever a file says and whenever it is added', () => {
    const own = new IgnoreRules([], '*.key\n!own.key');
    own.add({ kind: 'eliot', directory: '', text: '!*.key' });
    for (const made of [own, own.copy()]) {
      made.add({ kind: 'git', directory: '', text: 'own.key' });
      assert.deepEqual([made.ignores('a.key', false), made.ignores('d/own.key', false)], [true, false]);
    }
  });

  it('is said by files of these names, and of those that some disk takes for the same', () => {
    for (const path of [
      '.gitignore',
      'a/b/.gitignore',
      '.dockerignore',
      '.eliotignore',
      'a/.GitIgnore',
      '.ELIOTIGNORE',
    ]) {
      assert.equal(mayHoldRules(path), true, path);
    }
    for (const path of ['.gitignore ', '.gitignore::$DATA', '.doc\u212aerignore', '.giti\u200cgnore']) {
      assert.equal(mayHoldRules(path), true, path);
    }
    for (const path of ['gitignore', 'a/.dockerignore', '.gitignore.conflict-20261129-011500', '.gitignore/a']) {
      assert.equal(mayHoldRules(path), false, path);
    }
  });
});
