/** Random changes on both sides, heard of or not, end in the same tree on both, and no last version of a file is lost. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { SyncPair, until } from '../../testing/sync-pair.ts';

/** Few names, so that both sides meet. */
const names = ['a', 'b', 'c', 'd'] as const;
const path = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const edit = fc.record({
  side: fc.constantFrom('here' as const, 'there' as const),
  what: fc.constantFrom('write', 'write', 'write', 'directory', 'remove', 'rename', 'mode', 'link'),
  path,
  to: path,
});
/** Whether the sides hear of each other while the changes are made. */
const round = fc.record({ isApart: fc.boolean(), edits: fc.array(edit, { minLength: 1, maxLength: 8 }) });

type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

let counter = 0;

/** Does it as far as it can be done: a person's `mv` fails at times, too. */
function perform(root: string, { what, path: name, to }: Edit): void {
  const place = join(root, name);
  try {
    if (what === 'write') {
      counter += 1;
      mkdirSync(join(place, '..'), { recursive: true });
      writeFileSync(place, `version ${counter}${'.'.repeat(counter % 7)}`);
    } else if (what === 'directory') mkdirSync(place, { recursive: true });
    else if (what === 'remove') rmSync(place, { recursive: true });
    else if (what === 'rename') renameSync(place, join(root, to));
    else if (what === 'mode') chmodSync(place, lstatSync(place).isDirectory() ? 0o700 : 0o640);
    else symlinkSync(to, place);
  } catch (error) {
    if (!('code' in (error as object))) throw error;
  }
}

/** What a tree is: each path with what is there. */
function treeOf(root: string, directory = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, directory))) {
    if (name.startsWith('.eliot-sync')) continue;
    const child = directory === '' ? name : `${directory}/${name}`;
    const stats = lstatSync(join(root, child));
    const mode = (stats.mode & 0o777).toString(8);
    if (stats.isSymbolicLink()) found[child] = `link ${readlinkSync(join(root, child))}`;
    else if (stats.isDirectory()) Object.assign(found, { [child]: `directory ${mode}` }, treeOf(root, child));
    else found[child] = `file ${mode} ${readFileSync(join(root, child), 'utf8')}`;
  }
  return found;
}

const contentsOf = (tree: Record<string, string>): string[] =>
  Object.values(tree).flatMap((what) => /^file \d+ (.*)$/s.exec(what)?.[1] ?? []);

async function untilAlike(pair: SyncPair): Promise<Record<string, string>> {
  let quietSince = performance.now();
  let last = '';
  await until('both sides to be alike', () => {
    let now: string;
    try {
      const [here, there] = [treeOf(pair.here), treeOf(pair.there)].map((tree) => JSON.stringify(sorted(tree)));
      now = here === there ? (here ?? '') : '';
    } catch {
      // It changed while it was read.
      now = '';
    }
    if (now !== last || now === '') quietSince = performance.now();
    last = now;
    return performance.now() - quietSince > 120;
  });
  return JSON.parse(last);
}

const sorted = (tree: Record<string, string>): [string, string][] =>
  Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1));

describe('both sides', () => {
  it('become alike after any changes, and keep the last version of every file', async () => {
    const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), async (rounds) => {
      const pair = new SyncPair();
      try {
        await pair.start({ twoWay: true }).first;
        for (const { isApart, edits } of rounds) {
          if (isApart) {
            pair.isReachable = false;
            pair.cut();
          }
          const before = new Set(contentsOf(treeOf(pair.here)));
          for (const each of edits) {
            perform(each.side === 'here' ? pair.here : pair.there, each);
            if (!isApart) await delay(counter % 3);
          }
          const written = isApart
            ? contentsOf({ ...prefixed('h', treeOf(pair.here)), ...prefixed('t', treeOf(pair.there)) })
            : [];
          pair.isReachable = true;
          const tree = Object.fromEntries((await untilAlike(pair)) as unknown as [string, string][]);
          const kept = new Set(contentsOf(tree));
          // While nobody heard of the other, whatever was new at the end on either side is somewhere now.
          for (const content of written) if (!before.has(content)) assert.ok(kept.has(content), `${content} is lost`);
        }
      } finally {
        await pair.close();
        assert.equal(existsSync(pair.here), false);
      }
    });
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  });
});

describe('the device, one way,', () => {
  it('has everything that the laptop has after any changes on either side, and is let alone otherwise', async () => {
    const property = fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 16 }), async (edits) => {
      const pair = new SyncPair();
      try {
        writeFileSync(join(pair.there, 'own'), 'made there');
        await pair.start().first;
        for (const each of edits) perform(each.side === 'here' ? pair.here : pair.there, each);
        const here = JSON.stringify(sorted(treeOf(pair.here)));
        pair.cut();
        await until('the device to have it', () => {
          const there = treeOf(pair.there);
          return Object.entries(treeOf(pair.here)).every(([name, what]) => there[name] === what);
        });
        assert.equal(JSON.stringify(sorted(treeOf(pair.here))), here);
        assert.equal(readFileSync(join(pair.there, 'own'), 'utf8'), 'made there');
      } finally {
        await pair.close();
      }
    });
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
  });
});

const prefixed = (prefix: string, tree: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(tree).map(([name, what]) => [`${prefix}/${name}`, what]));
