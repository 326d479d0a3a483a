import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from '../../lib/tree/entry.ts';
import { computeActions } from './compute-actions.ts';
import { findRenamed } from './find-renamed.ts';

const file = (size: number, mtimeMs = size, mode = 0o644): Entry => ({ kind: 'file', size, mtimeMs, mode });
const directory: Entry = { kind: 'directory', mode: 0o755 };
const link: Entry = { kind: 'link', target: 'x' };
const none = undefined;

type Case = [why: string, local: Entry | undefined, remote: Entry | undefined, base: Entry | undefined, what: string];

const both: Case[] = [
  ['is new here', file(1), none, none, 'send'],
  ['was changed here', file(2), file(1), file(1), 'send'],
  ['was deleted here', none, file(1), file(1), 'removeRemote'],
  ['is on both sides already', file(1), file(1), none, 'adopt'],
  ['was deleted on both sides', none, none, file(1), 'forget'],
  ['is what it was', file(1), file(1), file(1), ''],
  ['became executable here', file(1, 1, 0o755), file(1), file(1), 'setRemote'],
  ['became a link here', link, file(1), file(1), 'send'],
];

const cases: Record<'one way' | 'two ways', Case[]> = {
  'one way': [
    ...both,
    ['was made there', none, file(1), none, ''],
    ['was changed there', file(1), file(2), file(1), 'send'],
    ['was deleted there', file(1), none, file(1), 'send'],
    ['is as long there, but of another time', file(1, 1), file(1, 2), none, 'compare'],
    ['became a file here, of a directory', file(1), directory, directory, 'removeRemote send'],
    ['is in the way of a directory of somebody else', file(1), directory, none, 'send'],
  ],
  'two ways': [
    ...both,
    ['was made there', none, file(1), none, 'fetch'],
    ['was changed there', file(1), file(2), file(1), 'fetch'],
    ['was deleted there', file(1), none, file(1), 'removeLocal'],
    ['was changed on both sides', file(2), file(3), file(1), 'keepAside'],
    ['was changed on both sides to the same length', file(2, 5), file(2, 6), file(1), 'compare'],
    ['was changed on both sides to what looks the same', file(2), file(2), file(1), 'compare'],
    ['was made on both sides', file(2), link, none, 'keepAside'],
    ['was made on both sides with other permissions', file(1, 1, 0o600), file(1), none, 'setRemote'],
    ['was deleted here and changed there', none, file(2), file(1), 'fetch'],
    ['was changed here and deleted there', file(2), none, file(1), 'send'],
    ['is a directory here and a file there, both new', directory, file(1), none, 'keepAside'],
  ],
};

for (const [ways, list] of Object.entries(cases)) {
  describe(`what is to be done ${ways}`, () => {
    for (const [why, local, remote, base, what] of list) {
      it(`is ${what || 'nothing'} when something ${why}`, () => {
        const tree = (entry: Entry | undefined) => new Map(entry === undefined ? [] : [['p', entry]]);
        const trees = { local: tree(local), remote: tree(remote), base: tree(base) };
        const actions = computeActions(['p'], trees, ways === 'two ways');
        assert.equal(actions.map(({ kind }) => kind).join(' '), what);
      });
    }
  });
}

describe('the order', () => {
  it('is: the innermost goes first, then the outermost comes first', () => {
    const local = new Map([
      ['n', directory],
      ['n/m', directory],
      ['n/m/f', file(1)],
    ]);
    const old = new Map([
      ['o', directory],
      ['o/p', directory],
      ['o/p/f', file(1)],
    ]);
    const paths = ['n/m/f', 'o', 'n', 'o/p/f', 'n/m', 'o/p'];
    const actions = computeActions(paths, { local, remote: old, base: old }, true);
    assert.deepEqual(
      actions.map(({ path }) => path),
      ['o/p/f', 'o/p', 'o', 'n', 'n/m', 'n/m/f'],
    );
  });
});

describe('a large file that goes as another of its length and time comes', () => {
  it('is taken for the same one, whose chunks are there', () => {
    const large = file(5_000_000);
    const remote = new Map([
      ['old', large],
      ['small', file(10)],
      ['other', file(6_000_000)],
    ]);
    const local = new Map([
      ['new', large],
      ['little', file(10)],
      ['another', file(6_000_000, 7)],
    ]);
    const trees = { local, remote, base: remote };
    const actions = computeActions([...local.keys(), ...remote.keys()], trees, false);
    assert.deepEqual([...findRenamed(actions, trees)], [['new', 'old']]);
  });
});
