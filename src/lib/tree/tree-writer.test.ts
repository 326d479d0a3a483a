import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { until } from '../../testing/sync-pair.ts';
import type { Entry } from './entry.ts';
import { isStagingName } from './staging-name.ts';
import { TreePlaces } from './tree-places.ts';
import { type Expected, type StagedFile, TreeWriter } from './tree-writer.ts';

const dayMs = 24 * 60 * 60 * 1000;
const file = (mtimeMs = 1_000) => ({ kind: 'file', mode: 0o640, size: 3, mtimeMs }) as const;

// With handles as on Linux, and by names as elsewhere; and with files that are written beside the tree first, or in it.
for (const [byHandle, isBeside] of [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
] as const) {
  describe(`a tree that is written ${byHandle ? 'by handles' : 'by names'} from ${isBeside ? 'beside' : 'within'}`, () => {
    let base: string;
    let root: string;
    let outside: string;
    let staging: string;
    let places: TreePlaces;
    let writer: TreeWriter;
    beforeEach(() => {
      base = mkdtempSync(join(tmpdir(), 'eliot-tree-'));
      [root, outside] = [join(base, 'root'), join(base, 'outside')];
      staging = isBeside ? join(base, 'staging') : root;
      mkdirSync(root);
      mkdirSync(outside);
      places = new TreePlaces(root, { byHandle });
      writer = newWriter();
    });
    afterEach(() => {
      places.close();
      rmSync(base, { recursive: true, force: true });
    });

    const newWriter = (nowMs = Date.UTC(2026, 10, 29, 1, 15)): TreeWriter =>
      new TreeWriter({ places, staging: isBeside ? staging : undefined, now: () => nowMs });
    /** Names in the root, but for our own. */
    const names = (): string[] =>
      readdirSync(root)
        .filter((name) => !isStagingName(name))
        .sort();
    /** Paths of the directories in which files are on their way. */
    const stagings = (): string[] =>
      (existsSync(staging) ? readdirSync(staging) : []).filter(isStagingName).map((name) => join(staging, name));
    const stagedFiles = (): string[] => stagings().flatMap((directory) => readdirSync(directory));
    const put = (path: string, text: string, [expected]: readonly [Expected] = ['any']): Entry => {
      const staged = writer.stage();
      writer.write(staged, Buffer.from(text));
      return writer.place(path, staged, file(), expected);
    };
    const read = (path: string): string => readFileSync(join(root, path), 'utf8');
    const code = (expected: string) => (error: unknown) => (error as { code: string }).code === expected;

    it('gets files with their permissions and time, in directories that are made', () => {
      assert.deepEqual(put('a/b/c', 'abc'), file());
      assert.equal(readFileSync(join(root, 'a/b/c'), 'utf8'), 'abc');
      assert.deepEqual(stagedFiles(), []);
    });

    it('replaces links and never writes through them', () => {
      writeFileSync(join(outside, 'secret'), 'secret');
      symlinkSync(join(outside, 'secret'), join(root, 'link'));
      put('link', 'abc');
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
      assert.ok(lstatSync(join(root, 'link')).isFile());
      symlinkSync(outside, join(root, 'dir'));
      for (const act of [
        () => put('dir/x', 'abc'),
        () => writer.makeDirectory('dir/x', { kind: 'directory', mode: 0o755 }, 'any'),
        () => writer.makeLink('dir/x', { kind: 'link', target: 'y' }, 'any'),
        () => writer.setFile('dir/secret', file(), 'any'),
        () => writer.keepAside('dir/secret', 'any'),
      ]) {
        assert.throws(act, code('Blocked'));
      }
      assert.equal(writer.remove('dir/secret', 'any'), undefined);
      assert.deepEqual(readdirSync(outside), ['secret']);
      assert.equal(places.entryAt('dir/secret'), undefined);
      writer.makeDirectory('dir', { kind: 'directory', mode: 0o700 }, 'any');
      assert.equal(lstatSync(outside).mode & 0o777, 0o755);
      assert.ok(lstatSync(join(root, 'dir')).isDirectory());
    });

    it('does nothing where something else is than is believed', () => {
      const made = put('a', 'abc');
      assert.throws(() => put('a', 'new', [undefined]), code('Changed'));
      assert.throws(() => put('missing', 'new', [made]), code('Changed'));
      assert.throws(() => writer.remove('a', { ...file(), size: 9 }), code('Changed'));
      assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'abc');
      put('a', 'new', [made]);
      assert.deepEqual(stagedFiles(), []);
    });

    it('puts a file where it belongs, whatever was forgotten and opened meanwhile', () => {
      mkdirSync(join(root, 'src'));
      writer.discard(writer.stage());
      for (const [index, path] of ['src/a', 'b', 'src/c', 'd/e'].entries()) {
        const staged = writer.stage();
        // Names as those of staged files have; they are somebody's all the same.
        for (const name of [1, 2, 3, 4, 5]) writeFileSync(join(root, `src/${name}`), 'precious');
        writer.write(staged, Buffer.from(`new ${index}`));
        places.forget();
        for (const directory of ['src', 'd']) places.entryAt(`${directory}/x`);
        writer.checkRoom(staged, 1);
        assert.equal((writer.place(path, staged, file(), 'any') as { size: number }).size, 5);
        assert.equal(readFileSync(join(root, path), 'utf8'), `new ${index}`);
        const given = writer.stage();
        places.forget();
        places.entryAt('src/x');
        assert.throws(() => writer.place(path, given, file(), { ...file(), size: 99 }), code('Changed'));
        for (const name of [1, 2, 3, 4, 5]) assert.equal(readFileSync(join(root, `src/${name}`), 'utf8'), 'precious');
      }
      assert.deepEqual(stagedFiles(), []);
    });

    it('cleans up what was staged, and goes on when somebody else did', () => {
      const staged = writer.stage();
      writer.clean();
      assert.deepEqual(stagings(), []);
      assert.throws(() => writer.place('a', staged, file(), 'any'), code('Changed'));
      assert.deepEqual(names(), []);
      put('a', 'abc');
      rmSync(stagings()[0] ?? '', { recursive: true });
      put('b', 'abc');
      if (isBeside) return;
      const [own = ''] = stagings();
      rmSync(own, { recursive: true });
      writeFileSync(join(outside, 'secret'), 'secret');
      symlinkSync(outside, own);
      writer.clean();
      assert.deepEqual(stagings(), []);
      assert.deepEqual(readdirSync(outside), ['secret']);
    });

    it('is written by several at once, of which none is in the way of another', () => {
      const other = newWriter();
      const [own, others] = [writer.stage(), other.stage()];
      writer.write(own, Buffer.from('own'));
      other.write(others, Buffer.from('others'));
      const given = other.stage();
      other.discard(given);
      writer.place('own', own, file(), 'any');
      writer.sweep();
      writer.clean();
      other.place('others', others, file(), 'any');
      assert.deepEqual([read('own'), read('others')], ['own', 'others']);
      other.clean();
      assert.deepEqual([names(), stagings()], [['others', 'own'], []]);
    });

    it('is freed of what a writer left that was killed, and of nothing that is in use', async () => {
      put('a', 'abc');
      const [own = ''] = stagings();
      const script = `
        const { TreePlaces } = await import(${JSON.stringify(join(import.meta.dirname, 'tree-places.ts'))});
        const { TreeWriter } = await import(${JSON.stringify(join(import.meta.dirname, 'tree-writer.ts'))});
        const [root, staging] = ${JSON.stringify([root, isBeside ? staging : undefined])};
        const writer = new TreeWriter({ places: new TreePlaces(root), staging: staging ?? undefined, now: Date.now });
        writer.write(writer.stage(), Buffer.from('half'));
        setInterval(() => {}, 1_000);
      `;
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'inherit' });
      await until('the other', () => stagings().length === 2);
      newWriter(Date.now() + 10 * dayMs).sweep();
      assert.equal(stagings().length, 2);
      child.kill('SIGKILL');
      await once(child, 'exit');
      writer.sweep();
      assert.deepEqual(stagings(), [own]);
      put('b', 'abc');
    });

    if (isBeside) {
      const part = (by: TreeWriter, path: string, text: string): StagedFile => {
        const staged = by.stagePart(path, 0o600);
        by.write(staged, Buffer.from(text));
        return staged;
      };

      it('gets a file of which a part had come before, by this writer, by another, or by one that was killed', async () => {
        writer.leave(part(writer, 'd/a', 'one '), 'd/a');
        writer.leave(part(writer, 'd/a', 'two '), 'd/a');
        writer.clean();
        const dead = part(newWriter(), 'd/a', 'three');
        closeSync(dead.fd);
        for (const name of stagings()) renameSync(name, name.replace(/-\d+(?=(-[0-9a-f]{8}){2}$)/, '-99999999'));
        const next = newWriter();
        next.sweep();
        const staged = next.stagePart('d/a', 0o600);
        assert.equal(next.lengthOf(staged), 13);
        next.shorten(staged, 8);
        next.write(staged, Buffer.from('four'));
        next.place('d/a', staged, file(), 'any');
        next.clean();
        assert.equal(read('d/a'), 'one two four');
        assert.equal(existsSync(staging), false);
      });

      it('has no more than one part kept for it, of what was written last', () => {
        for (const path of ['a', 'b', 'c']) {
          const each = newWriter();
          each.leave(part(each, path, 'abc'), path);
          each.leave(each.stagePart('empty', 0o600), 'empty');
          each.clean();
        }
        const lengths = ['a', 'b', 'c'].map((path) => writer.lengthOf(writer.stagePart(path, 0o600)));
        assert.deepEqual(lengths, [0, 0, 3]);
      });

      it('has no part kept for it that nobody wants any longer, or that stands in the way of a file', () => {
        for (const forget of [
          () => writer.forgetParts(),
          () => assert.throws(() => writer.checkRoom(writer.stage(), 2 ** 60), code('NoSpace')),
        ]) {
          const other = newWriter();
          other.leave(part(other, 'a', 'abc'), 'a');
          other.clean();
          forget();
          assert.equal(writer.lengthOf(writer.stagePart('a', 0o600)), 0);
        }
      });

      it('gets what was written of another version, which can be read still', () => {
        const earlier = writer.setAside(part(writer, 'a', 'abc'));
        const staged = part(writer, 'a', 'new');
        assert.equal(writer.readBack(earlier, 0, 3).toString(), 'abc');
        writer.place('a', staged, file(), 'any');
        writer.discard(earlier);
        assert.deepEqual([read('a'), stagedFiles()], ['new', []]);
      });
    }

    it('is freed of what nobody who is here has left, once it was not touched for a day', () => {
      const foreign = join(staging, '.eliot-sync-staging');
      mkdirSync(foreign, { recursive: true });
      writeFileSync(join(foreign, '1'), 'half');
      utimesSync(foreign, 0, 0);
      newWriter(Date.now()).sweep();
      assert.equal(existsSync(foreign), true);
      newWriter(Date.now() + 2 * dayMs).sweep();
      assert.equal(existsSync(foreign), false);
    });

    it('is not reached any longer once it is closed', () => {
      put('a', 'abc');
      places.close();
      for (const act of [() => put('b', 'abc'), () => writer.remove('a', 'any'), () => places.openFile('a')]) {
        assert.throws(act, code('Gone'));
      }
      places = new TreePlaces(root, { byHandle });
      assert.ok(existsSync(join(root, 'a')));
    });

    it('removes empty directories only, and keeps aside what is in the way', () => {
      put('d/x', 'abc');
      assert.equal(writer.remove('d', 'any')?.kind, 'directory');
      put('d', 'abc');
      assert.deepEqual(names(), ['d', 'd.conflict-20261129-011500']);
      writer.makeDirectory('e', { kind: 'directory', mode: 0o755 }, undefined);
      put('e', 'abc');
      assert.deepEqual(names(), ['d', 'd.conflict-20261129-011500', 'e']);
      assert.equal(writer.keepAside('d', 'any'), 'd.conflict-20261129-011500-1');
    });

    if (byHandle) {
      it('writes where it was led to, when a directory is exchanged for a link meanwhile', () => {
        put('d/x', 'abc');
        const place = places.at('d/y');
        renameSync(join(root, 'd'), join(root, 'moved'));
        symlinkSync(outside, join(root, 'd'));
        writeFileSync(place, 'late');
        assert.deepEqual(readdirSync(outside), []);
        assert.ok(existsSync(join(root, 'moved/y')));
        places.forget();
        assert.throws(() => places.at('d/y'), code('Blocked'));
      });
    }
  });
}
